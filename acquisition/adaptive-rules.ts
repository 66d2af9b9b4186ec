/** What decides which pairs of a die get a loop. */
export interface AdaptiveRules {
  /** Pairs with a loop from the start: the random sample and the reference pairs. */
  readonly loopPairs: readonly number[];
  /** Of those, the random sample: every pair had the chance `sampleFraction`. */
  readonly samplePairs: readonly number[];
  readonly sampleFraction: number;
  readonly guardFraction: number;
  /** Loops that quick reads may ask for on one die. */
  readonly mostLoops: number;
}
