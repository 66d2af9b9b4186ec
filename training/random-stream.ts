import { seededStream } from './seeded-stream.ts';

/** The uniform draws of a training: the seeded stream of a key such as (seed, member, purpose). */
export class RandomStream {
  readonly uniform: () => number;

  constructor(...key: readonly number[]) {
    this.uniform = seededStream(...key).uniform;
  }

  /** Whole number in [0, bound), bound at most 2³². */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }
}
