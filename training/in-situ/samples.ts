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

/** The chosen samples, in the order given. */
export function selectSamples(samples: Samples, chosen: ArrayLike<number>): Samples {
  const { width, classes } = samples;
  const values = new Float32Array(chosen.length * width);
  const labels = new Uint8Array(chosen.length);
  for (let i = 0; i < chosen.length; i++) {
    const from = chosen[i] * width;
    values.set(samples.values.subarray(from, from + width), i * width);
    labels[i] = samples.labels[chosen[i]];
  }
  return { count: chosen.length, width, classes, values, labels };
}
