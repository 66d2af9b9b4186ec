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
    expect([1, 2, 3, 4].map(() => choice.wantsLoop(visit))).toEqual([true, true, false, false]);
    expect(choice.tally).toMatchObject({ unclear: 2, overBudget: 2 });
  });
});

describe('an adaptive plan over real wires', () => {
  it('stores quick reads, loops where they are needed, and says what it decided', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-adaptive-'));
    const file = join(folder, 'wafer.sqlite');
    const rates = { shorted: 0.03, subpar: 0.04, weakLowTmr: 0.02, open: 0.02, stuckP: 0.02, stuckAp: 0.02 };
    const none = { weakTelegraph: 0, weakBackHopping: 0, deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 };
    const wired = await WiredBench.open({ population: { rates: { ...rates, ...none } } });
    try {
      const outcome = await wired.measure(file, {}, Number.POSITIVE_INFINITY, 'adaptive');
      expect(outcome.error).toBeNull();
      expect(wired.simulated.ledger.violations).toEqual([]);
      expect(verifyWafer(file).problems).toBe(0);
      const reader = WaferReader.open(file);
      const cells = reader.cells(0);
      const truth = wired.simulated.station.truth(0).cells;
      const expected = { shorted: ['shorted'], subpar: ['subpar'], weakLowTmr: ['weak'], open: ['open'] } as const;
      for (const { cell, class: found, flags, sweepId } of cells) {
        const { label } = truth[cell];
        const allowed: readonly string[] =
          label === 'healthy' ? ['healthy'] : (expected[label as keyof typeof expected] ?? ['stuck']);
        expect(allowed).toContain(found);
        const noLoop = (flags & CellFlag.noLoop) !== 0;
        expect(reader.sweepOf(0, cell)?.kind === 'quick').toBe(noLoop);
        expect(sweepId).not.toBeNull();
      }
      const withoutLoop = cells.filter(({ flags }) => flags & CellFlag.noLoop);
      expect(withoutLoop.length).toBeGreaterThan(cells.length / 2);
      expect(withoutLoop.every(({ vSwitchPositive }) => vSwitchPositive === null)).toBe(true);
      expect(reader.events().some(({ kind }) => kind === 'adaptive-choice')).toBe(true);
      reader.close();
    } finally {
      await wired.close();
      rmSync(folder, { recursive: true });
    }
  });
});
