import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KernelExports } from './kernel-exports.ts';

/** `plain` gives the same bits on every machine; `relaxed` uses the machine's fused multiply-add where it has one. */
export type KernelBuildName = 'plain' | 'relaxed';

export interface KernelBuild {
  readonly name: KernelBuildName;
  /** `plain:<sha256>` or `relaxed:<sha256>`, for provenance. */
  readonly id: string;
  readonly module: WebAssembly.Module;
}

const loaded = new Map<KernelBuildName, KernelBuild>();

/** The build to use: relaxed only when asked for and when this JavaScript engine accepts it, plain otherwise. */
export function kernelBuild(fast = false): KernelBuild {
  return (fast ? load('relaxed') : undefined) ?? required('plain');
}

function required(name: KernelBuildName): KernelBuild {
  const build = load(name);
  if (build === undefined) throw new Error(`this JavaScript engine rejects the ${name} kernels`);
  return build;
}

function load(name: KernelBuildName): KernelBuild | undefined {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const bytes = readFileSync(new URL(`build/${name}.wasm`, import.meta.url));
  if (!WebAssembly.validate(bytes)) return undefined;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const build = { name, id: `${name}:${sha256}`, module: new WebAssembly.Module(bytes) };
  loaded.set(name, build);
  return build;
}

/** A fresh instance with memory of its own. */
export function instantiate(build: KernelBuild): KernelExports {
  const imports = { env: { abort: () => undefined } };
  return new WebAssembly.Instance(build.module, imports).exports as unknown as KernelExports;
}
