/** Dense products of whole batches in WebAssembly SIMD (assembly/dense.ts). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Addresses and byte counts are numbers; see assembly/dense.ts for what each function does. */
export interface DenseKernelExports {
  readonly memory: WebAssembly.Memory;
  reserveBytes(bytes: number): number;
  product(
    c: number,
    a: number,
    b: number,
    rows: number,
    depth: number,
    columns: number,
    aRow: number,
    aDepth: number,
    bRow: number,
    cRow: number,
  ): void;
  activate(at: number, count: number, gain: number): void;
  throughActivation(error: number, activation: number, count: number, gain: number): void;
}

const bytes = readFileSync(new URL('build/dense.wasm', import.meta.url));
const module = new WebAssembly.Module(bytes);

/** `dense:<sha256>`, for provenance. */
export const DENSE_KERNEL_ID = `dense:${createHash('sha256').update(bytes).digest('hex')}`;

/** A fresh instance with memory of its own. */
export function denseKernel(): DenseKernelExports {
  const imports = { env: { abort: () => undefined } };
  return new WebAssembly.Instance(module, imports).exports as unknown as DenseKernelExports;
}
