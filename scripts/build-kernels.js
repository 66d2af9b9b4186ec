/**
 * Compiles training/kernels/assembly to the two builds in training/kernels/build. The results are committed, so that a
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

mkdirSync(outDir, { recursive: true });
for (const target of ['plain', 'relaxed']) {
  const outFile = join(outDir, `${target}.wasm`);
  const { status } = spawnSync(
    process.execPath,
    [compiler, '--config', 'asconfig.json', '--target', target, '--outFile', outFile],
    { cwd: assembly, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
