import {
  type EnableLines,
  type Instrument,
  type LineRouter,
  type PairReading,
  type Prober,
  SOURCE_CHANNELS,
  type Supplies,
  type SweepSource,
} from '../../../drivers/capabilities.ts';
import type { InstrumentPlace } from '../../../drivers/driver-registry.ts';
import { DEFAULT_DIES } from '../../../wafer/die.ts';
import { SAMPLE_PROGRAMME } from '../sample-programme.ts';
import type { ConformanceWorld } from './conformance-world.ts';
import { COLUMNS, ROWS } from './driver-subjects.ts';

interface Capabilities {
  smu: SweepSource;
  enable: EnableLines;
  router: LineRouter;
  supplies: Supplies;
  prober: Prober;
}

type Act<I, T = unknown> = (instrument: I, world: ConformanceWorld, signal: AbortSignal) => Promise<T>;

/** What every driver of a place must do, whatever the family. */
export interface Behaviour<I extends Instrument> {
  /** From opened to ready for everything in `readings`. */
  readonly prepare: Act<I, void>;
  /** Questions, and commands together with what the world was like when they resolved. */
  readonly readings: Readonly<Record<string, Act<I>>>;
  readonly makeSafe: Act<I, void>;
  /** Why the world is not safe, or null; asked of the simulation, never of the driver. */
  hazard(world: ConformanceWorld): string | null;
  /** Settings that no instrument of the place can take; each must be refused and change nothing for the worse. */
  readonly refused: Readonly<Record<string, Act<I>>>;
}

const LIMIT_AMPS = 1e-3;
const [FIRST, SECOND] = DEFAULT_DIES;
const LAST_ENABLE = COLUMNS / 2 - 1;

const sourceRangeVolts = ({ accessSchemes }: SweepSource) => (accessSchemes.includes('pair') ? 1 : 2);

let token = 0;
async function sweep(source: SweepSource, signal: AbortSignal): Promise<PairReading> {
  token += 1;
  const pair = source.accessSchemes.includes('pair');
  const exchange = { side: 'A', polarity: 'positive', reverse: async () => {} } as const;
  const common = { token, run: 'auto', rangeOverride: null } as const;
  const request = pair ? ({ ...common, access: 'pair' } as const) : { ...common, access: 'single' as const, exchange };
  return await source.start(request, signal).reading;
}

const smu: Behaviour<SweepSource> = {
  prepare: async (source, _world, signal) => {
    await source.configure({ sourceRangeVolts: sourceRangeVolts(source), limitAmps: LIMIT_AMPS }, signal);
    await source.load(SAMPLE_PROGRAMME, signal);
    await source.setOutputs(true, signal);
  },
  readings: {
    state: (source, _world, signal) => source.readState(signal),
    settings: (source, _world, signal) => source.describe(signal),
    spot: (source, _world, signal) => source.spot({ columnA: 0.05, columnB: 0, row: 0 }, 1e-4, 0.1, signal),
    sweep: async (source, _world, signal) => {
      // Token and duration differ from run to run.
      const { token: own, instrumentSeconds, ...reading } = await sweep(source, signal);
      return {
        ...reading,
        ownToken: own === token,
        plausibleDuration: instrumentSeconds > 0 && instrumentSeconds < 10,
      };
    },
  },
  makeSafe: (source, _world, signal) => source.makeSafe(signal),
  hazard: (world) => {
    const live = SOURCE_CHANNELS.filter((channel) => {
      const { outputOn, volts } = world.sourceSetting(channel);
      return outputOn || volts !== 0;
    });
    return live.length === 0 ? null : `${live.join(', ')} on or not at 0 V`;
  },
  refused: {
    'a limit below the smallest': (source, _world, signal) =>
      source.configure({ sourceRangeVolts: sourceRangeVolts(source), limitAmps: 1e-13 }, signal),
    'a limit above the largest': (source, _world, signal) =>
      source.configure({ sourceRangeVolts: sourceRangeVolts(source), limitAmps: 50 }, signal),
    'a spot beyond 1 V': (source, _world, signal) =>
      source.spot({ columnA: 1.5, columnB: 0, row: 0 }, 1e-4, 0.1, signal),
  },
};

