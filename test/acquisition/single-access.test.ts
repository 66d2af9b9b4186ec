import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { estimatePlan } from '../../acquisition/duration-estimate.ts';
import { makePlan } from '../../acquisition/plan.ts';
import type { SessionOutcome } from '../../acquisition/session.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { SourceChannel } from '../../drivers/capabilities.ts';
import { applyFaults } from '../../drivers/simulated/bench-control.ts';
import { SimulatedKeithley2400 } from '../../drivers/simulated/keithley-2400.ts';
import { SimulatedSwitchMatrix } from '../../drivers/simulated/keithley-matrix/switch-matrix.ts';
import type { SourceSetting } from '../../drivers/simulated/probe-station.ts';
import type { SimulatedBenchOptions } from '../../drivers/simulated/simulated-bench.ts';
import { DEFAULT_POPULATION } from '../../drivers/simulated/world/station-options.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { memorySettings, quickRecipe } from './memory-session.ts';
import { WiredBench } from './wired-bench.ts';

const GEOMETRY = { rows: 3, columns: 4, columnsPerEnableLine: 2 } as const;
const CELLS = 12;
const SINGLE = { access: 'single', repeatSample: { cellsPerDie: 0, loops: 0, seed: 1 } } as const;

let folder: string;
let file: string;
let wired: WiredBench | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-single-'));
  file = join(folder, 'wafer.sqlite');
});
afterEach(async () => {
  await wired?.close();
  wired = null;
  rmSync(folder, { recursive: true });
});

/** Healthy cells but for a few, and whole lines, so that every cell can be measured. */
const RATES = { ...DEFAULT_POPULATION.rates, deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 };
const BENCH = { smu: 'keithley-2400', seed: 9, geometry: GEOMETRY, population: { rates: RATES } } as const;

async function open(options: Partial<SimulatedBenchOptions> = {}): Promise<WiredBench> {
  wired = await WiredBench.open({ ...BENCH, ...options });
  return wired;
}

function codeOf({ error }: SessionOutcome): string | null {
  return error instanceof TunnelbenchError ? error.code : error && `${error}`;
}

function cellsOf(path: string) {
  const reader = WaferReader.open(path);
  const cells = reader.cells(0);
  const sweeps = [...reader.sweeps(0)];
  reader.close();
  return { cells, sweeps };
}

describe('a die under single access', () => {
  it('is measured cell by cell, HI never below LO, no relay moved under bias', async () => {
    const bench = await open();
    const { simulated } = bench;
    const { station } = simulated;
    let lowestVolts = 0;
    const set = station.setSource.bind(station);
    station.setSource = (channel: SourceChannel, setting: SourceSetting) => {
      lowestVolts = Math.min(lowestVolts, setting.volts);
      set(channel, setting);
    };
    const outcome = await bench.measure(file, SINGLE);
    expect(codeOf(outcome)).toBeNull();
    expect(outcome.end).toBe('finished');
    expect(simulated.ledger.violations).toEqual([]);
    expect(bench.isSafe).toBe(true);
    // Offsets of the source around 0 V.
    expect(lowestVolts).toBeGreaterThan(-1e-3);
    const { cells, sweeps } = cellsOf(file);
    expect(cells).toHaveLength(CELLS);
    expect(sweeps.every(({ access, cell, side }) => access === 'single' && side === (cell % 2 === 0 ? 'A' : 'B'))).toBe(
      true,
    );
  });

  it('is measured by an adaptive plan too', async () => {
    const bench = await open();
    const { simulated } = bench;
    const outcome = await bench.measure(file, SINGLE, Number.POSITIVE_INFINITY, 'adaptive');
    expect([codeOf(outcome), outcome.end]).toEqual([null, 'finished']);
    const { cells, sweeps } = cellsOf(file);
    expect(cells).toHaveLength(CELLS);
    expect(new Set(sweeps.map(({ kind }) => kind))).toContain('quick');
    expect(simulated.ledger.violations).toEqual([]);
  });

  it('reads wrong by several per cent without the guard, which is therefore set and read back', async () => {
    const bench = await open({ geometry: { rows: 12, columns: 4, columnsPerEnableLine: 2 } });
    const { simulated } = bench;
    const { instrument } = simulated.source;
    if (!(instrument instanceof SimulatedKeithley2400)) throw new Error('another source');
    const { smu } = instrument;
    // Answers as told and stays on the high-impedance cable guard.
    const apply = smu.apply.bind(smu);
    smu.apply = () => {
      const told = smu.guardDrives;
      smu.guardDrives = false;
      apply();
      smu.guardDrives = told;
    };
    await bench.measure(file, SINGLE);
    const off = cellsOf(file).cells.flatMap(({ cell, rP }) => {
      const truth = simulated.station.pathOhms(0, cell, 'P', 0.05);
      return rP === null || !(truth > 1e4 && truth < 1e5) ? [] : [Math.abs(rP / truth - 1)];
    });
    expect(off.length).toBeGreaterThan(10);
    expect(off.toSorted((a, b) => a - b)[off.length >> 1]).toBeGreaterThan(0.03);
  });
});

