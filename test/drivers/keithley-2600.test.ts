import { type AddressInfo, createConnection, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PairReading, SweepRequest } from '../../drivers/capabilities.ts';
import { Keithley2600, type Keithley2600Options } from '../../drivers/keithley-2600.ts';
import { createKeithley2600Pair } from '../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import { SimulatedClock, type TimeScale } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { pointCount, segmentSpan, segmentsOf, slopeOhms } from '../../wafer/sweep.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type PairOfResistors, ResistorStation } from './resistor-station.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';

const OPTIONS: Keithley2600Options = {
  channels: { columnA: { node: 1, smu: 'smua' }, columnB: { node: 1, smu: 'smub' }, row: { node: 2, smu: 'smua' } },
  sourceRangeVolts: 1,
  aloneColumnLimitAmps: 5e-3,
};
const LIMITS = { sourceRangeVolts: 1, limitAmps: 1e-3 };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The driver over a real socket to the simulated pair of instruments, which feed two resistors and a sneak path. */
async function connected(pair: PairOfResistors, scale: TimeScale = 'full', tamper?: (reply: Buffer) => Buffer) {
  const station = new ResistorStation(pair);
  const clock = new SimulatedClock(station, scale);
  const server = await serveTcp(await createKeithley2600Pair({ station, clock, seed: 1 }));
  const proxy = tamper && (await tamperingProxy(server.port, tamper));
  const sent: string[] = [];
  const link = await openTestLink(proxy?.resource ?? server.resource, (direction, bytes) => {
    if (direction === 'sent') sent.push(Buffer.from(bytes).toString('latin1'));
  });
  const smu = await Keithley2600.open(link, 'smu', OPTIONS, () => {}, CALM);
  closers.push(async () => {
    await smu.close();
    await proxy?.close();
    await server.close();
    clock.close();
  });
  return { smu, station, sent };
}

/** A socket in between that may change what the instrument answers. */
async function tamperingProxy(port: number, tamper: (reply: Buffer) => Buffer) {
  const server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port, noDelay: true });
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(tamper(bytes)));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    resource: `TCPIP0::127.0.0.1::${own}::SOCKET`,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

async function ready(pair: PairOfResistors, scale: TimeScale = 'full', tamper?: (reply: Buffer) => Buffer) {
  const bench = await connected(pair, scale, tamper);
  await bench.smu.configure(LIMITS, CALM);
  await bench.smu.load(SAMPLE_PROGRAMME, CALM);
  await bench.smu.setOutputs(true, CALM);
  let token = 0;
  const run = async (request: Partial<SweepRequest>): Promise<PairReading> => {
    token += 1;
    const sweep = { token, run: 'auto', access: 'pair', rangeOverride: null, ...request } as const;
    const { idle, reading } = bench.smu.start(sweep, CALM);
    await idle;
    return reading;
  };
  return { ...bench, run };
}

function ohmsOf(side: PairReading['A'], name: 'readP' | 'readAP'): number | null {
  if (!side) return null;
  const span = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, side.kind), name);
  return span && slopeOhms(side.readings, span.start, span.end, UNUSABLE_POINT);
}

const HEALTHY: PairOfResistors = { ohmsA: 18e3, ohmsB: 40e3, ohmsBetween: 400 };

