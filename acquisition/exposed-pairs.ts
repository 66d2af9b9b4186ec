import type { PairVisit } from './pair-meter.ts';
import type { Pair } from './pair-order.ts';

/**
 * Pairs to look at again when a die is done. Measuring a cell alone drives its column against the partner column, and in
 * every other row of that enable line the two cells share this voltage: beside a short the other cell gets nearly all of
 * it. It may break that way after its own measurement, and nothing else would show it.
 */
export class ExposedPairs {
  /** Enable line → row → position of the pairs with a cell that was measured alone. */
  readonly #byLine = new Map<number, Map<number, number>>();
  #single = false;

  /** Notes the pair if one of its cells was measured alone, which is done beside a cell of low resistance. */
  note({ enableLine, row }: Pair, position: number, { record, superseded }: PairVisit): void {
    const sweeps = [...record, ...superseded];
    const alone = sweeps.some(({ access }) => access === 'aloneA' || access === 'aloneB');
    const shortedSingle = sweeps.some(({ access, reading }) => access === 'single' && reading.kind === 'lowBias');
    if (shortedSingle) this.#single = true;
    if (!alone && !shortedSingle) return;
    const rows = this.#byLine.get(enableLine) ?? new Map<number, number>();
    this.#byLine.set(enableLine, rows.set(row, position));
  }

  /**
   * Positions of those that share their enable line with another one: what one sees, the other's measurement did. Under
   * single access all of them: there every measurement of the line drives the two columns apart.
   */
  positions(): number[] {
    const lines = [...this.#byLine.values()];
    return (this.#single ? lines : lines.filter(({ size }) => size > 1)).flatMap((rows) => [...rows.values()]);
  }
}