describe('the exchange of HI and LO', () => {
  it('that the router refuses half-way ends the session with a safe bench, and a resume completes the die', async () => {
    const bench = await open();
    const { simulated } = bench;
    const matrix = simulated.router;
    if (!(matrix instanceof SimulatedSwitchMatrix)) throw new Error('another router');
    const [mainframe] = matrix.runtime.nodes;
    // Row 1 on HI: needed for the first time when the first negative half of that row is routed.
    mainframe.forbidden.add('1A02');
    const outcome = await bench.measure(file, SINGLE);
    expect(codeOf(outcome)).toBe('TB_INSTRUMENT_ERROR');
    expect(bench.isSafe).toBe(true);
    expect(outcome.safeState.verdict).toBe('safe');
    expect(simulated.ledger.violations).toEqual([]);
    expect(cellsOf(file).cells.length).toBeLessThan(CELLS);
    mainframe.forbidden.clear();
    expect((await bench.resume(file)).end).toBe('finished');
    expect(cellsOf(file).cells).toHaveLength(CELLS);
    expect(simulated.ledger.violations).toEqual([]);
  });

  it('by a relay that does not follow is not confirmed, and nothing is swept over it', async () => {
    const bench = await open();
    const { simulated } = bench;
    simulated.router.stuckRelays.set('1A02', 'open');
    const outcome = await bench.measure(file, SINGLE);
    expect(codeOf(outcome)).toBe('TB_ROUTE_NOT_CONFIRMED');
    expect(bench.isSafe).toBe(true);
    expect(simulated.ledger.violations).toEqual([]);
  });

  it('is safe whenever an answer of router or source is lost, late, damaged or in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('router', 'smu', 'enable'),
        fc.constantFrom('drop', 'garbled', 'late', 'pieces'),
        fc.integer({ min: 12, max: 160 }),
        async (instrument, kind, after) => {
          const bench = await WiredBench.open(BENCH);
          const path = join(folder, `${instrument}-${kind}-${after}-${Math.random()}.sqlite`);
          try {
            applyFaults(bench.simulated, { replies: { [instrument]: { kind, after, seconds: 0.05 } } });
            const outcome = await bench.measure(path, SINGLE);
            expect(bench.isSafe).toBe(true);
            expect(outcome.safeState.verdict).toBe('safe');
            if (outcome.end !== 'finished') expect(codeOf(await bench.resume(path))).toBeNull();
            expect(bench.simulated.ledger.violations).toEqual([]);
            expect(cellsOf(path).cells).toHaveLength(CELLS);
          } finally {
            await bench.close();
          }
        },
      ),
      { numRuns: 8 },
    );
  }, 120_000);
});

describe('a plan under single access', () => {
  const bench = memorySettings({ access: ['pair', 'single'] });
  const seconds = (access: 'pair' | 'single') =>
    estimatePlan(makePlan({ recipe: quickRecipe({ access }), bench }).plan).pairSeconds;

  it('takes both cells one after the other, and time for each exchange', () => {
    expect(seconds('single')).toBeGreaterThan(2 * seconds('pair'));
  });

  it('is refused on a bench that does not offer it', () => {
    const recipe = quickRecipe({ access: 'single' });
    expect(() => makePlan({ recipe, bench: memorySettings() })).toThrow(/TB_BENCH_CANNOT_REALISE/);
  });

  it('is refused by a bench whose source or router cannot do it', async () => {
    const bench = await open({ smu: 'keithley-2600' });
    const outcome = await bench.run(
      makePlan({
        recipe: quickRecipe(SINGLE),
        bench: {
          ...memorySettings({ access: ['single'] }),
          wafer: { id: 'SIM-9', dies: [{ ordinal: 0, x: 0, y: 0 }] },
        },
      }),
      file,
    );
    expect(codeOf(outcome)).toBe('TB_BENCH_CANNOT_REALISE');
    expect(bench.simulated.station.energised).toEqual({ outputs: 0, supplies: 0, enableLines: 0 });
  });
});
