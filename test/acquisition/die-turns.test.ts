import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dryRun } from '../../acquisition/dry-run.ts';
import { makePlan } from '../../acquisition/plan.ts';
import { recordedRecipe } from '../../analysis/recorded-recipe.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { dryRunText } from '../../scripts/plan.ts';
import type { Recipe } from '../../wafer/recipe.ts';
import { pointCount, segmentsOf } from '../../wafer/sweep.ts';
import { quickRecipe } from './memory-session.ts';
import { WiredBench } from './wired-bench.ts';

let folder: string;
let wired: WiredBench;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-die-turns-'));
  const dies = [0, 1, 2, 3].map((ordinal) => ({ ordinal, x: ordinal, y: 0 }));
  wired = await WiredBench.open({ dies });
});
afterEach(async () => {
  await wired.close();
  rmSync(folder, { recursive: true });
});

/** The same recipe with fewer points in its read blocks: sweeps of another length. */
function shortReads(recipe: Recipe): Recipe {
  const { programme } = recipe;
  const loop = programme.loop.map((segment) =>
    segment.name === 'readP' || segment.name === 'readAP' ? { ...segment, volts: segment.volts.slice(0, 2) } : segment,
  );
  return { ...recipe, name: 'short-reads', programme: { ...programme, loop } };
}

const openFile = (file: string) => WaferReader.open(file);

describe('over real wires', () => {
  it('dies are measured under their own recipes, and the file says so to everybody who reads it', async () => {
    const file = join(folder, 'wafer.sqlite');
    const bench = benchSettings(wired.benchFile);
    const other = shortReads(quickRecipe());
    const frozen = makePlan({
      recipe: quickRecipe(),
      bench,
      dies: [0, 1, 2],
      dieRecipes: [{ dies: [1], recipe: other }],
    });
    const text = dryRunText(dryRun(frozen));
    expect(text).toMatch(/^ {2}rv-loop-default +dies 0, 2: up to 700 mV/m);
    expect(text).toMatch(/^ {2}short-reads +die 1: up to 700 mV/m);

    const outcome = await wired.run(frozen, file);
    expect(outcome.error).toBeNull();
    expect(verifyWafer(file).problems).toBe(0);
    const reader = openFile(file);
    try {
      const [session] = reader.sessions();
      const lengths = [0, 1, 2].map((die) => {
        const { recipe } = recordedRecipe(reader, session, die);
        const expected = pointCount(segmentsOf(recipe.programme, 'loop'));
        const loops = [...reader.sweeps(die)].filter(({ kind }) => kind === 'loop');
        expect(loops.length).toBeGreaterThan(90);
        expect(new Set(loops.map(({ readings }) => readings.volts.length))).toEqual(new Set([expected]));
        return expected;
      });
      expect(lengths[1]).toBe(lengths[0] - 4);
      expect(lengths[2]).toBe(lengths[0]);
      for (const die of [0, 1, 2]) {
        const sound = wired.simulated.station.truth(die).cells.filter(({ label }) => label === 'healthy');
        const found = new Set(reader.cells(die).flatMap((one) => (one.class === 'healthy' ? [one.cell] : [])));
        expect(found.size).toBeGreaterThan(0);
        expect(sound.filter(({ cell }) => !found.has(cell)).length).toBeLessThanOrEqual(0.02 * sound.length);
      }
    } finally {
      reader.close();
    }
    expect(wired.simulated.ledger.violations).toEqual([]);
  });

  it('recipes of one plan must mean the same by their classes', () => {
    const bench = benchSettings(wired.benchFile);
    const recipe = quickRecipe();
    const other = { ...recipe, thresholds: { ...recipe.thresholds, minTmr: 0.9 } };
    expect(() => makePlan({ recipe, bench, dieRecipes: [{ dies: [1], recipe: other }] })).toThrow(
      /die 1: its class thresholds differ.*TB_PLAN_INVALID/,
    );
  });

  it('a second visit that was interrupted is resumed: nothing is missing, the first verdict stays, the file verifies', async () => {
    const file = join(folder, 'wafer.sqlite');
    const bench = benchSettings(wired.benchFile);
    const frozen = makePlan({ recipe: quickRecipe(), bench, dies: [0], repeatDies: [0] });
    // 60 pairs, 1 repeat position and 2 looks at reference cells come before the second visit.
    const stopped = await wired.run(frozen, file, 85);
    expect(stopped.end).toBe('stopped');
    expect(verifyWafer(file).problems).toBe(0);
    let reader = openFile(file);
    const before = reader.cells(0);
    reader.close();

    const resumed = await wired.resume(file);
    expect(resumed.error).toBeNull();
    expect(resumed.end).toBe('finished');
    expect(verifyWafer(file).problems).toBe(0);
    reader = openFile(file);
    try {
      expect(reader.dies()[0]).toMatchObject({ state: 'measured', touchdowns: 3 });
      const attempts = new Map(reader.sessions().flatMap(({ id }) => reader.attempts(id).map((one) => [one.id, one])));
      const visits = reader.cells(0).map(({ cell }) => {
        const records = reader.sweepsOf(0, cell).filter(({ repeat }) => repeat === 0);
        return records.map(({ attemptId }) => attempts.get(attemptId)?.reason).join(' ');
      });
      expect(new Set(visits)).toEqual(new Set(['first retest']));
      const first = (cells: typeof before) => cells.map(({ cell, firstClass }) => [cell, firstClass]);
      expect(first(reader.cells(0))).toEqual(first(before));
      const story = reader.events().map(({ kind }) => kind);
      expect(story.filter((kind) => kind === 'die-repeated').length).toBe(1);
      expect(story.filter((kind) => kind === 'die-finished').length).toBe(2);
    } finally {
      reader.close();
    }
    await expect(wired.resume(file)).rejects.toThrow(/TB_SESSION_NOT_RESUMABLE/);
    expect(wired.simulated.ledger.violations).toEqual([]);
  });

  it('a needle that is lost on three dies halts the run with the physical bench at rest', async () => {
    const file = join(folder, 'wafer.sqlite');
    wired.simulated.station.faults = { ...wired.simulated.station.faults, lostNeedles: [{ kind: 'row', index: 3 }] };
    const frozen = makePlan({ recipe: quickRecipe(), bench: benchSettings(wired.benchFile) });
    const halts: { reason: string; safe: boolean }[] = [];
    const outcome = await wired.run(frozen, file, undefined, {
      haltSeconds: null,
      onHalt: ({ reason }, stop) => {
        halts.push({ reason, safe: wired.isSafe });
        stop.finish('seen');
      },
    });
    expect(halts).toEqual([{ reason: expect.stringMatching(/^row 3: open on 3 dies in a row/), safe: true }]);
    expect(outcome).toMatchObject({ end: 'stopped', error: null, safeState: { verdict: 'safe' } });
    expect(wired.simulated.ledger.violations).toEqual([]);
  });
});
