import type { LabelledImages } from '../dataset/dataset.ts';

/** The images with their arrays in shared memory: every worker then reads the same bytes instead of a copy. */
export function sharedImages({ images, labels }: LabelledImages): LabelledImages {
  return {
    labels: share(labels, Uint8Array),
    images: {
      ...images,
      start: share(images.start, Uint32Array),
      pixel: share(images.pixel, Uint16Array),
      value: share(images.value, Float32Array),
    },
  };
}

type Elements = Uint8Array | Uint16Array | Uint32Array | Float32Array;

function share<T extends Elements>(source: T, type: new (buffer: SharedArrayBuffer) => T): T {
  const copy = new type(new SharedArrayBuffer(source.byteLength));
  copy.set(source);
  return copy;
}
