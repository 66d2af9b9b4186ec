import type { Dataset, LabelledImages } from '../dataset/dataset.ts';
import type { Samples } from './samples.ts';

export interface ImageSamples {
  readonly train: Samples;
  readonly validation: Samples;
  readonly test: Samples;
}

/**
 * Images as row voltages: the training mean of each pixel taken off, and the `droppedPixels` pixels that vary least left out, so
 * that as many of the array's rows can carry a bias. The corners of a cropped MNIST image hardly ever differ from 0.
 */
export function imageSamples(dataset: Dataset, droppedPixels: number): ImageSamples {
  const { mean, variance } = pixelStatistics(dataset.train);
  const kept = [...variance.keys()]
    .sort((a, b) => variance[b] - variance[a] || a - b)
    .slice(0, dataset.inputs - droppedPixels)
    .sort((a, b) => a - b);
  const place = new Int32Array(dataset.inputs).fill(-1);
  kept.forEach((pixel, i) => {
    place[pixel] = i;
  });
  const offsets = Float32Array.from(kept, (pixel) => -mean[pixel]);
  const convert = ({ images, labels }: LabelledImages): Samples => {
    const width = kept.length;
    const values = new Float32Array(images.count * width);
    for (let i = 0; i < images.count; i++) {
      values.set(offsets, i * width);
      for (let e = images.start[i]; e < images.start[i + 1]; e++) {
        const at = place[images.pixel[e]];
        if (at >= 0) values[i * width + at] += images.value[e];
      }
    }
    return { count: images.count, width, classes: dataset.classes, values, labels };
  };
  return { train: convert(dataset.train), validation: convert(dataset.validation), test: convert(dataset.test) };
}

function pixelStatistics({ images }: LabelledImages): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(images.inputs);
  const square = new Float64Array(images.inputs);
  for (let e = images.start[0]; e < images.start[images.count]; e++) {
    mean[images.pixel[e]] += images.value[e] / images.count;
    square[images.pixel[e]] += images.value[e] ** 2 / images.count;
  }
  return { mean, variance: square.map((value, p) => value - mean[p] ** 2) };
}
