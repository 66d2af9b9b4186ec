import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessProblem } from '../../drivers/access-schemes.ts';
import { checkBench } from '../../drivers/bench-check.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import type { Crosspoint, HiLoExchange, RouteChannel, SweepSource } from '../../drivers/capabilities.ts';
import { openKeithley2400 } from '../../drivers/keithley-2400.ts';
import { openKeithley2450 } from '../../drivers/keithley-2450.ts';
import { openKeysightB2900 } from '../../drivers/keysight-b2900.ts';
import type { WireInstrument } from '../../drivers/simulated/instrument-link.ts';
import { SimulatedKeithley2400 } from '../../drivers/simulated/keithley-2400.ts';
import { SimulatedKeithley2450 } from '../../drivers/simulated/keithley-2450.ts';
import { SimulatedKeysightB2900 } from '../../drivers/simulated/keysight-b2900.ts';
import type { SimulatedSmuOptions } from '../../drivers/simulated/scpi/simulated-smu-options.ts';
import { SimulatedSentioProber } from '../../drivers/simulated/sentio-prober.ts';
import { openSimulatedBench, type SimulatedBench } from '../../drivers/simulated/simulated-bench.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import type { Link } from '../../drivers/transport/link.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import type { Polarity } from '../../wafer/polarity.ts';
import { segmentSpan, segmentsOf, slopeOhms } from '../../wafer/sweep.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';
import { PROGRAMME, stationInContact } from './simulated-world/bench-hand.ts';

const GEOMETRY = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;

interface Family {
  readonly yaml: string;
  create(options: SimulatedSmuOptions): WireInstrument;
  open(link: Link): Promise<SweepSource>;
}

const FAMILIES: readonly (readonly [string, Family])[] = [
  [
    'Keithley 2400',
    {
      yaml: 'driver: keithley-2400',
      create: (options) => new SimulatedKeithley2400(options),
      open: (link) => openKeithley2400(link, 'smu', () => {}, CALM),
    },
  ],
  [
    'Keithley 2450',
    {
      yaml: 'driver: keithley-2450',
      create: (options) => new SimulatedKeithley2450(options),
      open: (link) => openKeithley2450(link, 'smu', () => {}, CALM),
    },
  ],
  [
    'Keysight B2901A',
    {
      yaml: 'driver: keysight-b2900',
      create: (options) => new SimulatedKeysightB2900(options),
      open: (link) => openKeysightB2900(link, 'smu', 1, () => {}, CALM),
    },
  ],
];

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function served(instrument: WireInstrument): Promise<string> {
  const server = await serveTcp(instrument);
  closers.push(() => server.close());
  return server.resource;
}

describe('a bench with a one-channel source and a SENTIO prober', () => {
  let simulated: SimulatedBench;
  beforeAll(async () => {
    simulated = await openSimulatedBench({ seed: 5, geometry: GEOMETRY });
  });
  afterAll(() => simulated.close());

  it.each(FAMILIES)('%s: is opened from its bench file, checked, and told what it cannot do', async (_name, family) => {
    const { station, clock } = simulated;
    const smu = await served(family.create({ station, clock, seed: 3 }));
    const prober = await served(new SimulatedSentioProber(station, clock, DEFAULT_DIES, 'W1'));
    const yaml = simulated.benchYaml
      .replace(/ {2}smu:\n( {4}.*\n)+/, `  smu: {${family.yaml}, resource: '${smu}'}\n`)
      .replace(/driver: velox, resource: '[^']*'/, `driver: sentio, resource: '${prober}'`)
      .replace('access: [pair]', 'access: [single]');
    const { instruments, access, ok } = await checkBench(parseBenchFile(yaml, 'bench.yaml'), SAMPLE_PROGRAMME, CALM);
    expect(instruments.map(({ problem }) => problem)).toEqual([null, null, null, null, null]);
    expect(instruments[0].limits).toMatch(/0\.001 A on 2 V, programme loaded/);
    expect(instruments[4].state).toMatch(/^separation, die unknown/);
    expect(access.map(({ problem }) => problem)).toEqual([
      'the source realises only single',
      expect.stringMatching(/^no crosspoint for column 1 on columnA/),
    ]);
    expect(ok).toBe(false);
  });

  it('is refused another model than the driver speaks to', async () => {
    const { station, clock } = simulated;
    const smu = await served(new SimulatedKeithley2450({ station, clock, seed: 3 }));
    const yaml = simulated.benchYaml.replace(
      / {2}smu:\n( {4}.*\n)+/,
      `  smu: {driver: keithley-2400, resource: '${smu}'}\n`,
    );
    const { instruments } = await checkBench(parseBenchFile(yaml, 'bench.yaml'), null, CALM);
    expect(instruments[0].problem).toMatch(/TB_INSTRUMENT_WRONG_MODEL/);
  });
});

