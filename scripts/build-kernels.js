/**
 * Compiles the AssemblyScript of each kernels/assembly folder to the builds in the kernels/build folder beside it, or all of them into
 * the folder given. The results are committed, so that a checkout runs without a compiler; the compiler is deterministic, and a
 * test compares.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compilerPackage = createRequire(import.meta.url).resolve('assemblyscript/package.json');
const compiler = join(dirname(compilerPackage), 'bin', 'asc.js');

/** Folder, target, and the compiler's configuration that has it. */
const builds = [
  ['training/kernels', 'plain', 'asconfig.json'],
  ['training/kernels', 'relaxed', 'asconfig.json'],
  ['training/kernels', 'dense', 'asconfig.dense.json'],
  ['physics/crossbar/kernels', 'multifrontal', 'asconfig.json'],
];

for (const [folder, target, config] of builds) {
  const outDir = process.argv[2] ?? join(root, folder, 'build');
  mkdirSync(outDir, { recursive: true });
  const { status } = spawnSync(
    process.execPath,
    [compiler, '--config', config, '--target', target, '--outFile', join(outDir, `${target}.wasm`)],
    { cwd: join(root, folder, 'assembly'), stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
