import type { BenchSettings } from '../../acquisition/bench-settings.ts';
import type { Classifier } from '../../acquisition/classifier.ts';
import { makePlan, type PlanChoice } from '../../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { runSession, type SessionOptions } from '../../acquisition/session.ts';
import type { CellRecord, SessionFields } from '../../db/records.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import type { Recipe } from '../../wafer/recipe.ts';
import type { MemoryBench } from './memory-bench.ts';
import type { MemoryStore } from './memory-store.ts';

export const FIELDS: SessionFields = {
  lot: 'L1',
  wafer: 'W1',
  notch: 'down',
  operator: 'unknown',
  station: 'S1',
  probeCard: 'unknown',
  purpose: 'test',
};

const defaultRecipe = await readRecipeFile(DEFAULT_RECIPE_FILE);

/** The default recipe without waiting for needles to settle, and with a short repeat sample. */
export function quickRecipe(change: Partial<Recipe> = {}): Recipe {
  return {
    ...defaultRecipe,
    contact: { ...defaultRecipe.contact, settleSeconds: 0 },
    repeatSample: { cellsPerDie: 2, loops: 3, seed: 1 },
    reference: { cellsPerDie: 2, everySeconds: 900, driftAlarm: 0.01 },
    lossPauseFraction: 0.1,
    ...change,
  };
}

export function memorySettings(change: Partial<BenchSettings> = {}): BenchSettings {
  const geometry = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;
  return {
    name: 'memory',
    geometry,
    padMap: consecutivePadMap(geometry),
    access: ['pair'],
    limits: { junctionVolts: 0.8, padVolts: { min: -0.1, max: 1.9 }, limitAmps: 1e-3 },
    sourceRangeVolts: 1,
    gateVolts: 1.8,
    supplies: {
      vdd: { volts: 1.8, limitAmps: 0.01 },
      vss: { volts: 0, limitAmps: 0.01 },
      substrate: { volts: 0, limitAmps: 0.01 },
    },
    apToP: 'positive',
    wafer: {
      id: 'MEM-1',
      dies: [
        { ordinal: 0, x: 0, y: 0 },
        { ordinal: 1, x: 1, y: 0 },
      ],
    },
    overdriveMicrometres: 50,
    routeSettleSeconds: 0.001,
    ...change,
  };
}

export function memoryPlan(change: Partial<PlanChoice> = {}) {
  return makePlan({ recipe: quickRecipe(), bench: memorySettings(), ...change });
}

/** A stand-in for analysis: names the class by kind only. */
export const KIND_CLASSIFIER: Classifier = {
  classify: ({ dieOrdinal, cell, kind }): CellRecord => ({
    dieOrdinal,
    cell,
    class: kind === 'loop' ? 'healthy' : kind === 'lowBias' ? 'shorted' : 'open',
    neighbourClass: null,
    cause: 'none',
    stuckState: 'unknown',
    stateFound: 'unknown',
    stateLeft: 'unknown',
    rP: null,
    rPUncertainty: null,
    rAp: null,
    rApUncertainty: null,
    rStuck: null,
    rStuckUncertainty: null,
    tmr: null,
    vSwitchPositive: null,
    vSwitchNegative: null,
    noiseAmps: null,
    flags: 0,
  }),
};

export function measure(bench: MemoryBench, store: MemoryStore, change: Partial<SessionOptions> = {}) {
  return runSession({
    bench,
    frozen: memoryPlan(),
    store,
    fields: FIELDS,
    classifier: KIND_CLASSIFIER,
    softwareVersion: '0.0.0-test',
    benchJson: '{}',
    safeExitTiming: { stepMs: 1000, retries: 2, sleep: async () => {} },
    ...change,
  });
}
