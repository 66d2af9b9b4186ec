import { afterEach, expect, it } from 'vitest';
import type { HiLoExchange, PairReading, SweepRequest, SweepSource } from '../../drivers/capabilities.ts';
import type { ProbeStation } from '../../drivers/simulated/probe-station.ts';
import type { ScpiInstrument } from '../../drivers/simulated/scpi/scpi-instrument.ts';
import type { SmuFrontEnd } from '../../drivers/simulated/scpi/smu-front-end.ts';
import { SimulatedClock, type TimeScale } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { FaultyWire, type PlannedFault } from '../../drivers/simulated/wire-faults.ts';
import type { Link } from '../../drivers/transport/link.ts';
import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import type { Polarity } from '../../wafer/polarity.ts';
import { pointCount, type SweepProgramme, segmentSpan, segmentsOf, slopeOhms } from '../../wafer/sweep.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { ResistorStation } from './resistor-station.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';

interface Family {
  create(parts: { station: ProbeStation; clock: SimulatedClock; seed: number }): ScpiInstrument & { smu: SmuFrontEnd };
  open(link: Link): Promise<SweepSource>;
  /** The output goes off and stays off whatever its level. */
  readonly interlockBlocksAll: boolean;
}

const LIMITS = { sourceRangeVolts: 2, limitAmps: 1e-3 };

const READ = SAMPLE_PROGRAMME.lowBias;
const QUICK_PROGRAMME: SweepProgramme = {
  ...SAMPLE_PROGRAMME,
  quick: [
    { ...READ, name: 'quickRead' },
    { ...READ, name: 'writeAP', volts: [-0.35, -0.7, -0.7], fixed: null },
    { ...READ, name: 'quickAP' },
    { ...READ, name: 'writeP', volts: [0.35, 0.7, 0.7], fixed: null },
    { ...READ, name: 'quickP' },
  ],
};

