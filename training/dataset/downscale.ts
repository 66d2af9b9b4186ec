import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** How images are made small enough for the array. Borders et al. give the sizes (28 to 10), not the way. */
export interface Downscaling {
  /** Side of the centre crop, pixels. */
  readonly crop: number;
  /** Side of the squares averaged into one pixel; divides the crop. */
  readonly block: number;
}

/** 28 × 28 → centre 20 × 20, which holds every MNIST digit's body → 2 × 2 means → 10 × 10. */
export const PAPER_DOWNSCALING: Downscaling = Object.freeze({ crop: 20, block: 2 });

/** Packed images number their pixels with 16 bits. */
const MAX_SIDE = 256;

/**
 * Crops to the centre and averages, to values in [0, 1].
 *
 * @param bytes images of rows × columns grey values 0 … 255, image after image
 * @returns images of (crop / block)² values
 * @throws TB_DATASET_INVALID when the images do not hold the crop
 */
export function downscale(
  bytes: Uint8Array,
  rows: number,
  columns: number,
  { crop, block }: Downscaling,
): Float32Array {
  const areSides = [crop, block].every((side) => Number.isInteger(side) && side >= 1);
  if (!areSides || crop > rows || crop > columns || crop % block !== 0 || crop / block > MAX_SIDE) {
    throw new TunnelbenchError('TB_DATASET_INVALID', {
      thing: 'images',
      what: 'they cannot be cropped and averaged as asked',
      value: `${rows} × ${columns} pixels, crop ${crop}, block ${block}`,
      expected: `a crop no larger than the image, a multiple of the block, at most ${MAX_SIDE} blocks`,
      remedy: 'Choose another crop or block.',
    });
  }
  const count = bytes.length / (rows * columns);
  const side = crop / block;
  const top = Math.floor((rows - crop) / 2);
  const left = Math.floor((columns - crop) / 2);
  const scaled = new Float32Array(count * side * side);
  let out = 0;
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const corner = (image * rows + top + y * block) * columns + left + x * block;
        scaled[out++] = squareSum(bytes, corner, columns, block) / (255 * block * block);
      }
    }
  }
  return scaled;
}

function squareSum(bytes: Uint8Array, corner: number, columns: number, block: number): number {
  let sum = 0;
  for (let dy = 0; dy < block; dy++) {
    for (let dx = 0; dx < block; dx++) sum += bytes[corner + dy * columns + dx];
  }
  return sum;
}
