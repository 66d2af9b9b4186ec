import type { SourceChannel } from '../capabilities.ts';
import { MULTIPLEXER } from './bench-yaml.ts';
import type { WireInstrument } from './instrument-link.ts';
import { type MatrixModel, MODEL_707B, MODEL_3706A } from './keithley-matrix/matrix-model.ts';
import { SimulatedSwitchMatrix } from './keithley-matrix/switch-matrix.ts';
import type { ProbeStation } from './probe-station.ts';
import { SimulatedLineMultiplexer } from './serial-protocol/line-multiplexer.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** Routers that the simulated bench can have. */
export const BENCH_ROUTERS = ['line-multiplexer', 'keithley-707b', 'keithley-3706a'] as const;
export type BenchRouterName = (typeof BENCH_ROUTERS)[number];

/** The router of a bench, whatever it is. */
export interface BenchRouter {
  readonly instrument: WireInstrument & {
    identity: string;
    readonly state: { readonly route: string };
    /** Relays that do not follow, by the instrument's own name of them; the read-back tells. */
    readonly stuckRelays: Map<string, 'open' | 'closed'>;
    queueError(code: 4): void;
  };
  readonly wire: 'tcp' | 'serial';
  /** What stands in a bench file beside driver and resource, each as "key: value". */
  readonly yaml: readonly string[];
  close(): void;
}

export interface BenchRouterParts {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly lines: { readonly rows: number; readonly columns: number };
  readonly scheme: 'pair' | 'single';
}

export async function createBenchRouter(name: BenchRouterName, parts: BenchRouterParts): Promise<BenchRouter> {
  switch (name) {
    case 'line-multiplexer':
      return lineMultiplexer(parts);
    case 'keithley-707b':
      return await switchMatrix(MODEL_707B, parts);
    case 'keithley-3706a':
      return await switchMatrix(MODEL_3706A, parts);
  }
}

function lineMultiplexer({ station, clock, lines }: BenchRouterParts): BenchRouter {
  return {
    instrument: new SimulatedLineMultiplexer(station, clock, lines.rows, lines.columns),
    wire: 'serial',
    yaml: MULTIPLEXER.options,
    close: () => {},
  };
}

/** As many mainframes as the lines need, and the source channels on the first three rows of the cards. */
async function switchMatrix(
  model: MatrixModel,
  { station, clock, lines, scheme }: BenchRouterParts,
): Promise<BenchRouter> {
  const cards = Math.ceil((lines.rows + lines.columns) / model.columnsPerCard);
  const mainframes = Array.from({ length: Math.ceil(cards / model.slots) }, (_, i) => ({
    node: i + 1,
    cards: Math.min(model.slots, cards - i * model.slots),
  }));
  const wires = scheme === 'pair' ? PAIR_WIRES : SINGLE_WIRES;
  const channels = Object.fromEntries(wires.map(({ leadsTo }, i) => [model.rowNames[i], leadsTo]));
  const instrument = await SimulatedSwitchMatrix.create({
    station,
    clock,
    model,
    harness: { mainframes, lines, channels },
  });
  const named = wires.map(({ channel }, i) => `${channel}: '${model.rowNames[i]}'`).join(', ');
  const frames = mainframes.map((mainframe) => `{node: ${mainframe.node}, cards: ${mainframe.cards}}`).join(', ');
  return {
    instrument,
    wire: 'tcp',
    yaml: [
      `mainframes: [${frames}]`,
      `lines: {rows: ${lines.rows}, columns: ${lines.columns}}`,
      `channels: {${named}}`,
      'settleSeconds: 0.001',
    ],
    close: () => instrument.close(),
  };
}

/** Name of a channel in the bench file, and the channel of the station that it leads to. */
interface Wire {
  readonly channel: SourceChannel | 'guard';
  readonly leadsTo: SourceChannel;
}

const PAIR_WIRES: readonly Wire[] = [
  { channel: 'columnA', leadsTo: 'columnA' },
  { channel: 'columnB', leadsTo: 'columnB' },
  { channel: 'row', leadsTo: 'row' },
];

const SINGLE_WIRES: readonly Wire[] = [
  { channel: 'columnA', leadsTo: 'columnA' },
  { channel: 'row', leadsTo: 'row' },
  { channel: 'guard', leadsTo: 'columnB' },
];
