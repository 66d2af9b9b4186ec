import type { PackedImages } from '../dataset/packed-images.ts';
import type { KernelExports } from './kernel-exports.ts';

/** Copies packed images into a configured instance, as entries {u32 byte offset of the pixel's row, f32 value}. */
export function loadImages(kernel: KernelExports, images: PackedImages): void {
  const { buffer } = kernel.memory;
  const start = new Uint32Array(buffer, kernel.addressOfImageStart(), images.count + 1);
  for (let i = 0; i <= images.count; i++) start[i] = (images.start[i] - images.start[0]) * 8;
  const first = images.start[0];
  const entries = images.start[images.count] - first;
  const rowBytes = 4 * kernel.hiddenStride();
  const offsets = new Uint32Array(buffer, kernel.addressOfImageEntries(), 2 * entries);
  const values = new Float32Array(buffer, kernel.addressOfImageEntries(), 2 * entries);
  for (let e = 0; e < entries; e++) {
    offsets[2 * e] = images.pixel[first + e] * rowBytes;
    values[2 * e + 1] = images.value[first + e];
  }
}