describe('a Keithley 2600 pair in sweeps', () => {
  it('measures both columns at once and keeps every pad above ground and under the ceiling', async () => {
    const { run, station } = await ready(HEALTHY);
    const { A, B, residualAmps, preReadOnly } = await run({});
    expect(preReadOnly).toBe(false);
    expect([A?.kind, A?.branch, B?.kind, B?.branch]).toEqual(['loop', 2, 'loop', 2]);
    expect(A?.readings.volts).toHaveLength(pointCount(segmentsOf(SAMPLE_PROGRAMME, 'loop')));
    expect(A?.readings.flags.every((flag) => flag === 0)).toBe(true);
    expect(ohmsOf(A ?? null, 'readAP')).toBeCloseTo(18e3, -2);
    expect(ohmsOf(B ?? null, 'readP')).toBeCloseTo(40e3, -3);
    expect(residualAmps).toBeLessThan(1e-6);
    expect(station.lowestPadVolts).toBeGreaterThan(-1e-3);
    expect(station.largestVolts.A).toBeLessThan(0.701);
  });

  it('follows the programme point by point, in its signs and order', async () => {
    const { run } = await ready(HEALTHY);
    const { A } = await run({});
    const planned = segmentsOf(SAMPLE_PROGRAMME, 'loop').flatMap(({ volts }) => [...volts]);
    planned.forEach((volts, i) => void expect(A?.readings.volts[i]).toBeCloseTo(volts, 3));
  });

  it.each([
    ['aloneA', 'A', 'B', 18e3],
    ['aloneB', 'B', 'A', 40e3],
  ] as const)(
    'measures one cell through %s and leaves the partner below the read voltage',
    async (access, own, other, ohms) => {
      const { run, station } = await ready(HEALTHY);
      station.largestVolts[own] = station.largestVolts[other] = 0;
      const reading = await run({ access, run: 'loop' });
      expect(reading[other]).toBeNull();
      const measured = ohmsOf(reading[own], 'readAP');
      expect(measured).toBeGreaterThan(0.995 * ohms);
      expect(measured).toBeLessThan(1.005 * ohms);
      expect(station.largestVolts[own]).toBeCloseTo(0.7, 3);
      expect(station.largestVolts[other]).toBeLessThan(0.051);
    },
  );

  it('leaves a shorted partner to the caller after the pre-read, then measures the good cell alone', async () => {
    const { run } = await ready({ ...HEALTHY, ohmsA: 150 });
    const first = await run({});
    expect([first.preReadOnly, first.A?.branch]).toEqual([true, 0]);
    expect(first.A?.readings.volts).toHaveLength(SAMPLE_PROGRAMME.preRead.volts.length);
    // The short sits at its limit, so the good column may have fed it: said, not hidden.
    expect(first.B?.readings.flags.some((flag) => flag & PointFlag.partnerLimited)).toBe(true);
    const alone = await run({ access: 'aloneB' });
    expect(alone.B?.kind).toBe('loop');
    expect(ohmsOf(alone.B, 'readP')).toBeCloseTo(40e3, -3);
    const low = await run({ run: 'lowBias' });
    const span = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, 'lowBias'), 'lowBias');
    expect(low.A?.kind).toBe('lowBias');
    expect(slopeOhms(low.A?.readings as never, span?.start ?? 0, span?.end ?? 0, UNUSABLE_POINT)).toBeCloseTo(150, -1);
  });

  it('runs the loop beside an open cell, but not over two open cells', async () => {
    const { run, station } = await ready({ ...HEALTHY, ohmsB: 1e8 });
    const reading = await run({});
    expect([reading.A?.kind, reading.B?.kind, reading.B?.branch]).toEqual(['loop', 'loop', 3]);
    station.pair.ohmsA = 1e8;
    const open = await run({});
    expect([open.preReadOnly, open.A?.branch, open.B?.branch]).toEqual([true, 3, 3]);
    const again = await run({ run: 'preRead' });
    expect(again.A?.kind).toBe('open');
    expect(again.A?.readings.volts).toHaveLength(2 * SAMPLE_PROGRAMME.preRead.volts.length);
  });

  it('flags points at the limit, and the partner of a limited column', async () => {
    // 6.5 kΩ at 0.7 V wants 108 µA, above the sensitive branch; the pre-read sees it as 13 kΩ until it falls.
    const { run, station } = await ready({ ...HEALTHY, ohmsA: 13e3 });
    station.advance = function (this: ResistorStation, seconds: number) {
      ResistorStation.prototype.advance.call(this, seconds);
      if (this.largestVolts.A > 0.5) this.pair.ohmsA = 6.5e3;
    };
    const { A, B } = await run({});
    expect(A?.branch).toBe(2);
    expect(A?.readings.flags.some((flag) => flag & PointFlag.compliance)).toBe(true);
    expect(B?.readings.flags.some((flag) => flag & PointFlag.partnerLimited)).toBe(true);
    expect(A?.rawStatus).toBe(0x40);
    const repeat = await run({ run: 'loop', rangeOverride: { A: SAMPLE_PROGRAMME.complianceRepeat, B: null } });
    expect(repeat.A?.kind).toBe('loop');
    const loop = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, 'loop'), 'loopToP');
    expect(repeat.A?.readings.flags.slice(loop?.start, loop?.end).some((flag) => flag & PointFlag.compliance)).toBe(
      false,
    );
  });

  it('takes no reply that names another sweep', async () => {
    const { run } = await ready(HEALTHY, 'full', (reply) =>
      Buffer.from(reply.toString('latin1').replace('TBIDLE 1 ', 'TBIDLE 8 '), 'latin1'),
    );
    await expect(run({})).rejects.toMatchObject({ code: 'TB_REPLY_MISMATCH', facts: { value: 'token 8' } });
    await expect(run({})).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
  });

  it('takes no branch that does not follow from the readings', async () => {
    const { run } = await ready(HEALTHY, 'full', (reply) =>
      Buffer.from(reply.toString('latin1').replace('loop 3 3', 'loop 3 2'), 'latin1'),
    );
    await expect(run({})).rejects.toMatchObject({ code: 'TB_REPLY_MISMATCH' });
  });

  it('lets the next sweep be asked for while the readings of this one arrive', async () => {
    const { smu } = await ready(HEALTHY);
    const first = smu.start({ token: 11, run: 'auto', access: 'pair', rangeOverride: null }, CALM);
    await first.idle;
    const second = smu.start({ token: 12, run: 'auto', access: 'pair', rangeOverride: null }, CALM);
    const readings = await Promise.all([first.reading, second.reading]);
    expect(readings.map(({ token }) => token)).toEqual([11, 12]);
  });
});

