import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../training/dataset/dataset.ts';
import { downscale, PAPER_DOWNSCALING } from '../../training/dataset/downscale.ts';
import { parseIdx } from '../../training/dataset/idx.ts';
import { type IdxFiles, loadDataset, mnistFiles } from '../../training/dataset/load-dataset.ts';
import { packImages, selectImages } from '../../training/dataset/packed-images.ts';

const invalid = expect.objectContaining({ code: 'TB_DATASET_INVALID' });

function idx(dimensions: number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((size, d) => {
    view.setUint32(4 + 4 * d, size);
  });
  bytes.set(data, 4 + 4 * dimensions.length);
  return bytes;
}

describe('parsing IDX', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), (dimensions) => {
        const count = dimensions.reduce((product, size) => product * size, 1);
        const data = Uint8Array.from({ length: count }, (_, i) => (37 * i) % 256);
        expect(parseIdx(idx(dimensions, data), 'file', dimensions.length)).toEqual({ dimensions, data });
      }),
    );
  });

  it('refuses a file cut anywhere, or with anything appended', () => {
    const bytes = idx([2, 3, 3], new Uint8Array(18));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseIdx(bytes.subarray(0, length), 'file', 3)).toThrow(invalid);
    }
    expect(() => parseIdx(Uint8Array.of(...bytes, 0), 'file', 3)).toThrow(/longer than its header/);
  });

  it('refuses random bytes with a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        fc.pre(bytes[2] !== 8);
        expect(() => parseIdx(bytes, 'file', 1)).toThrow(invalid);
      }),
    );
  });

  it.each([
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 3, ...new Uint8Array(40)), /compressed/],
    ['floats', Uint8Array.of(0, 0, 0x0d, 3, ...new Uint8Array(40)), /magic/],
    ['labels where images belong', idx([30], new Uint8Array(30)), /magic/],
    ['an empty dimension', idx([0, 28, 28], []), /empty/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'file', 3)).toThrow(message);
  });
});

describe('scaling down', () => {
  it('averages 2 × 2 pixels of the centre 20 × 20', () => {
    const image = new Uint8Array(28 * 28);
    image[4 * 28 + 4] = 255;
    image[5 * 28 + 5] = 255;
    image[23 * 28 + 23] = 51;
    image[3 * 28 + 10] = 255;
    const scaled = downscale(image, 28, 28, PAPER_DOWNSCALING);
    expect(scaled).toHaveLength(100);
    expect(scaled[0]).toBe(0.5);
    expect(scaled[99]).toBeCloseTo(0.05, 7);
    expect(scaled.filter((value) => value !== 0)).toHaveLength(2);
  });

  it.each([
    ['larger than the image', PAPER_DOWNSCALING],
    ['not a multiple of the block', { crop: 9, block: 2 }],
    ['empty', { crop: 0, block: 1 }],
    ['not whole', { crop: 2.5, block: 0.5 }],
    ['of blocks of nothing', { crop: 4, block: 0 }],
  ])('refuses a crop %s', (_, downscaling) => {
    expect(() => downscale(new Uint8Array(100), 10, 10, downscaling)).toThrow(invalid);
  });
});

describe('packed images', () => {
  it('hold every pixel that is not 0, in order', () => {
    const packed = packImages(Float32Array.of(0, 0.5, 0, 0.25, 0, 0, 1, 0, 0.75), 3);
    expect(packed).toEqual({
      count: 3,
      inputs: 3,
      start: Uint32Array.of(0, 1, 2, 4),
      pixel: Uint16Array.of(1, 0, 0, 2),
      value: Float32Array.of(0.5, 0.25, 1, 0.75),
    });
    expect(selectImages(packed, [2, 0])).toEqual({
      count: 2,
      inputs: 3,
      start: Uint32Array.of(0, 2, 3),
      pixel: Uint16Array.of(0, 2, 1),
      value: Float32Array.of(1, 0.75, 0.5),
    });
  });
});

describe('MNIST', () => {
  let mnist: Dataset;
  beforeAll(() => {
    mnist = loadDataset();
  });

  it('is split into 55,000, 5,000 and 10,000 images of 100 pixels', () => {
    const counts = [mnist.train, mnist.validation, mnist.test].map(({ labels, images }) => [
      labels.length,
      images.count,
    ]);
    expect(counts).toEqual([
      [55_000, 55_000],
      [5000, 5000],
      [10_000, 10_000],
    ]);
    expect([mnist.inputs, mnist.classes]).toEqual([100, 10]);
  });

  it('has 47 % of its pixels not 0 after scaling', () => {
    expect(mnist.train.images.pixel.length / (55_000 * 100)).toBeCloseTo(0.47, 2);
  });

  it('keeps every label: training and validation together have the counts of the file', () => {
    const counts = new Array(10).fill(0);
    for (const label of [...mnist.train.labels, ...mnist.validation.labels]) counts[label]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  });
});

describe("a user's IDX files", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-idx-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(name: string, images: Uint8Array, labels: Uint8Array): Pick<IdxFiles, 'testImages' | 'testLabels'> {
    const paths = { testImages: join(folder, `${name}-images`), testLabels: join(folder, `${name}-labels`) };
    writeFileSync(paths.testImages, images);
    writeFileSync(paths.testLabels, labels);
    return paths;
  }

  function files(test: Pick<IdxFiles, 'testImages' | 'testLabels'>): IdxFiles {
    const { testImages, testLabels } = write(
      'train',
      idx(
        [8, 4, 4],
        Uint8Array.from({ length: 128 }, (_, i) => i),
      ),
      idx([8], [0, 1, 2, 0, 1, 2, 0, 1]),
    );
    return { trainImages: testImages, trainLabels: testLabels, ...test };
  }

  const options = { downscaling: { crop: 4, block: 2 }, validationImages: 3, name: 'mine' };

  it('are read, whatever their size and number of classes', () => {
    const good = write('test', idx([2, 4, 4], new Uint8Array(32).fill(255)), idx([2], [2, 0]));
    const dataset = loadDataset(files(good), options);
    expect(dataset).toMatchObject({ name: 'mine', inputs: 4, classes: 3 });
    expect([dataset.train.images.count, dataset.validation.images.count]).toEqual([5, 3]);
    expect(dataset.test.images.value).toEqual(new Float32Array(8).fill(1));
    expect(loadDataset(files(good), options)).toEqual(dataset);
    expect(loadDataset(files(good), { ...options, splitSeed: 2 }).train).not.toEqual(dataset.train);
  });

  it('are refused when labels and images differ in number', () => {
    const bad = write('short', idx([2, 4, 4], new Uint8Array(32)), idx([3], [0, 1, 2]));
    expect(() => loadDataset(files(bad), options)).toThrow(/3 labels for 2 images/);
  });

  it('are refused when too few to hold out validation images', () => {
    const good = write('test', idx([2, 4, 4], new Uint8Array(32)), idx([2], [2, 0]));
    expect(() => loadDataset(files(good), { ...options, validationImages: 8 })).toThrow(invalid);
  });

  it('are missed by name', () => {
    const missing = { ...mnistFiles(), testLabels: join(folder, 'nowhere') };
    expect(() => loadDataset(missing)).toThrow(expect.objectContaining({ code: 'TB_FILE_NOT_FOUND' }));
  });
});
