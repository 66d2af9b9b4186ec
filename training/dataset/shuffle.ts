import type { RandomStream } from '../random-stream.ts';

/** 0 … count − 1 in random order. */
export function shuffledOrder(count: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  shuffleInPlace(order, random);
  return order;
}

/** Fisher and Yates. */
export function shuffleInPlace(order: Uint32Array, random: RandomStream): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}
