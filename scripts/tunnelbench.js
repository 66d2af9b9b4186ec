#!/usr/bin/env node
// The launcher. Plain JavaScript on purpose: it must run on any Node, because it decides which Node may load the rest.
// better-sqlite3 crashes on Node versions older than the one this project ships in its dependencies.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const here = dirname(fileURLToPath(import.meta.url));
const major = Number.parseInt(process.versions.node, 10);

if (major >= NEEDED_MAJOR) {
  // A checkout runs its TypeScript directly; an installed package has compiled files instead.
  const source = join(here, 'main.ts');
  const { main } = await import(existsSync(source) ? './main.ts' : '../dist/scripts/main.js');
  process.exitCode = await main(process.argv);
} else {
  const bundled = bundledNode();
  if (bundled === null) {
    console.error(
      `tunnelbench: this Node is too old. Found: ${process.version}. Expected: ${NEEDED_MAJOR} or newer. ` +
        'Run "npm ci" in the checkout, which installs a suitable Node beside the code, or install Node 24. [TB_NODE_TOO_OLD]',
    );
    process.exitCode = 1;
  } else {
    await handOver(bundled);
  }
}

/** The Node that npm installed as a dependency, or null. */
function bundledNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** Runs this file again under the other Node; signals and the exit status pass through. */
async function handOver(binary) {
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A Ctrl-C reaches both processes: the child decides what it means.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  process.exitCode = await new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
    child.on('error', (error) => {
      console.error(`tunnelbench: cannot start ${binary}: ${error.message}`);
      resolve(1);
    });
  });
}
