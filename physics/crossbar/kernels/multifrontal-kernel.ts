/** Sparse Cholesky in WebAssembly SIMD; sources in assembly/, see there for what each function does. Addresses are numbers. */
import { readFileSync } from 'node:fs';

export interface MultifrontalKernel {
  readonly memory: WebAssembly.Memory;
  /** The first address of `bytes` bytes, 0 where there is not so much memory. What was there stays. */
  ensureBytes(bytes: number): number;
  describe(
    count: number,
    fronts: number,
    nodes: number,
    places: number,
    entryPositions: number,
    entryEdges: number,
    panels: number,
    square: number,
    stack: number,
    waiting: number,
  ): void;
  /** −1, or the node whose pivot is not positive. */
  factorise(edgeSiemens: number, diagonal: number): number;
  forwardOne(list: number, count: number, x: number): void;
  backwardOne(list: number, count: number, x: number): void;
  forwardEight(list: number, count: number, x: number): void;
  backwardEight(list: number, count: number, x: number): void;
}

/** A fresh instance with memory of its own. */
export function multifrontalKernel(): MultifrontalKernel {
  const module = new WebAssembly.Module(readFileSync(new URL('build/multifrontal.wasm', import.meta.url)));
  const imports = { env: { abort: () => undefined } };
  return new WebAssembly.Instance(module, imports).exports as unknown as MultifrontalKernel;
}
