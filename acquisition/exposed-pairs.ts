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

  /** Notes the pair if one of its cells was measured alone, which is done beside a cell of low resistance. */
  note({ enableLine, row }: Pair, position: number, { record, superseded }: PairVisit): void {
    const alone = [...record, ...superseded].some(({ access }) => access === 'aloneA' || access === 'aloneB');
    if (!alone) return;
    const rows = this.#byLine.get(enableLine) ?? new Map<number, number>();
    this.#byLine.set(enableLine, rows.set(row, position));
  }

  /** Positions of those that share their enable line with another one: what one sees, the other's measurement did. */
  positions(): number[] {
    return [...this.#byLine.values()].filter(({ size }) => size > 1).flatMap((rows) => [...rows.values()]);
  }
}
