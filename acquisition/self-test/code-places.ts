import { addressWords, bitsFor, type Word } from './address-code.ts';
import type { TestSubject } from './test-subject.ts';

/** Copies of the code where the die has room: a dead column must not cost a bit. */
const MOST_COPIES = 2;
const MARKER_ROWS = 3;

/** Where the address code lies on a die; depends on the geometry alone, so that every bench finds it. */
export interface CodePlaces {
  readonly words: readonly Word[];
  readonly bits: number;
  /** Pairs that carry bits; place i carries bit i modulo `bits`. */
  readonly pairs: readonly number[];
  /** Rows in which all other pairs carry a 0: it tells column A from column B. */
  readonly markerRows: readonly number[];
}

/** Null when the die is too small: fewer pairs than a word has bits. */
export function codePlaces({ geometry, pairs }: Pick<TestSubject, 'geometry' | 'pairs'>): CodePlaces | null {
  const bits = bitsFor(geometry.rows);
  const copies = Math.min(MOST_COPIES, Math.floor(pairs / bits));
  if (copies === 0) return null;
  const count = copies * bits;
  const spread = (i: number, of: number, among: number) => Math.floor(((i + 0.5) * among) / of);
  return {
    words: addressWords(geometry.rows),
    bits,
    pairs: Array.from({ length: count }, (_, i) => spread(i, count, pairs)),
    markerRows: [...new Set(Array.from({ length: MARKER_ROWS }, (_, i) => spread(i, MARKER_ROWS, geometry.rows)))],
  };
}
