/** Shape of a two-layer network without biases. */
export interface NetworkShape {
  /** Pixels of an image. */
  readonly inputs: number;
  readonly hidden: number;
  /** Classes. */
  readonly outputs: number;
}

/**
 * 100-90-10: the only two-layer network without biases that fills 19,800 of 20,000 junctions with two junctions per
 * weight (100 × 90 + 90 × 10 = 9,900 weights). Derived from Borders et al., figure 2; the paper does not print it.
 */
export const PAPER_SHAPE: NetworkShape = Object.freeze({ inputs: 100, hidden: 90, outputs: 10 });

/** Weights of both layers together. */
export function weightCount({ inputs, hidden, outputs }: NetworkShape): number {
  return inputs * hidden + hidden * outputs;
}
