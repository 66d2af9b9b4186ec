import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('libvisa', import.meta.url));

/** Whether the tests that need a compiler run: in CI always, elsewhere only where there is one. */
export const canCompile = process.env.CI !== undefined || compilerAnswers();

function compilerAnswers(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('The VISA tests are skipped: they compile a small library with gcc, which is not installed.');
    return false;
  }
}

/** Our libvisa, compiled into a folder of its own; options such as -DWITHOUT_TERMINATE make it less complete. */
export function compileLibvisa(...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-libvisa-'));
  const path = join(folder, 'libvisa.so');
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.c'));
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared'];
  const command = [...flags, '-fvisibility=hidden', ...options, '-o', path, ...files, '-lpthread'];
  execFileSync('gcc', command, { cwd: SOURCES, stdio: 'inherit' });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

/** A library that loads and is no VISA. */
export function compileOtherLibrary() {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-other-'));
  const path = join(folder, 'libother.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', path], { input: 'int viOpen(void) { return 0; }\n' });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