describe('a Keithley 2600 pair in safety', () => {
  it('switches nothing on before limits are set and read back', async () => {
    const { smu } = await connected(HEALTHY);
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    expect((await smu.readState(CALM)).columnA.outputOn).toBe(false);
  });

  it('refuses programmes over the ceiling, the source range or the bench limit', async () => {
    const { smu, sent } = await connected(HEALTHY);
    await smu.configure(LIMITS, CALM);
    sent.length = 0;
    const over = { ...SAMPLE_PROGRAMME, junctionCeilingVolts: 0.65 };
    await expect(smu.load(over, CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
    const strong = { ...SAMPLE_PROGRAMME, complianceRepeat: { rangeAmps: 1e-2, limitAmps: 5e-3 } };
    await expect(smu.load(strong, CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
    const low = { ...SAMPLE_PROGRAMME, complianceRepeat: { rangeAmps: 1e-3, limitAmps: 5e-5 } };
    await expect(smu.load(low, CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
    expect(sent).toEqual([]);
  });

  it('goes to 0 V with outputs off in the middle of a sweep, and can start again', async () => {
    // In real time, so that the abort meets a sweep under way.
    const { smu, run, station } = await ready(HEALTHY, 'real');
    const stop = new AbortController();
    const { reading } = smu.start({ token: 5, run: 'auto', access: 'pair', rangeOverride: null }, stop.signal);
    while (station.sourceSetting('row').volts < 0.3) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    await smu.makeSafe(CALM);
    expect(station.sourceSetting('row')).toMatchObject({ outputOn: false, volts: 0 });
    const state = await smu.readState(CALM);
    for (const { outputOn, levelVolts, busy } of Object.values(state)) {
      expect({ outputOn, levelVolts, busy }).toEqual({ outputOn: false, levelVolts: 0, busy: false });
    }
    await smu.setOutputs(true, CALM);
    expect((await run({})).A?.kind).toBe('loop');
  });

  it('uses no readings taken with an output off', async () => {
    const { smu, run } = await ready(HEALTHY);
    await smu.setOutputs(false, CALM);
    await expect(run({})).rejects.toMatchObject({ code: 'TB_INSTRUMENT_ERROR' });
  });

  it('forgets what it had set when the link was reopened', async () => {
    const { smu } = await ready(HEALTHY);
    await smu.reopen(CALM);
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    await smu.configure(LIMITS, CALM);
    expect((await smu.readState(CALM)).row.outputOn).toBe(false);
  });

  it('keeps every line of the upload short', async () => {
    const { sent } = await ready(HEALTHY);
    expect(
      Math.max(
        ...sent
          .join('')
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(250);
  });

  it('returns to 0 V after a spot reading', async () => {
    const { smu } = await ready(HEALTHY);
    const spot = await smu.spot({ columnA: 0.02, columnB: 0.02, row: 0 }, 1e-4, 0.1, CALM);
    expect(spot.columnA.volts / spot.columnA.amps).toBeCloseTo(18e3, -3);
    expect((await smu.readState(CALM)).columnA.levelVolts).toBe(0);
    const tooMuch = smu.spot({ columnA: 1.5, columnB: 0, row: 0 }, 1e-4, 0.1, CALM);
    await expect(tooMuch).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
  });
});
