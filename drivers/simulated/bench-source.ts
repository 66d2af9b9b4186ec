import { SOURCE_CHANNELS, type SourceChannel } from '../capabilities.ts';
import { THREE_CHANNELS } from './bench-yaml.ts';
import type { WireInstrument } from './instrument-link.ts';
import { SimulatedKeithley2400 } from './keithley-2400.ts';
import { SimulatedKeithley2450 } from './keithley-2450.ts';
import type { ErrorSizes } from './keithley-2600/channel-errors.ts';
import { createKeithley2600Pair } from './keithley-2600/keithley-2600-pair.ts';
import { createB2900Pair } from './keysight-b2900/b2900-pair.ts';
import { SimulatedKeysightB2900 } from './keysight-b2900.ts';
import type { ProbeStation } from './probe-station.ts';
import type { ScpiInstrument } from './scpi/scpi-instrument.ts';
import type { SmuFrontEnd } from './scpi/smu-front-end.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** Source-measure units that the simulated bench can have: three channels of two instruments, or one channel. */
export const BENCH_SOURCES = [
  'keithley-2600',
  'keithley-2400',
  'keithley-2450',
  'keysight-b2900',
  'keysight-b2900-pair',
] as const;
export type BenchSourceName = (typeof BENCH_SOURCES)[number];

/** A source channel as the control port sees it. */
export interface ChannelFace {
  readonly outputOn: boolean;
  readonly presentVolts: number;
  readonly limitAmps: number;
  readonly faults: { stuckLimitAmps: number | null };
  openInterlock(open: boolean): void;
}

/** The source of a bench, whatever its family. */
export interface BenchSource {
  readonly instrument: WireInstrument & { identity: string };
  readonly scheme: 'pair' | 'single';
  /** A second instrument with a wire of its own, and the key of the bench file that names its resource. */
  readonly companion?: { readonly instrument: WireInstrument; readonly key: string };
  /** One face for all three names where there is one channel. */
  readonly channels: Readonly<Record<SourceChannel, ChannelFace>>;
  readonly sweeping: boolean;
  /** What stands in a bench file beside driver and resource, each as "key: value". */
  readonly yaml: readonly string[];
  queueError(): void;
  close(): void;
}

export interface BenchSourceParts {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly errors?: ErrorSizes;
  readonly lineHertz?: 50 | 60;
}

/** HI, LO and guard of a one-channel source, on the lines of the station that they drive. */
export const ONE_CHANNEL_TERMINALS = { hi: 'columnA', lo: 'row', guard: 'columnB' } as const;

export async function createBenchSource(name: BenchSourceName, parts: BenchSourceParts): Promise<BenchSource> {
  const one = { ...parts, terminals: ONE_CHANNEL_TERMINALS };
  switch (name) {
    case 'keithley-2600':
      return await threeChannels(parts);
    case 'keithley-2400':
      return oneChannel(new SimulatedKeithley2400(one));
    case 'keithley-2450':
      return oneChannel(new SimulatedKeithley2450(one));
    case 'keysight-b2900':
      return oneChannel(new SimulatedKeysightB2900(one));
    case 'keysight-b2900-pair':
      return pairOfB2900(parts);
  }
}

async function threeChannels(parts: BenchSourceParts): Promise<BenchSource> {
  const instrument = await createKeithley2600Pair(parts);
  const { runtime } = instrument;
  const [first, second] = runtime.nodes;
  return {
    instrument,
    scheme: 'pair',
    channels: { columnA: first.smua, columnB: first.smub, row: second.smua },
    get sweeping() {
      return runtime.busy;
    },
    yaml: THREE_CHANNELS.options,
    queueError: () => runtime.errors.add(-221, 'Settings conflict', 1),
    close: () => runtime.close(),
  };
}

function pairOfB2900(parts: BenchSourceParts): BenchSource {
  const { columns, row } = createB2900Pair(parts);
  const [a, b, x] = [...columns.channels, ...row.channels].map(({ smu }) => smu);
  return {
    instrument: columns,
    companion: { instrument: row, key: 'rowResource' },
    scheme: 'pair',
    channels: { columnA: faceOf(a), columnB: faceOf(b), row: faceOf(x) },
    get sweeping() {
      return [a, b, x].some(({ sweepLevel }) => sweepLevel !== null);
    },
    yaml: ['sourceRangeVolts: 2'],
    queueError: () => columns.queueError(-221),
    close: () => {},
  };
}

function oneChannel(instrument: ScpiInstrument & { readonly smu: SmuFrontEnd }): BenchSource {
  const { smu } = instrument;
  const face = faceOf(smu);
  return {
    instrument,
    scheme: 'single',
    channels: Object.fromEntries(SOURCE_CHANNELS.map((channel) => [channel, face])) as BenchSource['channels'],
    get sweeping() {
      return smu.sweepLevel !== null;
    },
    yaml: ['sourceRangeVolts: 2'],
    queueError: () => instrument.queueError(-221),
    close: () => {},
  };
}

function faceOf(smu: SmuFrontEnd): ChannelFace {
  return {
    get outputOn() {
      return smu.outputOn;
    },
    get presentVolts() {
      return smu.sourceFunction === 'VOLTage' ? smu.presentLevel : 0;
    },
    get limitAmps() {
      return smu.reportedLimitAmps;
    },
    faults: smu.faults,
    openInterlock: (open) => smu.openInterlock(open),
  };
}
