import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimatePlan } from '../../acquisition/duration-estimate.ts';
import { LoopChoice, loopReason } from '../../acquisition/loop-choice.ts';
import { cellsPerDie, makePlan } from '../../acquisition/plan.ts';
import { CellFlag } from '../../analysis/cell-flags.ts';
import type { CellRecord } from '../../db/records.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { MemoryBench } from './memory-bench.ts';
import { KIND_CLASSIFIER, measure, memoryPlan, memorySettings, quickRecipe } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';
import { WiredBench } from './wired-bench.ts';

const codeOf = (error: unknown) => (error instanceof TunnelbenchError ? error.code : null);
const healthy: CellRecord = {
  ...KIND_CLASSIFIER.classify({ dieOrdinal: 0, cell: 0, kind: 'loop' } as never),
  rP: 18e3,
  tmr: 1.2,
};
const { thresholds } = quickRecipe();

describe('an adaptive plan', () => {
  it('is the same for the same seed, names its sample, and takes less time than a full one', () => {
    const adaptive = memoryPlan({ mode: 'adaptive' });
    expect(adaptive.record.sha256).toBe(memoryPlan({ mode: 'adaptive' }).record.sha256);
    expect(adaptive.plan.adaptive?.samplePairs.length).toBe(1);
    expect(cellsPerDie(adaptive.plan)).toBe(cellsPerDie(memoryPlan().plan));
    expect(estimatePlan(adaptive.plan).dieSeconds).toBeLessThan(estimatePlan(memoryPlan().plan).dieSeconds);
  });

  it('gives reference pairs their loop, so that their drift can be seen', () => {
    const { plan } = memoryPlan({ mode: 'adaptive' });
    for (const pair of plan.referencePairs) expect(plan.adaptive?.loopPairs).toContain(pair);
  });

  it('is refused for a recipe without rules', () => {
    const { adaptive: _, ...recipe } = quickRecipe();
    const make = () => makePlan({ recipe, bench: memorySettings(), mode: 'adaptive' });
    expect(make).toThrow(expect.objectContaining({ code: 'TB_PLAN_INVALID' }));
  });

  it('is refused by a bench whose driver runs no quick reads, before anything is energised', async () => {
    const bench = new MemoryBench();
    const outcome = await measure(bench, new MemoryStore(), { frozen: memoryPlan({ mode: 'adaptive' }) });
    expect(codeOf(outcome.error)).toBe('TB_BENCH_CANNOT_REALISE');
    expect(bench.sweepsRun).toBe(0);
    expect(bench.isSafe).toBe(true);
  });
});

describe('a quick read', () => {
  it('settles a cell well inside its class, and asks for a loop at a boundary or when unclear', () => {
    expect(loopReason(healthy, thresholds, 0.05)).toBeNull();
    expect(loopReason({ ...healthy, rP: 12.3e3 }, thresholds, 0.05)).toBe('near a boundary');
    expect(loopReason({ ...healthy, tmr: 0.51 }, thresholds, 0.05)).toBe('near a boundary');
    expect(loopReason({ ...healthy, neighbourClass: 'subpar' }, thresholds, 0.05)).toBe('near a boundary');
    expect(loopReason({ ...healthy, class: 'undetermined' }, thresholds, 0.05)).toBe('unclear');
  });

  it('gets no more loops than the budget', () => {
    const { plan } = memoryPlan({ mode: 'adaptive' });
    const unclear = { classify: () => ({ ...healthy, class: 'undetermined' as const }) };
    const rules = { ...(plan.adaptive as NonNullable<typeof plan.adaptive>), mostLoops: 2 };
    const choice = new LoopChoice(plan, rules, unclear, 0);
    const readings = { volts: new Float32Array(0), amps: new Float32Array(0), flags: new Uint8Array(0) };
    const sweep = { side: 'A', reading: { kind: 'quick', branch: 2, readings, rawStatus: 0 }, access: 'pair' } as const;
    const facts = { override: null, startedAtMs: 0, instrumentSeconds: 0, residualAmps: 0 };
    const visit = {
      pair: { row: 0, enableLine: 0, columns: { A: 0, B: 1 } },
      record: [{ ...sweep, ...facts }],
      superseded: [],
    };
    expect([1, 2, 3, 4].map(() => choice.wantsLoop(visit))).toEqual([['A'], ['A'], [], []]);
    expect(choice.tally).toMatchObject({ unclear: 2, overBudget: 2 });
  });
});

const RATES = { shorted: 0.02, subpar: 0.02, weakLowTmr: 0.01, open: 0.02, stuckP: 0.01, stuckAp: 0.01 };
const NONE = { weakTelegraph: 0, weakBackHopping: 0, deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 };
const EVEN = { logSigma: 0, outlierDies: 0, outlierFactor: 1, radialExcess: 0 };

/** Measures the same simulated die under a plan of either mode. */
async function measured(mode: 'full' | 'adaptive') {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-adaptive-'));
  const file = join(folder, 'wafer.sqlite');
  const wired = await WiredBench.open({ seed: 11, population: { rates: { ...RATES, ...NONE }, spread: EVEN } });
  try {
    const { error } = await wired.measure(file, {}, Number.POSITIVE_INFINITY, mode);
    const reader = WaferReader.open(file);
    const cells = reader.cells(0).map((cell) => ({ ...cell, kind: reader.sweepOf(0, cell.cell)?.kind }));
    const decided = reader.events().find(({ kind }) => kind === 'adaptive-choice')?.dataJson ?? null;
    reader.close();
    const { violations } = wired.simulated.ledger;
    return { error, cells, decided, violations, problems: verifyWafer(file).problems };
  } finally {
    await wired.close();
    rmSync(folder, { recursive: true });
  }
}

describe('an adaptive plan over real wires', () => {
  it('finds the classes of the full plan, with loops only where they are needed, and says what it decided', async () => {
    const full = await measured('full');
    const adaptive = await measured('adaptive');
    expect(adaptive.error).toBeNull();
    expect(adaptive.violations).toEqual([]);
    expect(adaptive.problems).toBe(0);
    expect(adaptive.cells.map((cell) => cell.class)).toEqual(full.cells.map((cell) => cell.class));
    expect(new Set(full.cells.map((cell) => cell.class)).size).toBeGreaterThan(3);
    for (const { flags, kind, vSwitchPositive } of adaptive.cells) {
      const noLoop = (flags & CellFlag.noLoop) !== 0;
      expect(noLoop).toBe(kind === 'quick');
      if (noLoop) expect(vSwitchPositive).toBeNull();
    }
    const quick = adaptive.cells.filter(({ kind }) => kind === 'quick').length;
    expect(quick).toBeGreaterThan(adaptive.cells.length / 2);
    expect(JSON.parse(adaptive.decided ?? '{}').sampled).toBeGreaterThan(0);
    expect(full.decided).toBeNull();
  });
});
