import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let version: string | undefined;

/** The version of package.json, found upwards from this file: the same in a checkout and in an installed package. */
export function softwareVersion(): string {
  version ??= readVersion(import.meta.dirname);
  return version;
}

function readVersion(folder: string): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (name === 'tunnelbench') return version;
  } catch {
    // Not here: look one folder up.
  }
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of tunnelbench not found');
  return readVersion(parent);
}
