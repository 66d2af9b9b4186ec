/**
 * Random numbers addressed by what they are for instead of by when they are drawn: the same (seed, die, cell, …) gives
 * the same number whatever was measured before. A 32-bit avalanche hash (the finaliser of MurmurHash3) of each word in
 * turn; two hashes make the 53 bits of one double.
 */
function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0xcc9e2d51) + 0x9e3779b9;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** A 32-bit integer for the words given. */
export function addressedInteger(...words: readonly number[]): number {
  let hash = 0x2545f491;
  for (const word of words) hash = mix(hash, word | 0);
  return hash;
}

/** Uniform in (0, 1), never 0 nor 1. */
export function addressedUniform(...words: readonly number[]): number {
  const high = addressedInteger(...words) >>> 6;
  const low = addressedInteger(...words, 0x5bd1e995) >>> 6;
  return (high * 67108864 + low + 0.5) / 4503599627370496;
}

/** What a draw is for: the first word of its address, so that two uses never share a stream. */
export const DrawPurpose = {
  waferShape: 1,
  dieRates: 2,
  population: 3,
  startState: 4,
  switching: 5,
  breakdownThreshold: 6,
  brokenOhms: 7,
  telegraph: 8,
  needle: 9,
  earlyBreakdown: 10,
} as const;
