import type { LabelledImages } from '../../training/dataset/dataset.ts';
import { packImages } from '../../training/dataset/packed-images.ts';
import { RandomStream } from '../../training/random-stream.ts';

/** Random images with about half of their pixels 0, with their zeros kept beside for the reference. */
export interface SmallImages extends LabelledImages {
  readonly dense: Float32Array;
}

export function smallImages(count: number, inputs: number, classes: number, seed: number): SmallImages {
  const random = new RandomStream(seed);
  const pixel = () => (random.uniform() < 0.5 ? 0 : random.uniform());
  const dense = Float32Array.from({ length: count * inputs }, pixel);
  const labels = Uint8Array.from({ length: count }, () => random.below(classes));
  return { dense, labels, images: packImages(dense, inputs) };
}
