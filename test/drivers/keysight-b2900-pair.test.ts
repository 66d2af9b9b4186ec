import { afterEach, describe, expect, it } from 'vitest';
import type { PairReading, SweepRequest } from '../../drivers/capabilities.ts';
import { KeysightB2900Pair } from '../../drivers/keysight-b2900-pair.ts';
import { createB2900Pair } from '../../drivers/simulated/keysight-b2900/b2900-pair.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { pointCount, segmentSpan, segmentsOf, slopeOhms } from '../../wafer/sweep.ts';
import { HostileWire } from './conformance/hostile-wire.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type PairOfResistors, ResistorStation } from './resistor-station.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';

const OPTIONS = { rowChannel: 1, triggerLine: 3, aloneColumnLimitAmps: 5e-3 } as const;
const LIMITS = { sourceRangeVolts: 2, limitAmps: 1e-3 };
const HEALTHY: PairOfResistors = { ohmsA: 18e3, ohmsB: 40e3, ohmsBetween: 400 };
const CHANNELS = ['columnA', 'columnB', 'row'] as const;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The driver over two real sockets to two simulated instruments, which feed two resistors and a sneak path. */
async function connected(pair: PairOfResistors) {
  const station = new ResistorStation(pair);
  const clock = new SimulatedClock(station, 'full');
  const { columns, row, cable } = createB2900Pair({ station, clock, seed: 1 });
  const wires = { columns: new HostileWire(columns), row: new HostileWire(row) };
  const servers = { columns: await serveTcp(wires.columns), row: await serveTcp(wires.row) };
  const open = (swapped = false) =>
    openTestLink(servers[swapped ? 'row' : 'columns'].resource).then((link) =>
      KeysightB2900Pair.open(
        link,
        () => openTestLink(servers[swapped ? 'columns' : 'row'].resource),
        'smu',
        OPTIONS,
        () => {},
        CALM,
      ).catch(async (error) => {
        await link.close();
        throw error;
      }),
    );
  closers.push(async () => {
    await servers.columns.close();
    await servers.row.close();
    clock.close();
  });
  return { station, columns, row, cable, wires, open };
}

async function ready(pair: PairOfResistors) {
  const bench = await connected(pair);
  const smu = await bench.open();
  closers.push(() => smu.close());
  const prepare = async () => {
    await smu.configure(LIMITS, CALM);
    await smu.load(SAMPLE_PROGRAMME, CALM);
    await smu.setOutputs(true, CALM);
  };
  await prepare();
  let token = 0;
  const run = async (request: Partial<SweepRequest> = {}, signal = CALM): Promise<PairReading> => {
    token += 1;
    const sweep = { token, run: 'auto', access: 'pair', rangeOverride: null, ...request } as const;
    const { idle, reading } = smu.start(sweep, signal);
    await idle;
    return reading;
  };
  const live = () =>
    CHANNELS.filter((channel) => {
      const { outputOn, volts } = bench.station.sourceSetting(channel);
      return outputOn || volts !== 0;
    });
  return { ...bench, smu, prepare, run, live };
}

function ohmsOf(side: PairReading['A'], name: 'readP' | 'readAP'): number | null {
  if (!side) return null;
  const span = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, side.kind), name);
  return span && slopeOhms(side.readings, span.start, span.end, UNUSABLE_POINT);
}