describe('the single scheme', () => {
  const one = { rows: 4, columns: 8, columnsPerEnableLine: 1 } as const;
  const source = { accessSchemes: ['single'] } as const;
  const joins = (...channels: RouteChannel[]) => ({
    unselected: 'float' as const,
    canConnect: ({ channel }: Crosspoint) => channels.includes(channel),
  });

  it('needs a router that joins every line to HI and to LO', () => {
    const fixed = {
      ...joins(),
      canConnect: ({ kind, channel }: Crosspoint) => (kind === 'row') === (channel === 'row'),
    };
    expect(accessProblem('single', source, fixed, one)).toMatch(/cannot exchange HI and LO/);
    expect(accessProblem('single', source, joins('columnA', 'row'), one)).toBeNull();
  });

  it('needs a guard for the neighbour where an enable line opens two columns', () => {
    expect(accessProblem('single', source, joins('columnA', 'row'), GEOMETRY)).toMatch(/needs a guard/);
    expect(accessProblem('single', source, joins('columnA', 'row', 'guard'), GEOMETRY)).toBeNull();
  });
});

describe('a cell of the simulated wafer', () => {
  const geometry = { rows: 4, columns: 8, columnsPerEnableLine: 1 } as const;
  const column = 2;

  it.each(FAMILIES)('has the R_P through a %s that the noise-free path has', async (_name, family) => {
    const station = stationInContact({ seed: 11, geometry });
    const pathOhms = (row: number) => station.pathOhms(0, row * geometry.columns + column, 'P', 0.05);
    const row = [0, 1, 2, 3].find((index) => pathOhms(index) > 15e3 && pathOhms(index) < 25e3) ?? 0;
    station.setEnableLine(column, 1.8);
    const route = (polarity: Polarity) =>
      station.setCrosspoints([
        { kind: 'column', index: column, channel: polarity === 'positive' ? 'columnA' : 'row' },
        { kind: 'row', index: row, channel: polarity === 'positive' ? 'row' : 'columnA' },
      ]);
    route('positive');
    const clock = new SimulatedClock(station, 'full');
    closers.push(() => clock.close());
    const link = await openTestLink(await served(family.create({ station, clock, seed: 3 })));
    const smu = await family.open(link);
    closers.push(() => smu.close());
    await smu.configure({ sourceRangeVolts: 2, limitAmps: 1e-3 }, CALM);
    await smu.load(PROGRAMME, CALM);
    await smu.setOutputs(true, CALM);
    const exchange: HiLoExchange = { side: 'A', polarity: 'positive', reverse: async (to) => route(to) };
    const request = { token: 1, run: 'auto', access: 'single', rangeOverride: null, exchange } as const;
    const { A } = await smu.start(request, CALM).reading;
    await smu.makeSafe(CALM);
    expect(A?.kind).toBe('loop');
    const span = segmentSpan(segmentsOf(PROGRAMME, 'loop'), 'readP');
    const measured = A && span ? (slopeOhms(A.readings, span.start, span.end, UNUSABLE_POINT) ?? 0) : 0;
    expect(Math.abs(measured / pathOhms(row) - 1)).toBeLessThan(0.01);
    expect(station.ledger.violations).toEqual([]);
  });
});
