// Compiles the TypeScript to dist/ for the npm package (`npm pack` runs it as prepack): Node refuses .ts files under
// node_modules. Data files the code reads beside itself are copied to the same places.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const ROOMS = ['wafer', 'physics', 'drivers', 'db', 'acquisition', 'analysis', 'training', 'scripts'];
const DATA = /\.(yaml|wasm|lua|sql|json|css|py)$/;

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.package.json'], {
  stdio: 'inherit',
});
for (const room of ROOMS) {
  for (const path of readdirSync(room, { recursive: true })) {
    if (DATA.test(path) && !path.startsWith('kernels/assembly')) cpSync(`${room}/${path}`, `dist/${room}/${path}`);
  }
}

// The compiler rewrites import specifiers, not URLs of workers and child processes.
for (const path of readdirSync('dist', { recursive: true }).filter((name) => name.endsWith('.js'))) {
  const text = readFileSync(`dist/${path}`, 'utf8');
  const rewritten = text.replaceAll(
    /new URL\((['"])(\.{1,2}\/[^'"]+)\.ts\1, import\.meta\.url\)/g,
    'new URL($1$2.js$1, import.meta.url)',
  );
  if (rewritten !== text) writeFileSync(`dist/${path}`, rewritten);
}
