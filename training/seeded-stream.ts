import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** One seeded stream of random numbers. Two streams with the same key give the same numbers on every machine. */
export interface SeededStream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Whole number in [0, bound). */
  below(bound: number): number;
  /** Log-uniform between two positive bounds. */
  logUniform(low: number, high: number): number;
  /** Poisson count of the given mean. */
  poisson(mean: number): number;
}

/**
 * The stream of a key, a list of whole numbers such as [seed, die, purpose]. The key is folded with the 32-bit mixing
 * steps of MurmurHash3 so that neighbouring keys give unrelated streams.
 */
export function seededStream(...key: readonly number[]): SeededStream {
  const generator = xoroshiro128plus(foldKey(key));
  return streamFrom(() => uniformFloat64(generator));
}

/** The same draws from any source of uniform numbers in [0, 1). */
export function streamFrom(uniform: () => number): SeededStream {
  // Box–Muller without the second value: a stream's draws then depend on the count of calls alone.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    below: (bound) => Math.floor(uniform() * bound),
    logUniform: (low, high) => low * (high / low) ** uniform(),
    poisson: (mean) => poisson(mean, uniform),
  };
}

/** The elements in random order (Fisher–Yates); the argument is left as it is. */
export function shuffled<T>(items: readonly T[], stream: SeededStream): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = stream.below(last + 1);
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/** A 32-bit number that stands for a text, for use in a key (FNV-1a). */
export function textKey(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function foldKey(key: readonly number[]): number {
  let hash = 0x9747b28c;
  for (const part of key) {
    hash ^= Math.imul(Math.imul(part | 0, 0xcc9e2d51), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/** Knuth's product of uniforms, in steps of 30 so that exp(−mean) never underflows. */
function poisson(mean: number, uniform: () => number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 30) {
    const floor = Math.exp(-Math.min(left, 30));
    for (let product = uniform(); product > floor; product *= uniform()) count += 1;
  }
  return count;
}
