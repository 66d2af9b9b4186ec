import type { PackedImages } from './packed-images.ts';

export interface LabelledImages {
  readonly images: PackedImages;
  /** Class of each image, 0 … classes − 1. */
  readonly labels: Uint8Array;
}

/** Choices are made on `validation`; `test` is for reporting only. */
export interface Dataset {
  readonly name: string;
  /** SHA-256 (hex) of how the images are cropped, scaled and split and of the files read: it tells data sets apart. */
  readonly sha256: string;
  readonly splitSeed: number;
  readonly inputs: number;
  readonly classes: number;
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly test: LabelledImages;
}
