import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { afterAll, describe, expect, it } from 'vitest';
import { kernelBuild } from '../../training/kernels/kernel-build.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the committed kernels', () => {
  it('are what the sources compile to', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/build-kernels.js', folder], { cwd: root });
    expect(status, String(stderr)).toBe(0);
    for (const [builds, name] of [
      ['training/kernels/build', 'plain.wasm'],
      ['training/kernels/build', 'relaxed.wasm'],
      ['training/kernels/build', 'dense.wasm'],
      ['physics/crossbar/kernels/build', 'multifrontal.wasm'],
    ]) {
      const committed = readFileSync(join(root, builds, name));
      expect(readFileSync(join(folder, name)).equals(committed), `${name}: run "npm run build:kernels"`).toBe(true);
    }
  }, 60_000);

  it('are told apart by name and content', () => {
    expect(kernelBuild(false).id).toMatch(/^plain:[0-9a-f]{64}$/);
    expect(kernelBuild(true).id).toMatch(/^(plain|relaxed):[0-9a-f]{64}$/);
    expect(kernelBuild(true).id === kernelBuild(false).id).toBe(kernelBuild(true).name === 'plain');
  });
});

/** Compiles the kernels' arithmetic alone, with a loop around each function. */
async function compileArithmetic(features: string[]): Promise<(name: string, values: Float32Array) => Float32Array> {
  const loop = (name: string, inner: string) =>
    `export function ${name}(at: usize, end: usize): void {
       for (; at < end; at += 16) v128.store(at, ${inner}(v128.load(at)));
     }`;
  const source = `import { exponential, hyperbolicTangent, logarithm } from './arithmetic';
    export function reserve(pages: i32): usize { return <usize>memory.grow(pages) << 16; }
    ${loop('exp', 'exponential')} ${loop('tanh', 'hyperbolicTangent')} ${loop('log', 'logarithm')}`;
  const read = (name: string) => readFileSync(join(root, 'training/kernels/assembly', name), 'utf8');
  writeFileSync(join(folder, 'arithmetic.ts'), read('arithmetic.ts'));
  writeFileSync(join(folder, 'loops.ts'), source);
  const outFile = join(folder, `loops-${features.length}.wasm`);
  const enable = features.flatMap((feature) => ['--enable', feature]);
  const fixed = ['--baseDir', folder, '--runtime', 'stub', '-O3', '--disableWarning', '112'];
  const { error, stderr } = await asc.main(['loops.ts', '--outFile', outFile, ...fixed, ...enable]);
  if (error !== null) throw new Error(stderr.toString());
  const module = new WebAssembly.Module(readFileSync(outFile));
  const exports = new WebAssembly.Instance(module, { env: { abort: () => undefined } }).exports as Record<
    string,
    (...args: number[]) => number
  > & { memory: WebAssembly.Memory };
  const at = exports.reserve(64);
  return (name, values) => {
    const inside = new Float32Array(exports.memory.buffer, at, values.length);
    inside.set(values);
    exports[name](at, at + 4 * values.length);
    return inside.slice();
  };
}

describe.each([
  ['plain', ['simd']],
  ['relaxed', ['simd', 'relaxed-simd']],
])('the arithmetic of the %s build', async (_, features) => {
  const compute = await compileArithmetic(features);
  const count = 400_000;
  const between = (low: number, high: number) =>
    Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

  function worst(values: Float32Array, name: string, error: (found: number, x: number) => number): number {
    return compute(name, values).reduce((most, found, i) => Math.max(most, error(found, values[i])), 0);
  }

  it('has exp to a relative 2e-7 from −87 to 88', () => {
    expect(worst(between(-87, 88), 'exp', (y, x) => Math.abs(y / Math.exp(x) - 1))).toBeLessThan(2e-7);
  });

  it('has exp within its range for anything beyond', () => {
    const [low, high] = compute('exp', Float32Array.of(-1e30, 1e30, 0, 0));
    expect(low / Math.exp(-87)).toBeCloseTo(1, 6);
    expect(high / Math.exp(88)).toBeCloseTo(1, 6);
  });

  it('has tanh to an absolute 4e-7, and to a relative 1e-6 near 0', () => {
    expect(worst(between(-12, 12), 'tanh', (y, x) => Math.abs(y - Math.tanh(x)))).toBeLessThan(4e-7);
    const small = between(1e-12, 0.5);
    expect(worst(small, 'tanh', (y, x) => Math.abs(y / Math.tanh(x) - 1))).toBeLessThan(1e-6);
  });

  it('has ln to a relative 3e-7 on all numbers the sampler can draw', () => {
    const drawn = Float32Array.from({ length: count }, (_, i) => (21 * i + 0.5) / 2 ** 23);
    expect(worst(drawn, 'log', (y, x) => Math.abs(y / Math.log(x) - 1))).toBeLessThan(3e-7);
    const smallest = Float32Array.of(0.5 / 2 ** 23, 1 - 0.5 / 2 ** 23, 1, 0.5);
    compute('log', smallest).forEach((y, i) => {
      expect(y).toBeCloseTo(Math.log(smallest[i]), 6);
    });
  });
});
