import type { PackedImages } from '../dataset/packed-images.ts';
import type { KernelExports } from './kernel-exports.ts';

/** Copies packed images into a configured instance, as {u32 pixel, f32 value} entries with byte offsets per image. */
export function loadImages(kernel: KernelExports, images: PackedImages): void {
  const { buffer } = kernel.memory;
  const start = new Uint32Array(buffer, kernel.addressOfImageStart(), images.count + 1);
  for (let i = 0; i <= images.count; i++) start[i] = (images.start[i] - images.start[0]) * 8;
  const first = images.start[0];
  const entries = images.start[images.count] - first;
  const pixels = new Uint32Array(buffer, kernel.addressOfImageEntries(), 2 * entries);
  const values = new Float32Array(buffer, kernel.addressOfImageEntries(), 2 * entries);
  for (let e = 0; e < entries; e++) {
    pixels[2 * e] = images.pixel[first + e];
    values[2 * e + 1] = images.value[first + e];
  }
}