/** What every one-channel source must do, over a real socket to its simulated instrument that feeds one resistor. */
export function singleChannelSuite({ create, open, interlockBlocksAll }: Family): void {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function connected(ohms: number, scale: TimeScale = 'full') {
    const station = new ResistorStation({ ohmsA: ohms, ohmsB: 1e12, ohmsBetween: 1e12 });
    const clock = new SimulatedClock(station, scale);
    const instrument = create({ station, clock, seed: 2 });
    const wire = new FaultyWire(instrument);
    const server = await serveTcp(wire);
    const sent: string[] = [];
    const link = await openTestLink(server.resource, (direction, bytes) => {
      if (direction === 'sent') sent.push(Buffer.from(bytes).toString('latin1'));
    });
    const smu = await open(link);
    closers.push(async () => {
      await smu.close();
      await server.close();
      wire.close();
      clock.close();
    });
    return { smu, station, instrument, wire, sent };
  }

  async function ready(ohms: number, scale: TimeScale = 'full') {
    const bench = await connected(ohms, scale);
    await bench.smu.configure(LIMITS, CALM);
    await bench.smu.load(SAMPLE_PROGRAMME, CALM);
    await bench.smu.setOutputs(true, CALM);
    let token = 0;
    const exchanges: { to: Polarity; volts: number }[] = [];
    // A resistor is the same either way round: what an exchange does to the route is told apart by the sign alone.
    const exchange: HiLoExchange = {
      side: 'A',
      polarity: 'positive',
      reverse: async (to) => void exchanges.push({ to, volts: bench.station.sourceSetting('columnA').volts }),
    };
    const run = async (request: Partial<SweepRequest> = {}): Promise<PairReading> => {
      token += 1;
      const sweep = { token, run: 'auto', access: 'single', rangeOverride: null, exchange, ...request } as const;
      const { idle, reading } = bench.smu.start(sweep, CALM);
      await idle;
      return reading;
    };
    return { ...bench, run, exchange, exchanges };
  }

  const ohmsOf = ({ A }: PairReading, name: 'readP' | 'readAP') => {
    const span = A && segmentSpan(segmentsOf(SAMPLE_PROGRAMME, A.kind), name);
    return A && span ? slopeOhms(A.readings, span.start, span.end, UNUSABLE_POINT) : null;
  };

  it('measures a cell over its whole loop, point by point as planned', async () => {
    const { run, station } = await ready(18e3);
    const reading = await run();
    expect([reading.A?.kind, reading.A?.branch, reading.B, reading.preReadOnly]).toEqual(['loop', 2, null, false]);
    const planned = segmentsOf(SAMPLE_PROGRAMME, 'loop').flatMap(({ volts }) => [...volts]);
    expect(reading.A?.readings.volts).toHaveLength(pointCount(segmentsOf(SAMPLE_PROGRAMME, 'loop')));
    planned.forEach((volts, i) => void expect(reading.A?.readings.volts[i]).toBeCloseTo(volts, 2));
    expect(reading.A?.readings.flags.every((flag) => flag === 0)).toBe(true);
    const ohms = ohmsOf(reading, 'readAP') ?? 0;
    expect(Math.abs(ohms / 18e3 - 1)).toBeLessThan(0.003);
    expect(reading.instrumentSeconds).toBeGreaterThan(0.02);
    expect(station.largestVolts.A).toBeLessThan(0.702);
    expect(station.sourceSetting('columnA').volts).toBeCloseTo(0, 3);
  });

  it('never goes below 0 V: HI and LO are exchanged for negative voltages, each time at 0 V', async () => {
    const { run, exchanges, station } = await ready(18e3);
    const { A } = await run();
    expect(Math.min(...(A?.readings.volts ?? []))).toBeCloseTo(-0.7, 2);
    expect(station.lowestPadVolts).toBeGreaterThan(-1e-3);
    expect(exchanges.map(({ to }) => to)).toEqual(['negative', 'positive', 'negative', 'positive']);
    for (const { volts } of exchanges) expect(Math.abs(volts)).toBeLessThan(1e-3);
  });

  it('begins with the polarity that the route has, and gives the reading to the side that is routed', async () => {
    const { run, exchange, exchanges } = await ready(18e3);
    const reversed: HiLoExchange = { ...exchange, side: 'B', polarity: 'negative' };
    const { A, B } = await run({ run: 'lowBias', exchange: reversed });
    expect(A).toBeNull();
    expect(B?.readings.volts[0]).toBeCloseTo(SAMPLE_PROGRAMME.preRead.volts[0], 2);
    expect(exchanges.map(({ to }) => to)).toEqual(['positive', 'negative']);
  });

  it('ends at 0 V where an exchange fails, and sources nothing after it', async () => {
    const { run, exchange, smu, station } = await ready(18e3);
    const failing: HiLoExchange = { ...exchange, reverse: () => Promise.reject(new Error('the router is gone')) };
    await expect(run({ exchange: failing })).rejects.toThrow('the router is gone');
    expect(station.largestVolts.A).toBeLessThan(0.06);
    expect(Math.abs(station.sourceSetting('columnA').volts)).toBeLessThan(1e-3);
    await smu.makeSafe(CALM);
    expect((await smu.readState(CALM)).columnA).toMatchObject({ outputOn: false, busy: false });
  });

  it('asks for no exchange when a list did not end at 0 V', async () => {
    const { run, exchanges, station, instrument } = await ready(18e3);
    const read = instrument.smu.read.bind(instrument.smu);
    // An output stage that stays where it was.
    instrument.smu.read = (autoRanged) => {
      const reading = read(autoRanged);
      return reading.source === 0 ? { ...reading, volts: 0.05 } : reading;
    };
    await expect(run()).rejects.toMatchObject({ code: 'TB_BENCH_NOT_SAFE' });
    expect(exchanges).toEqual([]);
    expect(station.largestVolts.A).toBeLessThan(0.06);
  });

  it('runs the quick read of an adaptive plan, and stops after its first list where that says enough', async () => {
    const quick = QUICK_PROGRAMME;
    const { smu, run, station } = await ready(18e3);
    await smu.setOutputs(false, CALM);
    await smu.load(quick, CALM);
    await smu.setOutputs(true, CALM);
    await expect(run({ run: 'quick' })).resolves.toMatchObject({ A: { kind: 'quick' }, preReadOnly: false });
    station.pair.ohmsA = 150;
    const { A, preReadOnly } = await run({ run: 'quick' });
    expect([A?.branch, preReadOnly, A?.readings.volts.length]).toEqual([0, true, quick.quick?.[0].volts.length]);
  });

  it('stops after the pre-read of a short and of an open, and checks them when asked', async () => {
    const { run, station } = await ready(150);
    const short = await run();
    expect([short.preReadOnly, short.A?.branch, short.A?.kind]).toEqual([true, 0, 'open']);
    const low = await run({ run: 'lowBias' });
    expect(low.A?.kind).toBe('lowBias');
    const span = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, 'lowBias'), 'lowBias');
    const ohms = slopeOhms(low.A?.readings as never, span?.start ?? 0, span?.end ?? 0, UNUSABLE_POINT) ?? 0;
    expect(ohms).toBeCloseTo(150, -1);
    station.pair.ohmsA = 1e9;
    expect((await run()).A?.branch).toBe(3);
    const open = await run({ run: 'preRead' });
    expect([open.A?.kind, open.A?.readings.volts.length]).toEqual(['open', 2 * SAMPLE_PROGRAMME.preRead.volts.length]);
  });

  it('flags points at the limit, and repeats at a higher one', async () => {
    const { run, station } = await ready(13e3);
    station.advance = function (this: ResistorStation, seconds: number) {
      ResistorStation.prototype.advance.call(this, seconds);
      if (this.largestVolts.A > 0.5) this.pair.ohmsA = 6.5e3;
    };
    const { A } = await run();
    expect(A?.branch).toBe(2);
    const limited = A?.readings.flags.findIndex((flag) => (flag & PointFlag.compliance) !== 0) ?? -1;
    expect(limited).toBeGreaterThan(-1);
    expect(Math.abs(A?.readings.amps[limited] ?? 0)).toBeCloseTo(1e-4, 6);
    const repeat = await run({ run: 'loop', rangeOverride: { A: SAMPLE_PROGRAMME.complianceRepeat, B: null } });
    const loop = segmentSpan(segmentsOf(SAMPLE_PROGRAMME, 'loop'), 'loopToP');
    expect(
      repeat.A?.readings.flags.slice(loop?.start, loop?.end).some((flag) => (flag & PointFlag.compliance) !== 0),
    ).toBe(false);
  });

  it('sends lists in parts that the instrument takes, none longer than 100 values', async () => {
    const { smu, sent, run } = await ready(18e3);
    const volts = Array.from(
      { length: 250 },
      (_, i) => Math.round(0.7 * Math.sin((2 * Math.PI * i) / 249) * 1e4) / 1e4,
    );
    const loop = [{ name: 'loopToP' as const, volts, nplc: 0.01, settleSeconds: 1e-4, fixed: null }];
    await smu.load({ ...SAMPLE_PROGRAMME, loop }, CALM);
    const { A } = await run();
    expect(A?.readings.volts).toHaveLength(254);
    expect(A?.readings.volts[4 + 62]).toBeCloseTo(0.7, 2);
    const lists = sent
      .join('')
      .split('\n')
      .filter((line) => line.includes(':LIST:VOLT'));
    expect(Math.max(...lists.map((line) => line.split(',').length))).toBeLessThanOrEqual(100);
  });

  it('switches nothing on before limits are set and read back', async () => {
    const { smu, instrument } = await connected(18e3);
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    instrument.smu.faults.stuckLimitAmps = 0.1;
    await expect(smu.configure(LIMITS, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    expect((await smu.readState(CALM)).columnA.outputOn).toBe(false);
  });

  it('refuses what one channel or this bench cannot do', async () => {
    const { smu, run } = await ready(18e3);
    expect(smu.accessSchemes).toEqual(['single']);
    const refusal = { code: 'TB_BENCH_CANNOT_REALISE' };
    await expect(run({ access: 'pair' })).rejects.toMatchObject(refusal);
    const alone = { token: 9, run: 'auto', access: 'single', rangeOverride: null } as const;
    await expect(smu.start(alone, CALM).reading).rejects.toMatchObject(refusal);
    await expect(smu.spot({ columnA: 0, columnB: 0, row: 0.1 }, 1e-4, 0.1, CALM)).rejects.toMatchObject(refusal);
    await expect(smu.spot({ columnA: 0.1, columnB: 0.2, row: 0 }, 1e-4, 0.1, CALM)).rejects.toMatchObject(refusal);
    await expect(smu.load({ ...SAMPLE_PROGRAMME, junctionCeilingVolts: 0.65 }, CALM)).rejects.toMatchObject(refusal);
    const slow = { ...SAMPLE_PROGRAMME, preRead: { ...SAMPLE_PROGRAMME.preRead, nplc: 30 } };
    await expect(smu.load(slow, CALM)).rejects.toMatchObject(refusal);
  });

  it('reads a spot and returns to 0 V', async () => {
    const { smu } = await ready(18e3);
    const spot = await smu.spot({ columnA: 0, columnB: 0.05, row: 0 }, 1e-4, 0.1, CALM);
    expect(spot.columnB.volts / spot.columnB.amps).toBeCloseTo(18e3, -3);
    expect(spot.columnA.amps).toBe(0);
    expect(spot.row.amps).toBe(-spot.columnB.amps);
    expect((await smu.readState(CALM)).columnA.levelVolts).toBe(0);
  });

  it('goes to 0 V with the output off in the middle of a sweep, and can start again', async () => {
    const { smu, run, station, exchange } = await ready(18e3, 'real');
    const stop = new AbortController();
    const request = { token: 5, run: 'auto', access: 'single', rangeOverride: null, exchange } as const;
    const { reading } = smu.start(request, stop.signal);
    while (Math.abs(station.sourceSetting('columnA').volts) < 0.3)
      await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    await smu.makeSafe(CALM);
    expect(station.sourceSetting('columnA')).toMatchObject({ outputOn: false, volts: 0 });
    const { outputOn, levelVolts, busy } = (await smu.readState(CALM)).columnA;
    expect({ outputOn, levelVolts, busy }).toEqual({ outputOn: false, levelVolts: 0, busy: false });
    await smu.setOutputs(true, CALM);
    expect((await run()).A?.kind).toBe('loop');
  });

  if (interlockBlocksAll) {
    it('says that the interlock is open, and uses no readings taken meanwhile', async () => {
      const { smu, instrument, run } = await ready(18e3);
      instrument.smu.openInterlock(true);
      await expect(run()).rejects.toMatchObject({ code: 'TB_INSTRUMENT_ERROR' });
      await smu.makeSafe(CALM);
      await smu.configure(LIMITS, CALM);
      await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_INTERLOCK_OPEN' });
    });
  } else {
    it('works on with an open interlock, which blocks larger voltages only', async () => {
      const { instrument, run } = await ready(18e3);
      instrument.smu.openInterlock(true);
      expect((await run()).A?.kind).toBe('loop');
    });
  }

  it('takes no readings that belong to another run', async () => {
    const { instrument, run, station } = await ready(18e3);
    station.advance = function (this: ResistorStation, seconds: number) {
      ResistorStation.prototype.advance.call(this, seconds);
      instrument.status.standardEnable = 0;
    };
    await expect(run()).rejects.toMatchObject({ code: 'TB_REPLY_MISMATCH' });
  });

  it('forgets what it had set when the link was reopened', async () => {
    const { smu } = await ready(18e3);
    await smu.reopen(CALM);
    await expect(smu.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
  });

  it.each(['garbled', 'drop', 'pieces'] as const)('stores no wrong number when a reply is %s', async (kind) => {
    const { wire, run, smu } = await ready(18e3);
    const fault: PlannedFault = { kind, after: 3, count: kind === 'drop' ? 1 : 50, seconds: 1e-3 };
    wire.plan(fault);
    if (kind === 'pieces') expect(Math.abs((ohmsOf(await run(), 'readAP') ?? 0) / 18e3 - 1)).toBeLessThan(0.003);
    else {
      await expect(run()).rejects.toMatchObject({ code: expect.stringMatching(/^TB_(REPLY|LINK|LIMIT)/) });
      wire.plan(null);
      await smu.makeSafe(CALM);
      expect((await smu.readState(CALM)).columnA.outputOn).toBe(false);
    }
  });
}
