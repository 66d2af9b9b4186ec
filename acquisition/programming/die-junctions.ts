import { cellAt, enableLineOf } from '../../wafer/geometry.ts';
import type { PairSide } from '../../wafer/sweep.ts';
import type { Plan } from '../plan.ts';
import { type DieCells, PULSE_SECONDS } from './die-cells.ts';
import { writeSign } from './programming-recipe.ts';

/** A pulse as training asks for it. */
interface CellPulse {
  readonly cell: number;
  readonly towards: 'P' | 'AP';
  readonly volts: number;
}

type Found = (cell: number, siemens: number) => void;

/** Single junctions of a contacted die: pulses in the order that moves relays least, each pair read once when it has had its own. */
export class DieJunctions {
  readonly pulseSeconds = PULSE_SECONDS;
  readonly #cells: DieCells;
  readonly #plan: Plan;

  constructor(cells: DieCells, plan: Plan) {
    this.#cells = cells;
    this.#plan = plan;
  }

  async pulse(pulses: readonly CellPulse[], found: Found): Promise<{ limited: number; halfSelects: number }> {
    const byPair = Map.groupBy(pulses, ({ cell }) => this.#pairOf(cell));
    let limited = 0;
    let halfSelects = 0;
    for (const pair of ascending(byPair.keys())) {
      const own = byPair.get(pair) as CellPulse[];
      const [first, second] = own;
      const together = own.length === 2 && first.towards === second.towards && first.volts === second.volts;
      for (const { cell, towards, volts } of together ? [first] : own) {
        const signed = writeSign(this.#plan.recipe, towards) * volts;
        const full = await this.#cells.pulse(pair, together ? 'both' : this.#sideOf(cell), signed);
        if (!full) limited += together ? 2 : 1;
        if (!together) halfSelects += 1;
      }
      await this.#readPair(pair, 'one', found);
    }
    return { limited, halfSelects };
  }

  async read(cells: readonly number[], found: Found): Promise<void> {
    for (const pair of ascending(new Set(cells.map((cell) => this.#pairOf(cell))))) {
      await this.#readPair(pair, 'both', found);
    }
  }

  async #readPair(pair: number, polarities: 'both' | 'one', found: Found): Promise<void> {
    const { geometry } = this.#plan.bench;
    const { A, B } = await this.#cells.read(pair, polarities);
    const even = (pair % geometry.rows) * geometry.columns + 2 * Math.floor(pair / geometry.rows);
    found(even, A);
    found(even + 1, B);
  }

  #pairOf(cell: number): number {
    const { geometry } = this.#plan.bench;
    const { row, column } = cellAt(geometry, cell);
    return enableLineOf(geometry, column) * geometry.rows + row;
  }

  #sideOf(cell: number): PairSide {
    return cell % 2 === 0 ? 'A' : 'B';
  }
}

function ascending(pairs: Iterable<number>): number[] {
  return [...pairs].sort((a, b) => a - b);
}
