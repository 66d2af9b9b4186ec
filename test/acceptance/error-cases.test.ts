import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_RECIPE_FILE } from '../../acquisition/recipe-file.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { FaultSettings } from '../../drivers/simulated/bench-control.ts';
import { BenchProcess, type BenchState, FIELD_OPTIONS, notAtRest, tunnelbench } from './bench-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let bench: BenchProcess;
let folder: string;
let benchFile: string;
let file: string;
let before: BenchState;

beforeAll(async () => {
  bench = await BenchProcess.start('--seed', '7', '--geometry', '10x12', '--dies', '2');
});
afterAll(() => bench.close());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-errors-'));
  benchFile = join(folder, 'bench.yaml');
  file = join(folder, 'wafer.sqlite');
  writeFileSync(benchFile, bench.benchYaml);
  before = await bench.state();
});
afterEach(() => rmSync(folder, { recursive: true }));

const measure = (...more: string[]) => tunnelbench('measure', benchFile, '--out', file, ...FIELD_OPTIONS, ...more);

/** Nothing was ever switched on, no needle touched, nothing that must never happen happened. */
async function expectUntouched(): Promise<void> {
  const after = await bench.state();
  expect(notAtRest(after)).toEqual([]);
  expect(after.energised).toEqual(before.energised);
  expect(after.touchdowns).toBe(before.touchdowns);
  expect(await bench.violations()).toEqual([]);
}

function expectError({ status, output }: { status: number | null; output: string }, code: string, text: RegExp): void {
  expect(output).toContain(`[${code}]`);
  expect(output).toMatch(text);
  expect(output).not.toContain('This is a defect in tunnelbench');
  expect(status).toBe(1);
}

/** No file at all, or a closed one that verifies, with the end of its session recorded; never a half-written one. */
function expectWholeFile(): void {
  const left = readdirSync(folder).filter((name) => name.startsWith('wafer.sqlite'));
  if (left.length === 0) return;
  expect(left).toEqual(['wafer.sqlite']);
  expect(verifyWafer(file).problems).toBe(0);
  const reader = WaferReader.open(file);
  const ends = reader.sessions().map(({ end }) => end);
  reader.close();
  expect(ends).toEqual(['failed']);
}

