import { describe, expect, it } from 'vitest';
import { storedProgramme } from '../../drivers/keithley-2600/programme-upload.ts';
import { type ChannelBlocks, pairReading, parseIdleLine } from '../../drivers/keithley-2600/sweep-reply.ts';
import { PointFlag } from '../../wafer/point-flags.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';

const stored = storedProgramme(SAMPLE_PROGRAMME);
const preRead = stored.pair[0].list.levels;
const idle = { did: 'preRead', branchA: 2, branchB: 2, points: preRead.length, lastTimestamp: 0.01 } as const;

/** V, I, status of a pre-read over 20 kΩ at both columns; the row returns both currents. */
function blocks(): ChannelBlocks {
  const channel = (point: (volts: number) => [number, number, number]) => new Float32Array(preRead.flatMap(point));
  const column = channel((v) => [Math.max(v, 0), v / 20e3, 0]);
  return [column, column.slice(), channel((v) => [Math.max(-v, 0), -v / 10e3, 0])];
}

const request = { token: 9, run: 'auto', access: 'pair', rangeOverride: null } as const;
const read = (given: ChannelBlocks, branchA = 2) => pairReading('smu', stored, request, { ...idle, branchA }, given);

describe('readings of a pair', () => {
  it('are column minus row, at the points of the programme only', () => {
    const { A, residualAmps } = read(blocks());
    expect(Array.from(A?.readings.volts ?? [], (v) => Number(v.toFixed(4)))).toEqual([0.02, -0.02, 0.05, -0.05]);
    expect(residualAmps).toBeLessThan(1e-12);
  });

  it.each([9.9e37, 9.91e37, Number.NaN, Number.POSITIVE_INFINITY])('hold 0 and two flags in place of %s', (value) => {
    const given = blocks();
    given[0][1] = value;
    const { A, B } = read(given);
    expect([A?.readings.volts[0], A?.readings.amps[0]]).toEqual([0, 0]);
    expect(A?.readings.flags[0]).toBe(PointFlag.missing | PointFlag.overRange);
    expect(B?.readings.flags[0]).toBe(0);
  });

  it('carry the compliance of a column on its own points and on those of its partner', () => {
    const given = blocks();
    given[0][5] = 0x40;
    const { A, B } = read(given);
    expect([A?.readings.flags[1], B?.readings.flags[1]]).toEqual([PointFlag.compliance, PointFlag.partnerLimited]);
    expect([A?.rawStatus, B?.rawStatus]).toEqual([0x40, 0]);
  });

  it('carry the compliance of the row on both sides', () => {
    const given = blocks();
    given[2][2] = 0x40;
    const { A, B } = read(given);
    expect([A?.readings.flags[0], B?.readings.flags[0]]).toEqual([PointFlag.compliance, PointFlag.compliance]);
  });

  it('are refused when the instrument chose another branch than they call for', () => {
    expect(() => read(blocks(), 1)).toThrow(expect.objectContaining({ code: 'TB_REPLY_MISMATCH' }));
  });
});

describe('the line that says idle', () => {
  it('is read in full or not at all', () => {
    const line = 'TBIDLE 17 loop 3 4 32 32 32 6.777000000e-02';
    expect(parseIdleLine(line)).toMatchObject({ token: '17', did: 'loop', branchA: 2, branchB: 3, points: 32 });
    for (let cut = 0; cut < line.length - 14; cut++) expect(parseIdleLine(line.slice(0, cut))).toBeNull();
    expect(parseIdleLine('TBIDLE 17 loop 3 4 32 31 32 6.7e-02')).toBeNull();
  });
});
