import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const MINUTES = 60_000;

let folder: string;

/** A command in a folder, as somebody types it there; rejects with what it printed when its status is not zero. */
async function run(cwd: string, command: string, ...words: string[]): Promise<string> {
  // What npm sets for the scripts it runs describes this checkout, not the folder of the installation.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { stdout } = await promisify(execFile)(command, words, { cwd, env, maxBuffer: 1e8 });
  return stdout;
}
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-package-'));
  const packed = await run(root, 'npm', 'pack', '--json', '--pack-destination', folder);
  const [tarball] = readdirSync(folder);
  expect(packed).toContain(tarball);
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  await run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`);
}, 10 * MINUTES);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('installs into an empty folder without a TypeScript file that Node would refuse', async () => {
  const installed = join(folder, 'node_modules', 'tunnelbench');
  const files = readdirSync(installed, { recursive: true }).map(String);
  expect(files.filter((name) => name.endsWith('.ts'))).toEqual([]);
  for (const name of ['LICENSE', 'drivers/PROTOCOL.md', 'docs/errors.md']) expect(files).toContain(join(name));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect((await run(folder, 'npx', 'tunnelbench', '--version')).trim()).toBe(version);
});

it('measures, reports and verifies as the checkout does', { timeout: 5 * MINUTES }, async () => {
  const output = await run(folder, 'npx', 'tunnelbench', 'demo', '--cells', '200', '--out', 'x');
  expect(output).toContain('Yes. 200 of 200 cells');
  expect(output).toContain('no violations of the safe order');
  const file = join('x', 'wafer-1.sqlite');
  expect(existsSync(join(folder, 'x', 'report', 'wafer.html'))).toBe(true);
  expect(await run(folder, 'npx', 'tunnelbench', 'verify', file)).toMatch(/^sound$/m);
});

it('holds the kernels, the workers and the tables of the training', { timeout: 5 * MINUTES }, async () => {
  const few = ['--epochs', '1', '--validation-images', '58000', '--workers', '1', '--store', 'models.sqlite'];
  await run(folder, 'npx', 'tunnelbench', 'train', 'defect-free', ...few);
  expect(existsSync(join(folder, 'models.sqlite'))).toBe(true);
  const table = pathToFileURL(join(folder, 'node_modules/tunnelbench/dist/training/dataset/load-table.js')).href;
  const script = `const { loadTable } = await import('${table}'); console.log(loadTable('iris').count);`;
  expect((await run(folder, process.execPath, '--input-type=module', '--eval', script)).trim()).toBe('150');
});
