import type { CellRecord } from '../db/records.ts';
import type { DieSite } from '../wafer/die.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import type { KnownCell, Lookalike } from './die-fingerprint.ts';
import { cellUnder, lookalikesOf } from './lookalikes.ts';
import { cellOf, pairAt, pairsOfDie, spreadPairs } from './pair-order.ts';
import type { Plan } from './plan.ts';

/** Pairs by which dies are told apart. */
const PAIRS = 24;

/** The cells by which dies are told apart: pairs spread over those that the plan measures. */
export function fingerprintCells({ order, bench: { geometry } }: Plan): number[] {
  const planned = order.pairs ?? spreadPairs(geometry, 2 * PAIRS * geometry.columnsPerEnableLine);
  const pairs = planned ?? Array.from({ length: pairsOfDie(geometry) }, (_, index) => index);
  const step = pairs.length / Math.min(PAIRS, pairs.length);
  const chosen = Array.from({ length: Math.min(PAIRS, pairs.length) }, (_, i) => pairs[Math.floor(i * step)]);
  return chosen.flatMap((index) => {
    const pair = pairAt(geometry, index);
    return (['A', 'B'] as const).map((side) => cellOf(geometry, pair, side)).filter((cell) => cell !== null);
  });
}

/**
 * Fingerprints of the dies measured so far: some healthy cells of each, at the same places of every die, and at the places
 * where those come to lie when the wafer is turned. Small, so that it does not grow with the cells.
 */
export class FingerprintBook {
  readonly cells: readonly number[];
  readonly #geometry: CrossbarGeometry;
  readonly #kept: ReadonlySet<number>;
  readonly #dies = new Map<number, Map<number, KnownCell>>();

  constructor(plan: Plan) {
    const { geometry } = plan.bench;
    const quarters = geometry.rows === geometry.columns ? ([1, 2, 3] as const) : ([2] as const);
    this.#geometry = geometry;
    this.cells = fingerprintCells(plan);
    this.#kept = new Set(this.cells.flatMap((cell) => [cell, ...quarters.map((q) => cellUnder(geometry, cell, q))]));
  }

  note(dieOrdinal: number, { cell, class: name, rP, rAp }: Pick<CellRecord, 'cell' | 'class' | 'rP' | 'rAp'>): void {
    if (!this.#kept.has(cell) || name !== 'healthy' || rP === null || rAp === null) return;
    const die = this.#dies.get(dieOrdinal) ?? new Map<number, KnownCell>();
    this.#dies.set(dieOrdinal, die.set(cell, { cell, rP, rAp }));
  }

  /** The known cells of a die among those that are read to tell dies apart. */
  knownCells(dieOrdinal: number): KnownCell[] {
    const die = this.#dies.get(dieOrdinal);
    return this.cells.flatMap((cell) => die?.get(cell) ?? []);
  }

  /** What a die could be taken for. */
  lookalikes(die: DieSite, dies: readonly DieSite[]): Lookalike[] {
    return lookalikesOf(die, this.cells, dies, this.#geometry, (ordinal) => {
      const known = this.#dies.get(ordinal);
      return known === undefined ? null : (cell) => known.get(cell) ?? null;
    });
  }
}
