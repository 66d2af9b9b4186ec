import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE_FILE } from '../../acquisition/recipe-file.ts';
import { buildDieModel } from '../../analysis/build-die-model.ts';
import { WaferReader } from '../../db/wafer-reader.ts';

const ROWS = 12;
const COLUMNS = 40;
const root = join(import.meta.dirname, '..', '..');

describe('single cells pulsed by a process that is killed', () => {
  let folder: string;
  let bench: ChildProcess;
  let ready: { benchYaml: string; controlPort: number };
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tunnelbench-pulse-kill-'));
    const script = join(root, 'drivers/simulated/bench-process.ts');
    bench = spawn(process.execPath, [script, '--seed', '4', '--geometry', `${ROWS}x${COLUMNS}`, '--dies', '1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(bench.stdout as NodeJS.ReadableStream), 'line');
    ready = JSON.parse(line);
    writeFileSync(at('bench.yaml'), ready.benchYaml);
    const recipe = readFileSync(DEFAULT_RECIPE_FILE, 'utf8');
    // Each kill in contact costs a touchdown when the work goes on.
    const changed = recipe.replace('maxTouchdownsPerDie: 4', 'maxTouchdownsPerDie: 20');
    writeFileSync(at('recipe.yaml'), changed.replace('cellsPerDie: 20, loops: 50', 'cellsPerDie: 60, loops: 8'));
    const fields = ['lot', 'wafer', 'notch', 'operator', 'station', 'probe-card', 'purpose'];
    const words = fields.flatMap((field) => [`--${field}`, 'unknown']);
    const measured = await run(
      'measure',
      at('bench.yaml'),
      '--out',
      at('w.sqlite'),
      '--recipe',
      at('recipe.yaml'),
      ...words,
    );
    expect(measured.text).toContain('Did it finish?\n  Yes.');
  }, 300_000);
  afterAll(async () => {
    bench.stdin?.end();
    if (bench.exitCode === null) await once(bench, 'exit');
    rmSync(folder, { recursive: true });
  });

  function tunnelbench(...words: string[]): ChildProcess {
    return spawn(process.execPath, [join(root, 'scripts/tunnelbench.js'), ...words], { stdio: 'pipe', cwd: folder });
  }

  async function run(...words: string[]): Promise<{ text: string; status: number }> {
    const child = tunnelbench(...words);
    let text = '';
    child.stdout?.on('data', (bytes) => (text += bytes));
    child.stderr?.on('data', (bytes) => (text += bytes));
    const [status] = await once(child, 'exit');
    return { text, status };
  }

  /** Kills the command as soon as its journal has so many lines. */
  async function killed(journal: string, lines: number, ...words: string[]): Promise<void> {
    const child = tunnelbench(...words);
    child.stdout?.resume();
    child.stderr?.resume();
    while (journalLines(journal).length < lines && child.exitCode === null) await wait(5);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  }

  function journalLines(name: string): Record<string, unknown>[] {
    try {
      const text = readFileSync(at(name), 'utf8');
      return text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    } catch {
      return [];
    }
  }

  async function violations(): Promise<unknown[]> {
    const socket = connect(ready.controlPort, '127.0.0.1');
    socket.write(`${JSON.stringify({ id: 1, command: 'ledger' })}\n`);
    const [line] = await once(createInterface(socket), 'line');
    socket.destroy();
    return JSON.parse(line).result.violations;
  }

  it('writes a map to its end over three kills, no pair twice', async () => {
    const reader = WaferReader.open(at('w.sqlite'));
    const model = buildDieModel(reader, 0);
    reader.close();
    const targets = Array.from({ length: ROWS }, (_, row) =>
      Array.from({ length: COLUMNS }, (_, column) => ((3 * row + column) % 7 < 3 ? 'P' : 'A')).join(''),
    );
    const map = { solutionId: 's', format: 'tunnelbench-programming-map', version: 1, dieModelId: model.id };
    writeFileSync(at('map.json'), JSON.stringify({ ...map, geometry: model.geometry, targets, doubtful: [] }));
    const words = ['program', at('map.json'), '--bench', at('bench.yaml'), '--measured', at('w.sqlite')];
    words.push('--recipe', at('recipe.yaml'), '--journal', at('map.jsonl'));
    const dry = await run(...words, '--dry-run');
    expect(dry.status).toBe(0);
    expect(dry.text).toContain(`${ROWS * COLUMNS} cells`);
    expect(journalLines('map.jsonl')).toEqual([]);
    const late = await run(...words, '--deadline', '0.0001');
    expect(late.text).toContain('TB_DEADLINE_EXCEEDED');

    for (const lines of [40, 130, 260]) await killed('map.jsonl', lines, ...words);
    const last = await run(...words);
    const report = JSON.parse(readFileSync(at('map.json.written.json'), 'utf8'));
    expect(report.end).toBe('finished');
    expect(report.cells).toHaveLength(ROWS * COLUMNS);
    expect(last.status).toBe(report.errors.length > 0 ? 1 : 0);
    const looks = journalLines('map.jsonl').filter(({ t, look }) => t === 'pair' && look === 1);
    expect(looks).toHaveLength((ROWS * COLUMNS) / 2);
    expect(new Set(looks.map(({ pair }) => pair)).size).toBe(looks.length);
    expect(await violations()).toEqual([]);
  }, 300_000);

  it('trains to the end over two kills; and refuses what the deadline does not allow', async () => {
    const words = [
      'train',
      'in-situ',
      '--bench',
      at('bench.yaml'),
      '--measured',
      at('w.sqlite'),
      '--recipe',
      at('recipe.yaml'),
    ];
    words.push('--hidden', '4', '--epochs', '40', '--amplitude', 'calibrated', '--judge', 'test');
    words.push('--journal', at('train.jsonl'), '--report', at('train.json'));
    const refused = await run(...words, '--deadline', '0.0001');
    expect(refused.text).toMatch(/all cells at once would need \d+/);
    expect(refused.text).toContain('time, serial');
    expect(refused.text).toContain('TB_DEADLINE_EXCEEDED');
    expect(journalLines('train.jsonl')).toEqual([]);

    for (const lines of [30, 80]) await killed('train.jsonl', lines, ...words);
    const last = await run(...words);
    expect(last.text).toContain('bench left safe, read back');
    expect(last.status).toBe(0);
    const report = JSON.parse(readFileSync(at('train.json'), 'utf8'));
    expect(report.end).toBe('finished');
    const armed = journalLines('train.jsonl').flatMap(({ t, cells }) => (t === 'arm' ? (cells as number[]) : []));
    expect(report.pulses).toBe(armed.length);
    expect(report.accuracy).toBeGreaterThan(0.7);
    expect(await violations()).toEqual([]);
    // The measurement, four runs that wrote and three that trained: all in the wafer file, whose count is never reset.
    const reader = WaferReader.open(at('w.sqlite'));
    expect(reader.dies()[0].touchdowns).toBe(8);
    reader.close();
  }, 300_000);
});
