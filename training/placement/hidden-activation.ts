import type { Activation } from '../training-parameters.ts';

/** The hidden activation as a function of one number, in float64. */
export function hiddenActivation(activation: Activation): (x: number) => number {
  switch (activation) {
    case 'tanh':
      return Math.tanh;
    case 'hard-tanh':
      return (x) => Math.max(-1, Math.min(1, x));
    case 'relu':
      return (x) => Math.max(0, x);
  }
}
