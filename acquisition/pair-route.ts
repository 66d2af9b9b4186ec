import type { Bench, Crosspoint, EnableState } from '../drivers/capabilities.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { Pair } from './pair-order.ts';

/**
 * Moves relays and enable lines, and remembers what was acknowledged. Callers must have the source at 0 V. After a
 * failure nothing is remembered, so that the next route is set in full.
 */
export class PairRoute {
  readonly #bench: Bench;
  readonly #onEnable: (line: number, state: EnableState) => void;
  #enableLine: number | null = null;
  #pair: Pair | null = null;

  constructor(bench: Bench, onEnable: (line: number, state: EnableState) => void) {
    this.#bench = bench;
    this.#onEnable = onEnable;
  }

  /** Resolves when the enable line is read back and the router has acknowledged exactly the pair's crosspoints. */
  async to(pair: Pair, signal: AbortSignal): Promise<void> {
    if (this.#pair?.row === pair.row && this.#pair.enableLine === pair.enableLine) return;
    this.#pair = null;
    if (this.#enableLine !== pair.enableLine) {
      this.#enableLine = null;
      await this.#enable(pair.enableLine, signal);
      this.#enableLine = pair.enableLine;
    }
    await this.#bench.router.connect(crosspointsOf(pair), signal);
    this.#pair = pair;
  }

  /** Forgets the route: the die was powered down, or somebody else moved the relays. */
  forget(): void {
    this.#pair = null;
    this.#enableLine = null;
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
export function crosspointsOf({ row, columns }: Pair): Crosspoint[] {
  const crosspoints: Crosspoint[] = [{ kind: 'row', index: row, channel: 'row' }];
  if (columns.A !== null) crosspoints.push({ kind: 'column', index: columns.A, channel: 'columnA' });
  if (columns.B !== null) crosspoints.push({ kind: 'column', index: columns.B, channel: 'columnB' });
  return crosspoints;
}