describe('what can be refused without an instrument leaves the bench alone and makes no file', () => {
  afterEach(async () => {
    await expectUntouched();
    expect(existsSync(file)).toBe(false);
  });

  it('a bench file with a misspelt key, with its line and column', async () => {
    const lines = bench.benchYaml.replace('overdriveMicrometres', 'overdriveMikrometres').split('\n');
    writeFileSync(benchFile, lines.join('\n'));
    const line = lines.findIndex((text) => text.includes('Mikro')) + 1;
    expectError(
      await measure(),
      'TB_BENCH_FILE_INVALID',
      new RegExp(`bench\\.yaml:${line}:\\d+: .*overdriveMikrometres`),
    );
  });

  it('a bench file without a gate voltage', async () => {
    writeFileSync(benchFile, bench.benchYaml.replace(/^gate:.*$/m, ''));
    expectError(await measure(), 'TB_BENCH_FILE_INVALID', /bench\.yaml:\d+:\d+: gate.*no default/);
  });

  it('a recipe with a number that is none, with its line and column', async () => {
    const recipe = join(folder, 'recipe.yaml');
    const lines = readFileSync(DEFAULT_RECIPE_FILE, 'utf8').replace('guardSigmas: 3', 'guardSigmas: three').split('\n');
    writeFileSync(recipe, lines.join('\n'));
    const line = lines.findIndex((text) => text.includes('three')) + 1;
    const place = new RegExp(`recipe\\.yaml:${line}:\\d+: .*guardSigmas`);
    expectError(await measure('--recipe', recipe), 'TB_RECIPE_INVALID', place);
  });

  it('a bench whose ceiling the recipe exceeds', async () => {
    writeFileSync(benchFile, bench.benchYaml.replace('junctionVolts: 0.80', 'junctionVolts: 0.60'));
    expectError(await measure(), 'TB_PLAN_OVER_LIMIT', /800 mV.*at most 600 mV/);
  });

  it('a session field that was not given', async () => {
    const named = FIELD_OPTIONS.filter((_, i) => FIELD_OPTIONS[i & ~1] !== '--operator');
    const run = await tunnelbench('measure', benchFile, '--out', file, ...named);
    expectError(run, 'TB_SESSION_FIELD_MISSING', /operator.*unknown/s);
  });

  it('a deadline that the plan cannot meet, with what would meet it', async () => {
    expectError(await measure('--deadline', '0.001'), 'TB_DEADLINE_EXCEEDED', /\d h|hours/);
  });

  it('an instrument that nobody answers for', async () => {
    const port = await freePort();
    const resource = `TCPIP0::127.0.0.1::${port}::SOCKET`;
    writeFileSync(benchFile, bench.benchYaml.replace(/(prober: .*resource: )'[^']*'/, `$1'${resource}'`));
    expectError(await measure(), 'TB_LINK_UNREACHABLE', new RegExp(`prober.*${port}`));
  });

  it('another instrument at an address', async () => {
    const [, smu] = /smu:[\s\S]*?resource: ('[^']*')/.exec(bench.benchYaml) as RegExpExecArray;
    writeFileSync(benchFile, bench.benchYaml.replace(/(keysight-e36300\s+resource: )'[^']*'/, `$1${smu}`));
    expectError(await measure(), 'TB_INSTRUMENT_WRONG_MODEL', /supplies.*2602B/);
  });
});

describe('what only the instruments can tell is found before anything is energised or touched', () => {
  const clear: FaultSettings = {
    waferId: 'SIM-7',
    dieShift: null,
    interlockOpen: false,
    stuckLimitAmps: { columnA: null },
  };
  afterEach(async () => {
    await bench.faults(clear);
    await expectUntouched();
    expectWholeFile();
  });

  it.each<[string, FaultSettings, string, RegExp]>([
    ['an open interlock', { interlockOpen: true }, 'TB_INTERLOCK_OPEN', /interlock is open/],
    ['a limit that reads back different', { stuckLimitAmps: { columnA: 7e-3 } }, 'TB_LIMIT_NOT_VERIFIED', /0\.007 A/],
    ['another wafer on the chuck', { waferId: 'W-OTHER' }, 'TB_WAFER_MISMATCH', /W-OTHER.*SIM-7/],
    ['a prober that goes to another die', { dieShift: { x: 1, y: 0 } }, 'TB_PROBER_POSITION', /prober/],
  ])('%s', async (_, faults, code, text) => {
    await bench.faults(faults);
    expectError(await measure('--dies', '0'), code, text);
  });
});

describe('files', () => {
  it('of a newer version are not resumed, read or changed', async () => {
    const run = await measure('--dies', '0', '--cells', '4');
    expect(run.status).toBe(0);
    before = await bench.state();
    const db = new Database(file);
    db.pragma('user_version = 99');
    db.close();
    const bytes = readFileSync(file);
    for (const words of [
      ['resume', file, '--bench', benchFile],
      ['verify', file],
      ['report', file],
      ['summary', file],
    ]) {
      expectError(await tunnelbench(...words), 'TB_FILE_NEWER', /schema version 99/);
    }
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith('wafer.sqlite-'))).toEqual([]);
    await expectUntouched();
  });

  it('are never overwritten', async () => {
    writeFileSync(file, 'not yours');
    expectError(await measure(), 'TB_FILE_EXISTS', /wafer\.sqlite/);
    expect(readFileSync(file, 'utf8')).toBe('not yours');
    await expectUntouched();
  });

  it('find no room on a full disk: refused before anything is energised', async ({ skip }) => {
    const small = smallFileSystem(40);
    if (small === null) return skip('this process may not mount a file system');
    file = join(small, 'wafer.sqlite');
    expectError(await measure(), 'TB_DISK_FULL', /room/);
    expect(readdirSync(small)).toEqual([]);
    await expectUntouched();
  });

  it('fill the disk in the middle: the bench is made safe and what was committed is sound', async ({ skip }) => {
    // Room for several transactions of 256 sweeps and their log.
    const small = smallFileSystem(4000);
    if (small === null) return skip('this process may not mount a file system');
    file = join(small, 'wafer.sqlite');
    expectError(await measure('--dies', '0'), 'TB_DISK_FULL', /room/);
    const after = await bench.state();
    expect(after.energised.outputs).toBeGreaterThan(before.energised.outputs);
    expect(notAtRest(after)).toEqual([]);
    expect(await bench.violations()).toEqual([]);
    expect(verifyWafer(file).problems).toBe(0);
    const reader = WaferReader.open(file);
    expect(reader.sweepCount()).toBeGreaterThan(0);
    reader.close();
  });
});

describe('a Node that is too old', () => {
  it('is named, with what to do, where no suitable one lies beside the code', () => {
    mkdirSync(join(folder, 'scripts'));
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    const launcher = join(folder, 'scripts', 'tunnelbench.js');
    copyFileSync(join(ROOT, 'scripts', 'tunnelbench.js'), launcher);
    for (const [node, ...options] of oldNodes()) {
      const { status, stdout, stderr } = spawnSync(node, [...options, launcher, 'demo'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stderr).toMatch(
        /Node is too old\. Found: v20\.\d+\.\d+\. Expected: 24 or newer\. .*npm ci.* \[TB_NODE_TOO_OLD\]/,
      );
      expect([status, stdout]).toEqual([1, '']);
      expect(readdirSync(folder).sort()).toEqual(['bench.yaml', 'package.json', 'scripts']);
    }
  });
});

/** This Node under an old version number, and the machine's own where that is an old one. */
function oldNodes(): string[][] {
  const pretend = join(folder, '..', `tunnelbench-old-node-${process.pid}.cjs`);
  writeFileSync(
    pretend,
    `Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
     Object.defineProperty(process, 'version', { value: 'v20.0.0' });`,
  );
  onTestFinished(() => rmSync(pretend));
  const nodes = [[process.execPath, '--require', pretend]];
  const system = '/usr/bin/node';
  if (existsSync(system) && execFileSync(system, ['--version'], { encoding: 'utf8' }).startsWith('v20.'))
    nodes.push([system]);
  return nodes;
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** A file system of its own of this many kilobytes, or null where this process may not mount one. */
function smallFileSystem(kilobytes: number): string | null {
  const mountPoint = mkdtempSync(join(tmpdir(), 'tunnelbench-small-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', mountPoint], { stdio: 'ignore' });
  } catch {
    rmSync(mountPoint, { recursive: true });
    return null;
  }
  onTestFinished(() => {
    execFileSync('/bin/umount', ['--lazy', mountPoint]);
    rmSync(mountPoint, { recursive: true });
  });
  return mountPoint;
}