const enable: Behaviour<EnableLines> = {
  prepare: async (lines, _world, signal) => {
    await lines.enable(null, signal);
    await lines.configure(1.8, 1e-3, signal);
    await lines.enable(1, signal);
  },
  readings: {
    state: (lines, _world, signal) => lines.readState(signal),
    enable: async (lines, world, signal) => {
      await lines.enable(LAST_ENABLE, signal);
      return world.enabledLine;
    },
  },
  makeSafe: (lines, _world, signal) => lines.enable(null, signal),
  hazard: ({ enabledLine }) => (enabledLine === null ? null : `line ${enabledLine} is high`),
  refused: {
    'a gate voltage above the largest': async (lines, _world, signal) => {
      await lines.enable(null, signal);
      await lines.configure(7, 1e-3, signal);
    },
    'a line that does not exist': (lines, _world, signal) => lines.enable(COLUMNS, signal),
  },
};

const ROUTE = [
  { kind: 'row', index: 2, channel: 'row' },
  { kind: 'column', index: 4, channel: 'columnA' },
] as const;

const router: Behaviour<LineRouter> = {
  prepare: async (lines, _world, signal) => {
    await lines.configure(1e-3, signal);
    await lines.connect(ROUTE, signal);
  },
  readings: {
    size: async ({ rows, columns, unselected }) => ({ rows, columns, unselected }),
    state: (lines, _world, signal) => lines.readState(signal),
    connect: async (lines, world, signal) => {
      await lines.connect([ROUTE[0], { kind: 'column', index: 6, channel: 'columnA' }], signal);
      return world.crosspoints;
    },
  },
  makeSafe: (lines, _world, signal) => lines.connect([], signal),
  hazard: ({ crosspoints }) => (crosspoints.length === 0 ? null : `${crosspoints.length} crosspoints are closed`),
  refused: {
    'a row that does not exist': (lines, _world, signal) =>
      lines.connect([{ kind: 'row', index: lines.rows + ROWS, channel: 'row' }], signal),
  },
};

const supplies: Behaviour<Supplies> = {
  prepare: async (supply, _world, signal) => {
    await supply.configure('vdd', 1.8, 0.01, signal);
    await supply.setOn('vdd', true, signal);
  },
  readings: {
    state: (supply, _world, signal) => supply.readState('vdd', signal),
    switch: async (supply, world, signal) => {
      await supply.setOn('vdd', false, signal);
      return world.supplied.get('vdd');
    },
    configure: async (supply, world, signal) => {
      await supply.configure('vdd', 1.7, 0.02, signal);
      return world.supplied.get('vdd')?.volts;
    },
  },
  makeSafe: async (supply, _world, signal) => {
    for (const output of supply.outputs) await supply.setOn(output, false, signal);
  },
  hazard: ({ supplied }) => {
    const live = [...supplied].filter(([, { on }]) => on).map(([name]) => name);
    return live.length === 0 ? null : `${live.join(', ')} on`;
  },
  refused: {
    'a negative limit': (supply, _world, signal) => supply.configure('vdd', 1.8, -0.01, signal),
    'a voltage above the largest': (supply, _world, signal) => supply.configure('vdd', 60, 0.01, signal),
    'an output that does not exist': (supply, _world, signal) => supply.setOn('vpp', true, signal),
  },
};

const prober: Behaviour<Prober> = {
  prepare: async (station, _world, signal) => {
    await station.separate(signal);
    await station.moveToDie(FIRST.x, FIRST.y, signal);
  },
  readings: {
    state: async (station, world, signal) => {
      const { touchdowns, ...state } = await station.readState(signal);
      return { ...state, missedTouchdowns: touchdowns - world.touchdowns };
    },
    waferId: (station, _world, signal) => station.readWaferId(signal),
    chuckCelsius: (station, _world, signal) => station.readChuckCelsius(signal),
    step: async (station, world, signal) => {
      await station.moveToDie(SECOND.x, SECOND.y, signal);
      return world.dieUnderNeedles;
    },
    contact: async (station, world, signal) => {
      await station.contact(50, signal);
      return world.height;
    },
    separate: async (station, world, signal) => {
      await station.separate(signal);
      return world.height;
    },
  },
  makeSafe: (station, _world, signal) => station.separate(signal),
  hazard: ({ height }) => (height === 'separation' ? null : `the needles are at ${height}`),
  refused: {
    'a die outside the map': (station, _world, signal) => station.moveToDie(99, 99, signal),
    'a step while the needles touch': async (station, _world, signal) => {
      await station.contact(50, signal);
      await station.moveToDie(SECOND.x, SECOND.y, signal);
    },
    'an overdrive beyond the stage': (station, _world, signal) => station.contact(5000, signal),
  },
};

export const BEHAVIOURS: { readonly [Place in InstrumentPlace]: Behaviour<Capabilities[Place]> } = {
  smu,
  enable,
  router,
  supplies,
  prober,
};
