import type { Bench, Crosspoint, EnableState, HiLoExchange, RouteChannel } from '../drivers/capabilities.ts';
import type { Polarity } from '../wafer/polarity.ts';
import type { PairSide } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { Pair } from './pair-order.ts';

/** One cell of a pair on a source with one channel, and the sign of its junction when HI lies above LO. */
interface SelectedCell {
  readonly side: PairSide;
  readonly polarity: Polarity;
}

/**
 * Moves relays and enable lines, and remembers what was acknowledged. Callers must have the source at 0 V. After a
 * failure nothing is remembered, so that the next route is set in full.
 */
export class PairRoute {
  readonly #bench: Bench;
  readonly #onEnable: (line: number, state: EnableState) => void;
  #enableLine: number | null = null;
  #at: { readonly pair: Pair; readonly selected: SelectedCell | null } | null = null;

  constructor(bench: Bench, onEnable: (line: number, state: EnableState) => void) {
    this.#bench = bench;
    this.#onEnable = onEnable;
  }

  /** Resolves when the enable line is read back and the router has acknowledged exactly the pair's crosspoints. */
  to(pair: Pair, signal: AbortSignal): Promise<void> {
    return this.#to(pair, null, signal);
  }

  /** The same for one cell under single access: HI, LO and guard instead of three channels. */
  toCell(pair: Pair, side: PairSide, polarity: Polarity, signal: AbortSignal): Promise<void> {
    return this.#to(pair, { side, polarity }, signal);
  }

  /** The exchange of HI and LO for a sweep of a cell that is routed. */
  exchange(pair: Pair, side: PairSide, polarity: Polarity, signal: AbortSignal): HiLoExchange {
    return { side, polarity, reverse: (other) => this.toCell(pair, side, other, signal) };
  }

  /** Forgets the route: the die was powered down, or somebody else moved the relays. */
  forget(): void {
    this.#at = null;
    this.#enableLine = null;
  }

  async #to(pair: Pair, selected: SelectedCell | null, signal: AbortSignal): Promise<void> {
    if (this.#isAt(pair, selected)) return;
    this.#at = null;
    if (this.#enableLine !== pair.enableLine) {
      this.#enableLine = null;
      await this.#enable(pair.enableLine, signal);
      this.#enableLine = pair.enableLine;
    }
    const crosspoints = selected === null ? crosspointsOf(pair) : cellCrosspoints(pair, selected);
    await this.#bench.router.connect(crosspoints, signal);
    this.#at = { pair, selected };
  }

  #isAt({ row, enableLine }: Pair, selected: SelectedCell | null): boolean {
    const at = this.#at;
    return (
      at !== null &&
      at.pair.row === row &&
      at.pair.enableLine === enableLine &&
      at.selected?.side === selected?.side &&
      at.selected?.polarity === selected?.polarity
    );
  }

  async #enable(line: number, signal: AbortSignal): Promise<void> {
    const { enableLines } = this.#bench;
    await enableLines.enable(line, signal);
    const state = await enableLines.readState(signal);
    if (state.enabled !== line) {
      throw new TunnelbenchError('TB_ENABLE_NOT_CONFIRMED', {
        thing: enableLines.identity.name,
        what: 'the enable line read back is another one',
        value: `${state.enabled ?? 'none'}`,
        expected: `${line}`,
        remedy: 'Check the enable-line controller; no sweep was started on the wrong line.',
      });
    }
    this.#onEnable(line, state);
  }
}

/** Column A and B and the row, each on its own source channel. */
function crosspointsOf({ row, columns }: Pair): Crosspoint[] {
  const crosspoints: Crosspoint[] = [{ kind: 'row', index: row, channel: 'row' }];
  if (columns.A !== null) crosspoints.push({ kind: 'column', index: columns.A, channel: 'columnA' });
  if (columns.B !== null) crosspoints.push({ kind: 'column', index: columns.B, channel: 'columnB' });
  return crosspoints;
}

/**
 * HI ('columnA') on the column and LO ('row') on the row, or exchanged; the neighbour column on the guard. The guard has
 * HI's voltage: in the positive half the two columns are at one potential, in the negative half the neighbour follows the
 * row, so that HI carries the selected cell's current alone in both.
 */
function cellCrosspoints({ row, columns }: Pair, { side, polarity }: SelectedCell): Crosspoint[] {
  const [own, neighbour] = side === 'A' ? [columns.A, columns.B] : [columns.B, columns.A];
  const [onColumn, onRow]: RouteChannel[] = polarity === 'positive' ? ['columnA', 'row'] : ['row', 'columnA'];
  const crosspoints: Crosspoint[] = [{ kind: 'row', index: row, channel: onRow }];
  if (own !== null) crosspoints.push({ kind: 'column', index: own, channel: onColumn });
  if (neighbour !== null) crosspoints.push({ kind: 'column', index: neighbour, channel: 'guard' });
  return crosspoints;
}
