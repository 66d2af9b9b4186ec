import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePlan } from '../../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import type { StoredCell } from '../../db/records.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { openSimulatedBench } from '../../drivers/simulated/simulated-bench.ts';
import { DEFAULT_POPULATION, type DefectRates } from '../../drivers/simulated/world/station-options.ts';
import type { CellTruth } from '../../drivers/simulated/world/truth.ts';
import { benchJson, benchSettings } from '../../scripts/bench-settings.ts';
import { runMeasurement } from '../../scripts/run-measurement.ts';
import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import type { AdaptiveRecipe } from '../../wafer/recipe.ts';

export interface SimulatedDieRun {
  /** Simulated time from the first stored position to the last: sweeps, relays, serial lines. */
  readonly instrumentSeconds: number;
  readonly cells: readonly StoredCell[];
  readonly truth: readonly CellTruth[];
  readonly violations: number;
  /** Pairs of the random sample of an adaptive plan; empty otherwise. */
  readonly samplePairs: readonly number[];
}

export interface SimulatedDieChoice {
  readonly seed: number;
  readonly geometry: CrossbarGeometry;
  /** Mean share of defective cells; lines and clusters are left out. */
  readonly defects: number;
  readonly mode: 'full' | 'adaptive';
  readonly change?: Partial<AdaptiveRecipe>;
}

const UNKNOWN = { lot: 'unknown', wafer: 'unknown', notch: 'unknown', operator: 'unknown', station: 'unknown' };

/** Measures one simulated die over the wires at full speed; equal seeds give equal dies whatever the mode. */
export async function simulatedDie({
  seed,
  geometry,
  defects,
  mode,
  change = {},
}: SimulatedDieChoice): Promise<SimulatedDieRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  const simulated = await openSimulatedBench({
    seed,
    geometry,
    dies: [{ ordinal: 0, x: 0, y: 0 }],
    population: { rates: ratesOf(defects), spread: { ...DEFAULT_POPULATION.spread, logSigma: 0, outlierDies: 0 } },
  });
  try {
    const benchFile = parseBenchFile(simulated.benchYaml, 'simulated.yaml');
    const recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);
    const frozen = makePlan({
      recipe: {
        ...recipe,
        contact: { ...recipe.contact, settleSeconds: 0 },
        repeatSample: { ...recipe.repeatSample, cellsPerDie: 0, loops: 0 },
        reference: { ...recipe.reference, cellsPerDie: 0 },
        ...(recipe.adaptive && { adaptive: { ...recipe.adaptive, seed, ...change } }),
      },
      bench: benchSettings(benchFile),
      mode,
    });
    const bench = await openBench(benchFile, AbortSignal.timeout(60_000));
    const marks: number[] = [];
    const file = join(folder, 'wafer.sqlite');
    try {
      const outcome = await runMeasurement({
        bench,
        frozen,
        file,
        fields: { ...UNKNOWN, probeCard: 'unknown', purpose: 'benchmark' },
        benchJson: benchJson(benchFile),
        onRecorded: () => void marks.push(simulated.clock.now),
      });
      if (outcome.error !== null) throw outcome.error;
    } finally {
      await bench.close();
    }
    const reader = WaferReader.open(file);
    const cells = reader.cells(0);
    reader.close();
    return {
      instrumentSeconds: marks[marks.length - 1] - marks[0],
      cells,
      truth: simulated.station.truth(0).cells,
      violations: simulated.ledger.violations.length,
      samplePairs: frozen.plan.adaptive?.samplePairs ?? [],
    };
  } finally {
    await simulated.close();
    rmSync(folder, { recursive: true });
  }
}

/** The default population's kinds of defects in their default shares. */
function ratesOf(defects: number): DefectRates {
  const { deadRowsPerDie, deadColumnsPerDie, clustersPerDie, ...scattered } = DEFAULT_POPULATION.rates;
  const sum = Object.values(scattered).reduce((total, rate) => total + rate, 0);
  const scaled = Object.fromEntries(Object.entries(scattered).map(([name, rate]) => [name, (rate * defects) / sum]));
  return { ...(scaled as typeof scattered), deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 };
}
