import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CellRecord, SweepRecord } from '../../db/records.ts';
import { decodeReadings } from '../../db/sweep-blob.ts';
import { type SweepBatch, SweepPacker, unpackSweeps } from '../../db/sweep-pack.ts';
import { CELL_CAUSES, CELL_CLASSES, CELL_STATES } from '../../wafer/cell-class.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const maybe = fc.option(number, { nil: null });
const index = fc.nat({ max: 65_535 });
const word = <T>(words: readonly T[]) => fc.constantFrom(...words);

const readings = fc
  .array(fc.tuple(fc.float({ noNaN: true }), fc.float({ noNaN: true }), fc.nat({ max: 63 })), { maxLength: 40 })
  .map((points) => ({
    volts: Float32Array.from(points, ([volts]) => volts),
    amps: Float32Array.from(points, ([, amps]) => amps),
    flags: Uint8Array.from(points, ([, , flags]) => flags),
  }));

const sweep: fc.Arbitrary<SweepRecord> = fc.record({
  attemptId: word(['a', 'b', 'c']),
  dieOrdinal: index,
  cell: index,
  kind: word(['loop', 'lowBias', 'open', 'quick'] as const),
  access: word(['pair', 'aloneA', 'aloneB', 'single'] as const),
  side: word(['A', 'B'] as const),
  branch: index,
  rangeAmps: number,
  limitAmps: number,
  repeat: index,
  startedAtMs: number,
  instrumentSeconds: number,
  rawStatus: fc.nat(),
  residualAmps: number,
  readings,
});

const cell: fc.Arbitrary<CellRecord> = fc.record({
  dieOrdinal: index,
  cell: index,
  class: word(CELL_CLASSES),
  neighbourClass: fc.option(word(CELL_CLASSES), { nil: null }),
  cause: word(CELL_CAUSES),
  stuckState: word(CELL_STATES),
  stateFound: word(CELL_STATES),
  stateLeft: word(CELL_STATES),
  rP: maybe,
  rPUncertainty: maybe,
  rAp: maybe,
  rApUncertainty: maybe,
  rStuck: maybe,
  rStuckUncertainty: maybe,
  tmr: maybe,
  vSwitchPositive: maybe,
  vSwitchNegative: maybe,
  noiseAmps: maybe,
  flags: fc.nat(),
});

const cursor = fc.record({ planId: word(['p', 'q']), dieOrdinal: index, nextPosition: index });
const batch: fc.Arbitrary<SweepBatch> = fc.record({
  sweeps: fc.array(sweep, { maxLength: 4 }),
  cells: fc.array(cell, { maxLength: 4 }),
  cursor,
});

function unpacked(packer: SweepPacker): SweepBatch[] {
  return [...unpackSweeps(packer.finish())].map(({ sweeps, ...rest }) => ({
    ...rest,
    sweeps: sweeps.map(({ points, blob, ...figures }) => ({ ...figures, readings: decodeReadings(blob, points) })),
  }));
}

describe('packed sweeps', () => {
  it('come out as they went in, in their order, however much memory was set aside', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 6 }), fc.nat({ max: 8 }), (batches, room) => {
        const packer = new SweepPacker(room, room);
        for (const one of batches) packer.add(one);
        expect(packer.sweeps).toBe(batches.reduce((sum, { sweeps }) => sum + sweeps.length, 0));
        expect(unpacked(packer)).toEqual(batches);
      }),
    );
  });

  it('do not take a part of a batch with readings that are none', () => {
    const good = fc.sample(batch, { seed: 1, numRuns: 1 })[0];
    const bad = { volts: Float32Array.of(Number.NaN), amps: new Float32Array(1), flags: new Uint8Array(1) };
    const packer = new SweepPacker(4, 4);
    packer.add(good);
    const [one] = fc.sample(sweep, { seed: 2, numRuns: 1 });
    expect(() => packer.add({ ...good, sweeps: [one, { ...one, readings: bad }] })).toThrow(/NaN/);
    packer.add(good);
    expect(unpacked(packer)).toEqual([good, good]);
  });
});
