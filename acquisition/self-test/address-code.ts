/**
 * The address code: row `r` carries word `r` in its cells under some chosen pairs of columns, one bit a pair. Bit 0 is
 * column A in P and column B in AP, bit 1 the reverse: a bit is told by comparing two cells of one row, so neither the
 * spread of resistances nor a series resistance matters, and two equal cells are no bit at all.
 *
 * All words have an even number of ones, so two of them differ in two bits at least: one bad cell makes no other address.
 * Few ones come first, so that every bit is 0 in clearly more than half of all rows *whatever the order of the rows*: a
 * pair whose bits are mostly 1 has its two columns exchanged.
 */
export type Word = readonly boolean[];

/** Null: the two cells are equal, or do not conduct. */
export type ReadBit = boolean | null;

/** A cell that holds the wrong bit is a defect of the cell; two contradict the address. */
const ALLOWED_CONTRADICTIONS = 1;

/** Number of pairs needed for so many rows: the least with enough words of at most a third ones. */
export function bitsFor(rows: number): number {
  for (let bits = 3; ; bits++) {
    let words = 0;
    for (let ones = 0; ones <= Math.floor(bits / 3); ones += 2) words += choose(bits, ones);
    if (words >= rows) return bits;
  }
}

/** One word a row. */
export function addressWords(rows: number): Word[] {
  const bits = bitsFor(rows);
  const ones = (number: number) => number.toString(2).replaceAll('0', '').length;
  const even = Array.from({ length: 2 ** bits }, (_, number) => number).filter((number) => ones(number) % 2 === 0);
  return even
    .toSorted((one, other) => ones(one) - ones(other) || one - other)
    .slice(0, rows)
    .map((number) => Array.from({ length: bits }, (_, bit) => ((number >> bit) & 1) === 1));
}

/**
 * Addresses that what was read does not contradict. `read` may hold several copies of a word, one after the other; a bit
 * that could not be read contradicts nothing.
 */
export function addressesLike(words: readonly Word[], read: readonly ReadBit[]): number[] {
  return words.flatMap((word, address) => {
    const contradictions = read.filter((bit, i) => bit !== null && bit !== word[i % word.length]).length;
    return contradictions <= ALLOWED_CONTRADICTIONS ? [address] : [];
  });
}

/** How much of what was read is code: bits that could be told, over all. */
export function readableFraction(read: readonly ReadBit[]): number {
  return read.length === 0 ? 0 : read.filter((bit) => bit !== null).length / read.length;
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 0; i < k; i++) ways = (ways * (n - i)) / (i + 1);
  return Math.round(ways);
}
