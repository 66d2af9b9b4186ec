import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReferenceProcess } from './reference-process.ts';

/** Debian's packages belong to Debian's interpreter, whatever stands first on the path. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

export interface PymeasureRun {
  readonly cells: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly fileBytes: number;
}

/** The first Python that has PyMeasure and PyVISA-py; null without one. */
export function pymeasurePython(): string | null {
  const usable = (python: string) => spawnSync(python, ['-c', 'import pymeasure, pyvisa, pyvisa_py']).status === 0;
  return PYTHONS.find(usable) ?? null;
}

/** Sweeps by PyMeasure over the instrument whose programme an earlier run has loaded. */
export async function pymeasureRun(
  python: string,
  reference: ReferenceProcess,
  pairs: number,
  points: number,
): Promise<PymeasureRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  try {
    const program = join(import.meta.dirname, 'pymeasure_sweeps.py');
    const args = [program, reference.resources.smu, String(pairs), String(points), join(folder, 'sweeps.csv')];
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== 0) throw new Error(`PyMeasure ended with status ${status}`);
    return JSON.parse(output) as PymeasureRun;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
