import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkBench } from '../../drivers/bench-check.ts';
import { type BenchFile, parseBenchFile } from '../../drivers/bench-file.ts';
import type { Bench, Crosspoint, SweepRequest } from '../../drivers/capabilities.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { openSimulatedBench, type SimulatedBench } from '../../drivers/simulated/simulated-bench.ts';
import { PointFlag } from '../../wafer/point-flags.ts';
import { CALM } from './open-test-link.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';

const GEOMETRY = { rows: 6, columns: 8, columnsPerEnableLine: 2 } as const;
const LIMITS = { sourceRangeVolts: 1, limitAmps: 1e-3 };
const SWEEP: SweepRequest = { token: 1, run: 'auto', access: 'pair', rangeOverride: null };

let simulated: SimulatedBench;
let file: BenchFile;
let bench: Bench | null = null;

beforeAll(async () => {
  simulated = await openSimulatedBench({ seed: 5, geometry: GEOMETRY });
  file = parseBenchFile(simulated.benchYaml, 'bench.yaml');
});
afterEach(async () => {
  for (const wire of Object.values(simulated.wires)) wire.plan(null);
  simulated.setInterlock(false);
  if (bench) await powerDown(bench);
  bench = null;
});
afterAll(() => simulated.close());

/** In the order of a safe exit. */
async function powerDown({ source, router, enableLines, supplies, prober, close }: Bench): Promise<void> {
  await source.reopen(CALM);
  await source.makeSafe(CALM);
  await router.reopen(CALM);
  await router.connect([], CALM);
  await enableLines.enable(null, CALM);
  for (const name of ['vdd', 'substrate', 'vss']) await supplies.setOn(name, false, CALM);
  await prober.separate(CALM);
  await close();
}

function route(row: number, enableLine: number): Crosspoint[] {
  return [
    { kind: 'column', index: 2 * enableLine + 1, channel: 'columnB' },
    { kind: 'column', index: 2 * enableLine, channel: 'columnA' },
    { kind: 'row', index: row, channel: 'row' },
  ];
}

/** Opened, in contact, powered, one pair routed, outputs on. */
async function poweredBench(): Promise<Bench> {
  bench = await openBench(file, CALM);
  const { prober, supplies, enableLines, router, source } = bench;
  await source.makeSafe(CALM);
  await prober.separate(CALM);
  await prober.moveToDie(1, 0, CALM);
  await prober.contact(50, CALM);
  for (const name of ['vss', 'substrate', 'vdd'] as const) {
    await supplies.configure(name, file.supplies[name].volts, file.supplies[name].limitAmps, CALM);
    await supplies.setOn(name, true, CALM);
  }
  await enableLines.configure(file.gate.volts, 1e-3, CALM);
  await router.configure(1e-3, CALM);
  await enableLines.enable(2, CALM);
  await router.connect(route(3, 2), CALM);
  await source.configure(LIMITS, CALM);
  await source.load(SAMPLE_PROGRAMME, CALM);
  await source.setOutputs(true, CALM);
  return bench;
}

