import type { LineKind, SourceChannel } from '../../capabilities.ts';
import { TspInstrument } from '../keithley-2600/tsp-instrument.ts';
import { TspRuntime } from '../keithley-2600/tsp-runtime.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { matrixCommands } from './matrix-commands.ts';
import type { MatrixModel } from './matrix-model.ts';
import { MatrixNode } from './matrix-node.ts';

/** How the simulated bench is wired to the matrix. */
export interface MatrixHarness {
  readonly mainframes: readonly { readonly node: number; readonly cards: number }[];
  /** Lines at the columns of the cards, one after the other: rows of the die, then its columns. */
  readonly lines: { readonly rows: number; readonly columns: number };
  /** Row of the cards → what of the bench it leads to. */
  readonly channels: Readonly<Record<string, SourceChannel>>;
}

export interface SwitchMatrixOptions {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly model: MatrixModel;
  readonly harness: MatrixHarness;
}

interface Joint {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: SourceChannel;
}

const LETTERS: Readonly<Record<SourceChannel, string>> = { columnA: 'A', columnB: 'B', row: 'X' };

/** Switch mainframes on one TSP-Link, wired to the simulated station. */
export class SimulatedSwitchMatrix extends TspInstrument<MatrixNode> {
  readonly #joints: () => readonly Joint[];

  private constructor(runtime: TspRuntime<MatrixNode>, { clock, model }: SwitchMatrixOptions, joints: () => Joint[]) {
    const { serial } = runtime.nodes[0];
    super(runtime, clock, `KEITHLEY INSTRUMENTS INC.,MODEL ${model.model},${serial},${model.firmware}`);
    this.#joints = joints;
  }

  static async create(options: SwitchMatrixOptions): Promise<SimulatedSwitchMatrix> {
    const { station, clock, model, harness } = options;
    const joints = () => nodes.flatMap((node, i) => jointsOf(node, placeOf(harness, model, i), harness));
    const nodes: MatrixNode[] = harness.mainframes.map(
      ({ node, cards }) =>
        new MatrixNode(node, model, cards, () => {
          clock.touch();
          station.setCrosspoints(joints());
        }),
    );
    const { firmware } = model;
    const parts = { nodes, commandsOf: matrixCommands, clock, model: model.model, firmware };
    return new SimulatedSwitchMatrix(await TspRuntime.create(parts), options, joints);
  }

  /** Relays that do not follow, by the specifier of the first mainframe; read-backs tell. */
  get stuckRelays(): Map<string, 'open' | 'closed'> {
    return this.runtime.nodes[0].stuckRelays;
  }

  /** What is closed, in the words of drivers/PROTOCOL.md: guard lines stand under the channel that drives them. */
  get state(): { route: string } {
    const names = this.#joints().map(
      ({ kind, index, channel }) => `${kind === 'row' ? 'R' : 'C'}${index}=${LETTERS[channel]}`,
    );
    return { route: names.length === 0 ? 'NONE' : names.join(' ') };
  }

  queueError(): void {
    this.runtime.errors.add(-221, 'Settings conflict', 1);
  }

  close(): void {
    this.runtime.close();
  }
}

/** Number of the first card column of a mainframe. */
function placeOf({ mainframes }: MatrixHarness, { columnsPerCard }: MatrixModel, mainframe: number): number {
  return mainframes.slice(0, mainframe).reduce((sum, { cards }) => sum + cards * columnsPerCard, 0);
}

/** What the closed relays of a mainframe join; a row that leads nowhere joins nothing. */
function jointsOf({ closed, model }: MatrixNode, first: number, { lines, channels }: MatrixHarness): Joint[] {
  return closed.flatMap((name): Joint[] => {
    const channel = channels[name[1]];
    if (channel === undefined) return [];
    const line = first + (Number(name[0]) - 1) * model.columnsPerCard + Number(name.slice(2)) - 1;
    if (line < lines.rows) return [{ kind: 'row', index: line, channel }];
    return line < lines.rows + lines.columns ? [{ kind: 'column', index: line - lines.rows, channel }] : [];
  });
}
