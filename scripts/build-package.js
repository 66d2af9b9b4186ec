// Compiles the TypeScript to dist/ for the npm package (`npm pack` runs it as prepack): Node refuses .ts files under
// node_modules. Types are not checked again here, `npm run check` does that. Data files the code reads beside itself are
// copied to the same places.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const ROOMS = ['wafer', 'physics', 'drivers', 'db', 'acquisition', 'analysis', 'training', 'scripts'];
const DATA = /\.(yaml|wasm|csv|json)$/;
/** Sources of the kernels: the compiled kernels are in kernels/build. */
const KERNEL_SOURCES = join('kernels', 'assembly');

process.chdir(join(import.meta.dirname, '..'));
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.package.json'], {
  // npm pack may have been asked for JSON on standard output: the compiler's words go to standard error.
  stdio: ['ignore', 2, 2],
});
for (const room of ROOMS) {
  for (const path of readdirSync(room, { recursive: true })) {
    if (DATA.test(path) && !path.includes(KERNEL_SOURCES)) cpSync(join(room, path), join('dist', room, path));
  }
}

// The compiler rewrites import specifiers, not URLs of workers and child processes.
const missing = [];
for (const path of readdirSync('dist', { recursive: true }).filter((name) => name.endsWith('.js'))) {
  const file = join('dist', path);
  const text = readFileSync(file, 'utf8').replaceAll(
    /new URL\((['"])(\.{1,2}\/[^'"]+)\.ts\1, import\.meta\.url\)/g,
    'new URL($1$2.js$1, import.meta.url)',
  );
  writeFileSync(file, text);
  for (const [, target] of text.matchAll(/new URL\(['"]([^'"]+)['"], import\.meta\.url\)/g)) {
    if (!existsSync(join(dirname(file), target))) missing.push(`${file} refers to ${target}, which is not there`);
  }
}
if (missing.length > 0) throw new Error(missing.join('\n'));