describe('a bench over its wires', () => {
  it('measures a pair, with the state of every instrument as set, and does no damage', async () => {
    const { source, enableLines, router, supplies, prober } = await poweredBench();
    const { A, B, residualAmps } = await source.start(SWEEP, CALM).reading;
    expect([A?.kind, B?.kind]).toEqual(['loop', 'loop']);
    expect(residualAmps).toBeLessThan(1e-6);
    expect(A?.readings.flags.every((flag) => (flag & PointFlag.missing) === 0)).toBe(true);
    expect(await enableLines.readState(CALM)).toMatchObject({ enabled: 2, gateVolts: 1.8 });
    expect(await router.readState(CALM)).toHaveLength(3);
    expect(await supplies.readState('vdd', CALM)).toMatchObject({ on: true, limiting: false, limitAmps: 0.01 });
    expect(await prober.readState(CALM)).toMatchObject({ height: 'contact', die: { x: 1, y: 0 }, moving: false });
    expect(simulated.ledger.violations).toEqual([]);
  });

  it('routes the next pair between idle and the readings', async () => {
    const { source, router } = await poweredBench();
    const run = source.start(SWEEP, CALM);
    await run.idle;
    const [reading] = await Promise.all([run.reading, router.connect(route(4, 2), CALM)]);
    expect(reading.token).toBe(1);
    expect(simulated.ledger.violations).toEqual([]);
  });

  it('names the interlock when it opens, and uses no reading', async () => {
    const { source } = await poweredBench();
    simulated.setInterlock(true);
    await expect(source.start(SWEEP, CALM).reading).rejects.toMatchObject({ code: 'TB_INTERLOCK_OPEN' });
    await source.makeSafe(CALM);
    await expect(source.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_INTERLOCK_OPEN' });
  });

  it('runs no sweep, and switches nothing on, under a limit that reads back another value', async () => {
    const { source } = await poweredBench();
    const { faults } = simulated.channels.columnB;
    faults.stuckLimitAmps = 7e-3;
    try {
      await expect(source.start(SWEEP, CALM).reading).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
      await source.makeSafe(CALM);
      await expect(source.configure(LIMITS, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
      await expect(source.setOutputs(true, CALM)).rejects.toMatchObject({ code: 'TB_LIMIT_NOT_VERIFIED' });
    } finally {
      faults.stuckLimitAmps = null;
    }
  });

  it.each(['garbled', 'silent', 'drop', 'pieces', 'late'] as const)(
    'with a %s reply of the source returns no wrong number and can be made safe',
    async (kind) => {
      const { source } = await poweredBench();
      simulated.wires.smu.plan({ kind, after: 1, count: 1, seconds: 0.02 });
      const stop = AbortSignal.any([CALM, AbortSignal.timeout(1500)]);
      const outcome = await source.start(SWEEP, stop).reading.then(
        ({ A }) => A?.readings.volts.length,
        (error: Error) => error.name,
      );
      const whole = kind === 'pieces' || kind === 'late';
      expect(outcome).toEqual(whole ? 30 : expect.stringMatching(/^(TunnelbenchError|TimeoutError)$/));
      simulated.wires.smu.plan(null);
      await source.makeSafe(CALM);
      const state = await source.readState(CALM);
      expect(Object.values(state).every(({ outputOn, levelVolts }) => !outputOn && levelVolts === 0)).toBe(true);
    },
  );

  it.each(['garbled', 'silent', 'drop'] as const)(
    'with a %s reply of the router still knows its route',
    async (kind) => {
      const { source, router } = await poweredBench();
      await source.setOutputs(false, CALM);
      simulated.wires.router.plan({ kind, after: 0, count: 1, seconds: 0.02 });
      await router.connect(route(1, 2), CALM);
      expect((await router.readState(CALM)).find(({ kind: line }) => line === 'row')?.index).toBe(1);
    },
  );

  it('stops at another die than asked for', async () => {
    const { prober, source, supplies } = await poweredBench();
    await source.setOutputs(false, CALM);
    for (const name of ['vdd', 'substrate', 'vss']) await supplies.setOn(name, false, CALM);
    await prober.separate(CALM);
    simulated.prober.faults.dieShift = { x: 1, y: 0 };
    await expect(prober.moveToDie(2, 1, CALM)).rejects.toMatchObject({ code: 'TB_PROBER_POSITION' });
    simulated.prober.faults.dieShift = null;
  });
});

describe('opening a bench', () => {
  it('refuses another model at an address and closes what it had opened', async () => {
    const { identity } = simulated.supplies;
    simulated.supplies.identity = 'ACME,PSU3,1,1.0';
    await expect(openBench(file, CALM)).rejects.toMatchObject({
      code: 'TB_INSTRUMENT_WRONG_MODEL',
      facts: { value: 'ACME PSU3, serial 1' },
    });
    simulated.supplies.identity = identity;
  });

  it('refuses a bench with fewer lines than the geometry, or without the access scheme', async () => {
    const larger = parseBenchFile(simulated.benchYaml.replace('columns: 8', 'columns: 80'), 'bench.yaml');
    await expect(openBench(larger, CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
    const single = parseBenchFile(simulated.benchYaml.replace('[pair]', '[single]'), 'bench.yaml');
    await expect(openBench(single, CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
  });

  it('is checked instrument by instrument: one that fails hides no other', async () => {
    const { identity } = simulated.supplies;
    simulated.supplies.identity = 'ACME,PSU3,1,1.0';
    const { instruments, access, ok } = await checkBench(file, SAMPLE_PROGRAMME, CALM);
    simulated.supplies.identity = identity;
    expect(ok).toBe(false);
    expect(instruments.filter(({ problem }) => problem !== null).map(({ place }) => place)).toEqual(['supplies']);
    expect(instruments[0].limits).toMatch(/^0\.001 A, 0\.001 A, 0\.001 A on 1 V, programme loaded/);
    expect(instruments[0].condition).toMatch(
      /^calibrated: columnA \d{4}-\d\d-\d\d, columnB .*; on since: not reported$/,
    );
    expect(instruments.find(({ place }) => place === 'prober')).toMatchObject({
      condition: 'calibrated: not reported; on since: not reported',
      visaLibrary: null,
    });
    expect(access.map(({ scheme, problem }) => [scheme, problem === null])).toEqual([
      ['pair', true],
      ['single', false],
    ]);
    expect((await checkBench(file, null, CALM)).ok).toBe(true);
  });

  it('is checked on the command line, with its verdict as exit status', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tunnelbench-'));
    const path = join(folder, 'bench.yaml');
    const command = () =>
      promisify(execFile)(process.execPath, ['scripts/tunnelbench.js', 'bench', 'check', path]).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    try {
      await writeFile(path, simulated.benchYaml);
      expect(await command()).toMatchObject({ code: 0, stdout: expect.stringContaining('bench ok') });
      await writeFile(path, simulated.benchYaml.replace(simulated.resources.prober, 'TCPIP0::127.0.0.1::1::SOCKET'));
      const failed = await command();
      expect(failed.code).toBe(1);
      expect(failed.stdout).toMatch(/prober +BAD[\s\S]*TB_LINK_UNREACHABLE[\s\S]*bench NOT ok/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
