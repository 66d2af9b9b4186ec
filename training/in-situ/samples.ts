/** Labelled rows of numbers: images or table lines. */
export interface Samples {
  readonly count: number;
  /** Values of a sample. */
  readonly width: number;
  readonly classes: number;
  /** count × width, sample after sample. */
  readonly values: Float32Array;
  readonly labels: Uint8Array;
}
