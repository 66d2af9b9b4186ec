import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionOutcome } from '../../acquisition/session.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { applyFaults, type FaultSettings } from '../../drivers/simulated/bench-control.ts';
import type { SimulatedBenchOptions } from '../../drivers/simulated/simulated-bench.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { WiredBench } from './wired-bench.ts';

let folder: string;
let file: string;
let wired: WiredBench;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-wires-'));
  file = join(folder, 'wafer.sqlite');
});
afterEach(async () => {
  await wired.close();
  rmSync(folder, { recursive: true });
});

const open = async (options: Partial<SimulatedBenchOptions> = {}) => {
  wired = await WiredBench.open(options);
  return wired;
};

function codeOf({ error }: SessionOutcome): string | null {
  return error instanceof TunnelbenchError ? error.code : error && `${error}`;
}

/** Cells without a sweep of record, and cells with more than one, of the plan's only die. */
function gapsAndDoubles(): { missing: number; double: number } {
  const reader = WaferReader.open(file);
  const cells = [...reader.sweeps(0)].map(({ cell }) => cell);
  const double = cells.filter(
    (cell) => reader.sweepsOf(0, cell).filter(({ repeat }) => repeat === 0).length > 1,
  ).length;
  reader.close();
  return { missing: 120 - new Set(cells).size, double };
}

describe('a die over real wires', () => {
  it('is measured completely, without a violation, and the bench is left safe', async () => {
    const { simulated } = await open();
    const outcome = await wired.measure(file);
    expect(codeOf(outcome)).toBeNull();
    expect(outcome.end).toBe('finished');
    expect(outcome.safeState.steps.map(({ outcome }) => outcome)).toEqual(Array(5).fill('confirmed'));
    expect(simulated.ledger.violations).toEqual([]);
    expect(wired.isSafe).toBe(true);
    expect(gapsAndDoubles()).toEqual({ missing: 0, double: 0 });
    expect(verifyWafer(file).problems).toBe(0);
  });

  it('goes on after a stop, on the same bench, to the same set of cells', async () => {
    const { simulated } = await open();
    const first = await wired.measure(file, {}, 25);
    expect(first.end).toBe('stopped');
    // The sweep that ran when the request came is finished and stored.
    expect(first.progress.cellsDone).toBe(52);
    expect(wired.isSafe).toBe(true);
    const second = await wired.resume(file);
    expect(second.end).toBe('finished');
    expect(second.progress.cellsDone).toBe(120);
    expect(simulated.ledger.violations).toEqual([]);
    expect(gapsAndDoubles()).toEqual({ missing: 0, double: 0 });
    expect(verifyWafer(file).problems).toBe(0);
  });

  it.each(['smu', 'supplies', 'prober', 'enable', 'router'] as const)(
    'survives a reply of the %s that is lost in the middle: made safe, then resumed',
    async (instrument) => {
      const { simulated } = await open();
      // Prober and supplies speak only around a die: a few replies in, the others while sweeps run.
      const after = instrument === 'prober' || instrument === 'supplies' ? 12 : 60;
      applyFaults(simulated, { replies: { [instrument]: { kind: 'drop', after } } });
      const first = await wired.measure(file);
      expect(wired.isSafe).toBe(true);
      expect(first.safeState.verdict).toBe('safe');
      // Serial devices repeat a command whose reply was lost; a dropped socket ends the session.
      if (instrument === 'smu') expect(first.end).toBe('failed');
      if (first.end !== 'finished') expect((await wired.resume(file)).error).toBeNull();
      expect(simulated.ledger.violations).toEqual([]);
      expect(gapsAndDoubles()).toEqual({ missing: 0, double: 0 });
    },
  );
});

describe('before anything is energised, a session refuses', () => {
  it.each<[string, FaultSettings, string]>([
    ['another wafer', { waferId: 'W-OTHER' }, 'TB_WAFER_MISMATCH'],
    ['a prober that goes to another die', { dieShift: { x: 1, y: 0 } }, 'TB_PROBER_POSITION'],
    ['a limit that reads back another value', { stuckLimitAmps: { columnB: 1e-6 } }, 'TB_LIMIT_NOT_VERIFIED'],
  ])('%s', async (_, faults, code) => {
    const { simulated } = await open();
    applyFaults(simulated, faults);
    const outcome = await wired.measure(file);
    expect(codeOf(outcome)).toBe(code);
    expect(outcome.end).toBe('failed');
    expect(simulated.station.touchdowns).toBe(0);
    expect(simulated.ledger.violations).toEqual([]);
    expect(wired.isSafe).toBe(true);
  });

  it('an open interlock, which the source itself reports', async () => {
    const { simulated } = await open();
    applyFaults(simulated, { interlockOpen: true });
    const outcome = await wired.measure(file);
    expect(codeOf(outcome)).toBe('TB_INTERLOCK_OPEN');
    expect(simulated.station.touchdowns).toBe(0);
    expect(simulated.station.energised).toEqual({ outputs: 0, supplies: 0, enableLines: 0 });
    expect(simulated.ledger.violations).toEqual([]);
    expect(wired.isSafe).toBe(true);
  });
});

describe('losses', () => {
  it('are found and named as they happen, and stop the run above the limit', async () => {
    const { simulated } = await open({
      earlyBreakdown: { fraction: 0.5, lowerByVolts: [0.9, 1.1] },
    });
    const outcome = await wired.measure(file, { lossPauseFraction: 0.02 });
    expect(codeOf(outcome)).toBe('TB_LOSS_LIMIT');
    expect(outcome.end).toBe('stopped');
    expect(outcome.losses).toBeGreaterThan(2);
    const reader = WaferReader.open(file);
    const named = reader.events().filter(({ kind }) => kind === 'loss');
    reader.close();
    const really = new Set(simulated.ledger.losses.map(({ cell }) => cell));
    for (const { dataJson } of named) expect(really.has(JSON.parse(dataJson as string).cell)).toBe(true);
    expect(wired.isSafe).toBe(true);
  });

  it('leave no junction unnoticed that still carries current, and blame none that is whole', async () => {
    const { simulated } = await open({
      geometry: { rows: 16, columns: 24, columnsPerEnableLine: 2 },
      earlyBreakdown: { fraction: 0.3, lowerByVolts: [0.3, 0.9] },
    });
    const outcome = await wired.measure(file, { lossPauseFraction: 1 });
    expect(outcome.end).toBe('finished');
    const reader = WaferReader.open(file);
    const cells = reader.cells(0);
    reader.close();
    const named = cells.filter(({ cause }) => cause === 'failedInTest').map(({ cell }) => cell);
    // Behind an open line nothing can be seen of a junction.
    const unseen = new Set(cells.filter((cell) => cell.class === 'open').map(({ cell }) => cell));
    const really = [...new Set(simulated.ledger.losses.map(({ cell }) => cell))].filter((cell) => !unseen.has(cell));
    expect(really.length).toBeGreaterThan(10);
    expect(named.toSorted((a, b) => a - b)).toEqual(really.toSorted((a, b) => a - b));
    expect(simulated.ledger.violations).toEqual([]);
  });
});