describe('two Keysight B2900 that step together', () => {
  it('measure both columns at once and keep every pad above ground and under the ceiling', async () => {
    const { run, station } = await ready(HEALTHY);
    const { A, B, residualAmps, preReadOnly, token } = await run();
    expect([preReadOnly, token]).toEqual([false, 1]);
    expect([A?.kind, A?.branch, B?.kind, B?.branch]).toEqual(['loop', 2, 'loop', 2]);
    expect(A?.readings.volts).toHaveLength(pointCount(segmentsOf(SAMPLE_PROGRAMME, 'loop')));
    expect(A?.readings.flags.every((flag) => flag === 0)).toBe(true);
    // Gains that differ by 1e-4 leave some microvolts between the columns: through 400 Ω up to 25 nA in half the points.
    expect(Math.abs((ohmsOf(A, 'readAP') ?? 0) / 18e3 - 1)).toBeLessThan(0.01);
    expect(Math.abs((ohmsOf(B, 'readP') ?? 0) / 40e3 - 1)).toBeLessThan(0.02);
    // The three currents add up to zero.
    expect(residualAmps).toBeLessThan(1e-6);
    expect(station.lowestPadVolts).toBeGreaterThan(-1e-3);
    expect(station.largestVolts.A).toBeLessThan(0.702);
    const planned = segmentsOf(SAMPLE_PROGRAMME, 'loop').flatMap(({ volts }) => [...volts]);
    planned.forEach((volts, i) => void expect(A?.readings.volts[i]).toBeCloseTo(volts, 2));
  });

  it.each([
    ['aloneA', 'A', 'B', 18e3],
    ['aloneB', 'B', 'A', 40e3],
  ] as const)('measure one cell through %s and leave the partner below the read voltage', async (...names) => {
    const [access, own, other, ohms] = names;
    const { run, station } = await ready(HEALTHY);
    station.largestVolts[own] = station.largestVolts[other] = 0;
    const reading = await run({ access, run: 'loop' });
    expect(reading[other]).toBeNull();
    const measured = ohmsOf(reading[own], 'readAP');
    expect(measured).toBeGreaterThan(0.995 * ohms);
    expect(measured).toBeLessThan(1.005 * ohms);
    expect(station.largestVolts[own]).toBeCloseTo(0.7, 2);
    expect(station.largestVolts[other]).toBeLessThan(0.052);
  });

  it('leave a shorted partner to the caller after the pre-read, then measure the good cell alone', async () => {
    const { run } = await ready({ ...HEALTHY, ohmsA: 150 });
    const first = await run();
    expect([first.preReadOnly, first.A?.branch]).toEqual([true, 0]);
    expect(first.A?.readings.volts).toHaveLength(SAMPLE_PROGRAMME.preRead.volts.length);
    // The short sits at its limit, so the good column may have fed it: said by the channel's own status, not hidden.
    expect(first.A?.readings.flags.every((flag) => flag & PointFlag.compliance)).toBe(true);
    expect(first.B?.readings.flags.some((flag) => flag & PointFlag.partnerLimited)).toBe(true);
    const alone = await run({ access: 'aloneB' });
    expect(alone.B?.kind).toBe('loop');
  });

  it.each(CHANNELS)('switch nothing on when the limit of %s does not read back', async (channel) => {
    const { smu, columns, row, live } = await ready(HEALTHY);
    await smu.makeSafe(CALM);
    const [a, b] = columns.channels;
    const stuck = { columnA: a, columnB: b, row: row.channels[0] }[channel];
    stuck.smu.faults.stuckLimitAmps = 0.1;
    await expect(smu.configure(LIMITS, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    expect(live()).toEqual([]);
  });

  it.each(CHANNELS)('do not go on when the limit of %s stops following between two sweeps', async (channel) => {
    const { smu, columns, row, run, live } = await ready(HEALTHY);
    await run();
    const [a, b] = columns.channels;
    ({ columnA: a, columnB: b, row: row.channels[0] })[channel].smu.faults.stuckLimitAmps = 0.1;
    await expect(run()).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
  });
});

describe('two Keysight B2900 that do not step together', () => {
  it('end in a time-out when no trigger reaches the row, and are safe and whole afterwards', async () => {
    const { smu, cable, run, station, prepare, live } = await ready(HEALTHY);
    cable.cut = true;
    await expect(run()).rejects.toMatchObject({ code: 'TB_LINK_TIMEOUT' });
    expect(station.largestVolts.A).toBeLessThan(0.06);
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
    cable.cut = false;
    await smu.reopen(CALM);
    await prepare();
    expect((await run()).A?.kind).toBe('loop');
  }, 20_000);

  it('give no reading when the row stepped before its turn', async () => {
    const { smu, row, run, columns, live } = await ready(HEALTHY);
    await run();
    // A pulse from nowhere, once the row has been armed.
    const arm = row.initiate.bind(row);
    row.initiate = (numbers) => {
      arm(numbers);
      row.lines.receive(OPTIONS.triggerLine);
    };
    await expect(run()).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
    expect(columns.channels.every(({ sequence }) => !sequence.busy)).toBe(true);
  });

  it('go to 0 V with outputs off in the middle of a sweep, and can start again', async () => {
    const { smu, run, prepare, live, wires } = await ready(HEALTHY);
    const stop = new AbortController();
    // The end of the list is not told.
    wires.columns.treat((reply) => (/^1;/.test(reply.toString('latin1')) ? [] : [reply]));
    const running = run({}, stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 100);
    await expect(running).rejects.toThrow('enough');
    wires.columns.treat(null);
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
    await smu.reopen(CALM);
    await prepare();
    expect((await run()).B?.kind).toBe('loop');
  });

  it.each([
    ['columns', ['columnA', 'columnB']],
    ['row', ['row']],
  ] as const)('make the other safe when the instrument of the %s does not answer', async (silent, own) => {
    const { smu, wires, live } = await ready(HEALTHY);
    wires[silent].treat(() => []);
    wires[silent].deafTo(/./);
    const stop = AbortSignal.timeout(400);
    await expect(smu.makeSafe(stop)).rejects.toBeDefined();
    expect(live()).toEqual(own);
    wires[silent].treat(null);
    wires[silent].deafTo(null);
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
  });

  it('use no readings taken with the output of the row off', async () => {
    const { row, run } = await ready(HEALTHY);
    row.channels[0].setOutput(false);
    await expect(run()).rejects.toMatchObject({ code: expect.stringMatching(/^TB_/) });
  });

  it.each([
    ['with garbage', (reply: Buffer) => [Buffer.from(reply.map((byte) => (byte === 0x0a ? byte : byte | 0x80)))]],
    ['with half of each reply', (reply: Buffer) => [reply.subarray(0, reply.length >> 1)]],
    ['with every reply twice', (reply: Buffer) => [reply, reply]],
  ])("take no reading from a row's instrument that answers %s", async (_how, treatment) => {
    const { smu, wires, run, live } = await ready(HEALTHY);
    wires.row.treat(treatment);
    await expect(run({}, AbortSignal.timeout(400))).rejects.toBeDefined();
    wires.row.treat(null);
    await smu.makeSafe(CALM);
    expect(live()).toEqual([]);
  });
});

describe('opening two Keysight B2900', () => {
  it('refuses the one-channel instrument for the columns', async () => {
    const { open } = await connected(HEALTHY);
    await expect(open(true)).rejects.toMatchObject({ code: 'TB_INSTRUMENT_WRONG_MODEL' });
  });

  it('names the second instrument among its settings, and both error queues', async () => {
    const { smu, row, columns } = await ready(HEALTHY);
    expect(await smu.describe()).toMatchObject({ rowInstrument: expect.stringContaining('B2901A'), triggerLine: 3 });
    row.queueError(-222);
    columns.queueError(-221);
    expect(await smu.drainErrors(CALM)).toEqual([
      expect.stringMatching(/^-221 /),
      expect.stringMatching(/^-222 .*\(row\)$/),
    ]);
  });
});
