import type { DRIVERS, InstrumentPlace } from '../../../drivers/driver-registry.ts';
import type { WireInstrument } from '../../../drivers/simulated/instrument-link.ts';
import { SimulatedKeithley2400 } from '../../../drivers/simulated/keithley-2400.ts';
import { SimulatedKeithley2450 } from '../../../drivers/simulated/keithley-2450.ts';
import { createKeithley2600Pair } from '../../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import { type MatrixModel, MODEL_707B, MODEL_3706A } from '../../../drivers/simulated/keithley-matrix/matrix-model.ts';
import { SimulatedSwitchMatrix } from '../../../drivers/simulated/keithley-matrix/switch-matrix.ts';
import { createB2900Pair } from '../../../drivers/simulated/keysight-b2900/b2900-pair.ts';
import { SimulatedKeysightB2900 } from '../../../drivers/simulated/keysight-b2900.ts';
import { SimulatedKeysightE36312a } from '../../../drivers/simulated/keysight-e36312a.ts';
import { SimulatedSentioProber } from '../../../drivers/simulated/sentio-prober.ts';
import { SimulatedEnableLineController } from '../../../drivers/simulated/serial-protocol/enable-line-controller.ts';
import { SimulatedLineMultiplexer } from '../../../drivers/simulated/serial-protocol/line-multiplexer.ts';
import type { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { SimulatedVeloxProber } from '../../../drivers/simulated/velox-prober.ts';
import { DEFAULT_DIES } from '../../../wafer/die.ts';
import type { ConformanceWorld } from './conformance-world.ts';

export const ROWS = 4;
export const COLUMNS = 8;

/** A simulated instrument that can be put behind a wire. */
export interface SubjectInstrument extends WireInstrument {
  /** Its answer to the identification, which a test may change. */
  identity: string;
  /** A second instrument of the driver, on an unharmed wire: its resource among the options, and its end. */
  readonly companion?: { readonly options: Readonly<Record<string, string>>; close(): Promise<void> };
}

/** What the suite needs to know of a driver. */
export interface Subject {
  /** The simulated instrument, free of reading errors, so that the same question has the same answer. */
  start(world: ConformanceWorld, clock: SimulatedClock): SubjectInstrument | Promise<SubjectInstrument>;
  /** Options of the bench file beside driver and resource. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the instrument usually hangs; the bytes of a serial line are not guarded by anything. */
  readonly wire: 'tcp' | 'serial';
  /** Identification of a near relative that the driver must refuse; null where any identification is right. */
  readonly relative: string | null;
  /** Another driver that speaks to the same instruments, which is no stranger to this one. */
  readonly sameInstrumentsAs?: string;
  /** Puts an entry into the error queue, and how it must come out; null for a family without a queue. */
  readonly provoke: { inject(instrument: WireInstrument): void; readonly entry: RegExp } | null;
}

export type SubjectTable = {
  readonly [Place in InstrumentPlace]: { readonly [Name in keyof (typeof DRIVERS)[Place]]: Subject };
};

const EXACT = { gain: 0, offsetVolts: 0, offsetOfRange: 0, noiseOfRange: 0 };
const SEED = 2;

function provoked<T extends WireInstrument>(inject: (instrument: T) => void, entry: RegExp): Subject['provoke'] {
  return { inject: (instrument) => inject(instrument as T), entry };
}

const settingsConflict = provoked<WireInstrument & { queueError(code: number): void }>(
  (instrument) => instrument.queueError(-221),
  /^-221 settings conflict/i,
);
const argumentError = provoked<WireInstrument & { queueError(code: number): void }>(
  (instrument) => instrument.queueError(4),
  /^4 argument$/,
);

/** One mainframe with as many cards as the lines need. */
function matrix(model: MatrixModel, [a, b, x]: readonly [string, string, string], relative: string): Subject {
  const mainframes = [{ node: 1, cards: 1 }];
  const lines = { rows: ROWS, columns: COLUMNS };
  return {
    start: (station, clock) =>
      SimulatedSwitchMatrix.create({
        station,
        clock,
        model,
        harness: { mainframes, lines, channels: { [a]: 'columnA', [b]: 'columnB', [x]: 'row' } },
      }),
    options: { mainframes, lines, channels: { columnA: a, columnB: b, row: x } },
    wire: 'serial',
    relative,
    provoke: settingsConflict,
  };
}

/** One entry a registered driver: the type refuses a table that lacks one, and so does registry.test.ts. */
export const SUBJECTS: SubjectTable = {
  smu: {
    'keithley-2600': {
      start: (station, clock) => createKeithley2600Pair({ station, clock, seed: SEED, errors: EXACT }),
      options: { channels: { columnA: 'node[1].smua', columnB: 'node[1].smub', row: 'node[2].smua' } },
      wire: 'serial',
      // Without TSP-Link.
      relative: 'Keithley Instruments Inc., Model 2604B, 4400001, 3.4.1',
      provoke: provoked<Awaited<ReturnType<typeof createKeithley2600Pair>>>(
        ({ runtime }) => runtime.errors.add(-221, 'Settings conflict', 1),
        /^-221 Settings conflict/,
      ),
    },
    'keithley-2400': {
      start: (station, clock) => new SimulatedKeithley2400({ station, clock, seed: SEED, errors: EXACT }),
      options: {},
      wire: 'tcp',
      relative: 'KEITHLEY INSTRUMENTS INC.,MODEL 2450,04012345,1.7.0',
      provoke: settingsConflict,
    },
    'keithley-2450': {
      start: (station, clock) => new SimulatedKeithley2450({ station, clock, seed: SEED, errors: EXACT }),
      options: {},
      wire: 'tcp',
      relative: 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1400003,C34',
      provoke: settingsConflict,
    },
    'keysight-b2900': {
      start: (station, clock) => new SimulatedKeysightB2900({ station, clock, seed: SEED, errors: EXACT }),
      options: {},
      wire: 'tcp',
      relative: 'Keysight Technologies,B2961A,MY51143745,3.4',
      provoke: settingsConflict,
    },
    'keysight-b2900-pair': {
      start: async (station, clock) => {
        const { columns, row } = createB2900Pair({ station, clock, seed: SEED, errors: EXACT });
        const { resource, close } = await serveTcp(row);
        return Object.assign(columns, { companion: { options: { rowResource: resource }, close } });
      },
      sameInstrumentsAs: 'keysight-b2900',
      // Nobody answers there: the instrument brings its own.
      options: { rowResource: 'TCPIP0::127.0.0.1::9::SOCKET' },
      wire: 'tcp',
      // One channel is too few for both columns.
      relative: 'Keysight Technologies,B2901A,MY51143745,3.4',
      provoke: settingsConflict,
    },
  },
  enable: {
    'enable-line-controller': {
      start: (station, clock) => new SimulatedEnableLineController(station, clock, COLUMNS / 2),
      options: {},
      wire: 'serial',
      relative: 'tunnelbench,LMX-300,SIM0002,1.0',
      provoke: argumentError,
    },
  },
  router: {
    'line-multiplexer': {
      start: (station, clock) => new SimulatedLineMultiplexer(station, clock, ROWS, COLUMNS),
      options: {},
      wire: 'serial',
      relative: 'tunnelbench,ELC-128,SIM0001,1.0',
      provoke: argumentError,
    },
    'keithley-707b': matrix(MODEL_707B, ['A', 'B', 'C'], 'KEITHLEY INSTRUMENTS INC.,MODEL 3706A,4100001,1.5'),
    'keithley-3706a': matrix(MODEL_3706A, ['1', '2', '3'], 'KEITHLEY INSTRUMENTS INC.,MODEL 707B,4100001,1.5'),
  },
  supplies: {
    'keysight-e36300': {
      start: (station, clock) => new SimulatedKeysightE36312a(station, clock),
      options: { outputs: { vdd: 1, vss: 2, substrate: 3 } },
      wire: 'tcp',
      relative: 'Keysight Technologies,E36233A,MY1,2.1.0',
      provoke: provoked<SimulatedKeysightE36312a>(
        (supply) => supply.queueError('-221,"Settings conflict"'),
        /^-221 Settings conflict/,
      ),
    },
  },
  prober: {
    velox: {
      start: (station, clock) => new SimulatedVeloxProber(station, clock, DEFAULT_DIES, 'LOT7 W17'),
      options: {},
      wire: 'tcp',
      relative: null,
      provoke: null,
    },
    sentio: {
      start: (station, clock) => new SimulatedSentioProber(station, clock, DEFAULT_DIES, 'LOT7, W17'),
      options: {},
      wire: 'tcp',
      relative: null,
      provoke: null,
    },
  },
};
