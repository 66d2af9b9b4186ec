/**
 * Compiles training/kernels/assembly to the builds in training/kernels/build. The results are committed, so that a
 * checkout trains without a compiler; the compiler is deterministic, and a test compares.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const assembly = fileURLToPath(new URL('../training/kernels/assembly', import.meta.url));
const outDir = process.argv[2] ?? fileURLToPath(new URL('../training/kernels/build', import.meta.url));
const compilerPackage = createRequire(import.meta.url).resolve('assemblyscript/package.json');
const compiler = join(dirname(compilerPackage), 'bin', 'asc.js');

/** Targets and the compiler's configuration that has them. */
const builds = [
  ['plain', 'asconfig.json'],
  ['relaxed', 'asconfig.json'],
  ['dense', 'asconfig.dense.json'],
];

mkdirSync(outDir, { recursive: true });
for (const [target, config] of builds) {
  const { status } = spawnSync(
    process.execPath,
    [compiler, '--config', config, '--target', target, '--outFile', join(outDir, `${target}.wasm`)],
    { cwd: assembly, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
