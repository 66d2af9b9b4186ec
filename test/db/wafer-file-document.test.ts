import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { SweepRecord } from '../../db/records.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { beginSession, samplePair, sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

const PAGE = readFileSync(new URL('../../docs/wafer-file.md', import.meta.url), 'utf8');
const TABLES = PAGE.slice(PAGE.indexOf('## Tables'));
const [standardLibrary, numpy] = [...PAGE.matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code);

function hasModule(name: string): boolean {
  return spawnSync('python3', ['-c', `import ${name}`]).status === 0;
}

async function measuredFile(): Promise<{ file: string; sweep: SweepRecord }> {
  const file = temporaryFile();
  const writer = await WaferWriter.create(file, sampleWafer());
  const { plan, attempt } = await beginSession(writer);
  const pair = samplePair(plan, attempt, 5);
  writer.addSweeps(pair);
  await writer.close();
  return { file, sweep: pair.sweeps[1] };
}

/** Runs a snippet of the page on a cell; its lines as numbers. */
function runSnippet(code: string, file: string, cell: number): number[][] {
  const output = execFileSync('python3', ['-', file, String(cell)], { input: code, encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
}

function expectReadings(lines: number[][], { readings }: SweepRecord): void {
  expect(lines.map(([volts]) => Math.fround(volts))).toEqual([...readings.volts]);
  expect(lines.map(([, amps]) => Math.fround(amps))).toEqual([...readings.amps]);
  expect(lines.map(([, , flags]) => flags)).toEqual([...readings.flags]);
}

describe('the page on the wafer file', () => {
  it('has a Python snippet that reads and checks a sweep', async ({ skip }) => {
    if (!hasModule('sqlite3')) return skip('no python3 here');
    const { file, sweep } = await measuredFile();
    expectReadings(runSnippet(standardLibrary, file, sweep.cell), sweep);
  });

  it('has a numpy snippet that reads a sweep', async ({ skip }) => {
    if (!hasModule('numpy')) return skip('no numpy here');
    const { file, sweep } = await measuredFile();
    expectReadings(runSnippet(numpy, file, sweep.cell), sweep);
  });

  it('names every table, view and column, and its SQL runs', async () => {
    const { file } = await measuredFile();
    const db = new Database(file, { readonly: true });
    const objects = db
      .prepare("SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
      .all() as { type: string; name: string }[];
    expect(objects.length).toBeGreaterThan(12);
    for (const { type, name } of objects) {
      const line = TABLES.split('\n').find((text) => text.startsWith(`| \`${name}\` |`)) ?? '';
      expect(line, `line of ${type} ${name}`).not.toBe('');
      if (type === 'view') continue;
      for (const column of db.pragma(`table_info(${name})`) as { name: string }[]) {
        expect(line, `line of ${name}`).toContain(`\`${column.name}\``);
      }
    }
    const [, sql] = /```sql\n(.*?)```/s.exec(PAGE) as RegExpExecArray;
    for (const statement of sql.split(';').filter((text) => text.trim() !== '')) db.prepare(statement).all();
    db.close();
  });
});
