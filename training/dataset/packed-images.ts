/**
 * Images with their zero pixels left out: about half of a cropped MNIST image is 0, and a product with 0 is work for
 * nothing. Image i's pixels are entries start[i] … start[i + 1] − 1, in ascending pixel order.
 */
export interface PackedImages {
  readonly count: number;
  /** Pixels of an image, zeros included. */
  readonly inputs: number;
  /** count + 1 entries. */
  readonly start: Uint32Array;
  /** Pixel number of each entry. */
  readonly pixel: Uint16Array;
  /** Value of each entry, in (0, 1]. */
  readonly value: Float32Array;
}

/** Packs `count` images of `inputs` values each, image after image. */
export function packImages(dense: Float32Array, inputs: number): PackedImages {
  const count = dense.length / inputs;
  const start = new Uint32Array(count + 1);
  let nonZero = 0;
  for (const value of dense) if (value !== 0) nonZero++;
  const pixel = new Uint16Array(nonZero);
  const value = new Float32Array(nonZero);
  let entry = 0;
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < inputs; p++) {
      const x = dense[i * inputs + p];
      if (x === 0) continue;
      pixel[entry] = p;
      value[entry++] = x;
    }
    start[i + 1] = entry;
  }
  return { count, inputs, start, pixel, value };
}

/** The chosen images, in the order given. */
export function selectImages(images: PackedImages, chosen: ArrayLike<number>): PackedImages {
  const start = new Uint32Array(chosen.length + 1);
  for (let i = 0; i < chosen.length; i++) {
    start[i + 1] = start[i] + images.start[chosen[i] + 1] - images.start[chosen[i]];
  }
  const pixel = new Uint16Array(start[chosen.length]);
  const value = new Float32Array(start[chosen.length]);
  for (let i = 0; i < chosen.length; i++) {
    const from = images.start[chosen[i]];
    const to = images.start[chosen[i] + 1];
    pixel.set(images.pixel.subarray(from, to), start[i]);
    value.set(images.value.subarray(from, to), start[i]);
  }
  return { count: chosen.length, inputs: images.inputs, start, pixel, value };
}
