import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviation, mean, median } from 'd3-array';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrozenPlan, makePlan } from '../../acquisition/plan.ts';
import { PULSE_SECONDS } from '../../acquisition/programming/die-cells.ts';
import { PulseJournal } from '../../acquisition/programming/pulse-journal.ts';
import { trainDie } from '../../acquisition/programming/train-die.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { buildDieModel } from '../../analysis/build-die-model.ts';
import type { DieModel } from '../../analysis/die-model.ts';
import type { DieSwitching, Interval } from '../../analysis/die-switching.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { DEFAULT_POPULATION } from '../../drivers/simulated/world/station-options.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { refuseBeyond } from '../../scripts/bench-training-forecast.ts';
import { knownCellsOf } from '../../scripts/die-on-bench.ts';
import { fitMeasuredDie, switchingOfDie } from '../../scripts/switching-of-die.ts';
import { preparedTraining } from '../../scripts/train-on-bench.ts';
import { CellAmplitudes } from '../../training/in-situ/cell-switching.ts';
import type { JunctionPulse } from '../../training/in-situ/junction-port.ts';
import { type CellTrainingOutcome, type TrainingSoFar, trainOnCells } from '../../training/in-situ/train-on-cells.ts';
import { forecastTraining, type TrainingForecast } from '../../training/in-situ/training-forecast.ts';
import type { ProgrammingRecipe } from '../../wafer/recipe.ts';
import { quickRecipe } from '../acquisition/memory-session.ts';
import { WiredBench } from '../acquisition/wired-bench.ts';

const GEOMETRY = { rows: 10, columns: 40, columnsPerEnableLine: 2 } as const;
const CELLS = GEOMETRY.rows * GEOMETRY.columns;
/** Defects here and there, no dead lines and no clusters: a small die must have room for a network. */
const RATES = { ...DEFAULT_POPULATION.rates, deadRowsPerDie: 0, deadColumnsPerDie: 0, clustersPerDie: 0 };
const OPTIONS = { problem: 'iris', fold: 0, hidden: 8, pairs: 1, epochs: 60, judge: 'test', seed: 1 } as const;
type State = TrainingSoFar | CellTrainingOutcome;

describe('in-situ training on a die over the wires', () => {
  let bench: WiredBench;
  let folder: string;
  let model: DieModel;
  let fitted: DieSwitching;
  let frozen: FrozenPlan;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tunnelbench-in-situ-'));
    bench = await WiredBench.open({ geometry: GEOMETRY, seed: 3, population: { rates: RATES } });
    const file = join(folder, 'wafer.sqlite');
    const recipe = quickRecipe({ repeatSample: { cellsPerDie: CELLS, loops: 4, seed: 1 } });
    frozen = makePlan({ recipe, bench: benchSettings(bench.benchFile), dies: [0] });
    const { error } = await bench.run(frozen, file);
    expect(error).toBeNull();
    const reader = WaferReader.open(file);
    model = buildDieModel(reader, 0);
    reader.close();
    fitted = fitMeasuredDie(file, 0, 1);
  }, 120_000);
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true });
  });

  it('finds the switching law of the die, and of its cells, in their measured loops', () => {
    const truth = bench.simulated.station.truth(0).cells;
    const own = (of: (cell: (typeof truth)[number]) => number) =>
      [...fitted.junctions.keys()].map((cell) => of(truth[cell]));
    const expected: [Interval, number][] = [
      [fitted.delta.median, median(own(({ delta }) => delta)) as number],
      [fitted.delta.sigma, deviation(own(({ delta }) => Math.log(delta))) as number],
      [fitted.vC0.median, median(own(({ vC0 }) => vC0)) as number],
      [fitted.vC0.sigma, deviation(own(({ vC0 }) => Math.log(vC0))) as number],
      [fitted.offsetVolts.mean, mean(own(({ offsetVolts }) => offsetVolts)) as number],
      [fitted.offsetVolts.sigma, deviation(own(({ offsetVolts }) => offsetVolts)) as number],
    ];
    for (const [{ low, high }, value] of expected) {
      expect(value).toBeGreaterThan(low);
      expect(value).toBeLessThan(high);
    }
    // Where a cell switches in a pulse of some milliseconds is known better than the die's median says.
    const level = (law: { vC0: number; delta: number }) => law.vC0 * (1 - 15 / law.delta);
    const square = (guess: (cell: number) => number) =>
      mean([...fitted.junctions.keys()].map((cell) => (guess(cell) - level(truth[cell])) ** 2)) as number;
    const known = square((cell) => level(fitted.junctions.get(cell) as { vC0: number; delta: number }));
    const median0 = { vC0: fitted.vC0.median.value, delta: fitted.delta.median.value };
    expect(known).toBeLessThan(0.2 * square(() => level(median0)));
  });

  /** The whole way from a powered-down bench and back; the world's books must stay clean. */
  async function onDie<S>(
    name: string,
    stop: StopRequest,
    options: Pick<Parameters<typeof trainDie<S>>[0], 'train' | 'isFinished'>,
  ) {
    const journal = await PulseJournal.open(join(folder, name), 'in-situ', { name });
    const opened = await openBench(bench.benchFile, AbortSignal.timeout(120_000));
    const rest = {
      plan: frozen.plan,
      known: knownCellsOf(model),
      earlierTouchdowns: null,
      onTouchdown: async () => {},
      onWarning: () => {},
    };
    try {
      const outcome = await trainDie<S>({ bench: opened, journal, stop, ...rest, ...options });
      expect(outcome.safeState.verdict).toBe('safe');
      expect(bench.isSafe).toBe(true);
      expect(bench.simulated.ledger.violations).toEqual([]);
      expect(bench.simulated.ledger.losses).toEqual([]);
      return outcome;
    } finally {
      await opened.close();
      await journal.close();
    }
  }

  it('sets the probability of a flip with calibrated pulses, and leaves a state alone when it only reads', async () => {
    const amplitudes = new CellAmplitudes(
      switchingOfDie(fitted),
      'calibrated',
      { ceilingVolts: 0.8, gateVolts: 0.7 },
      PULSE_SECONDS,
    );
    const cells = [...fitted.junctions.keys()].filter((cell) => cell % 40 < 30);
    const middle = (cell: number) => 1 / Math.sqrt(model.rP[cell] * model.rAp[cell]);
    for (const wanted of [0.1, 0.5]) {
      const { error, result } = await onDie<number>(`p-${wanted}.jsonl`, new StopRequest(), {
        isFinished: () => false,
        train: async ({ junctions }) => {
          const siemens = new Map<number, number>();
          const keep = (cell: number, value: number) => siemens.set(cell, value);
          await junctions.read(cells, keep);
          const first = new Map(siemens);
          await junctions.read(cells, keep);
          const isP = (from: ReadonlyMap<number, number>, cell: number) => (from.get(cell) ?? 0) > middle(cell);
          expect(cells.filter((cell) => isP(first, cell) !== isP(siemens, cell))).toEqual([]);
          const pulses = cells.map((cell): JunctionPulse => {
            const towards = isP(first, cell) ? 'AP' : 'P';
            return { cell, towards, volts: amplitudes.volts(cell, towards, wanted) };
          });
          await junctions.pulse(pulses, keep);
          return cells.filter((cell) => isP(first, cell) !== isP(siemens, cell)).length / cells.length;
        },
      });
      expect(error).toBeNull();
      // Five loops a cell leave its hazard uncertain by a factor of two, which raises the mean of small P a little.
      expect(result?.state).toBeGreaterThan(0.6 * wanted);
      expect(result?.state).toBeLessThan(1.6 * wanted);
    }
  });

  async function train(name: string, amplitude: 'calibrated' | 'gated', stopAfter = Number.POSITIVE_INFINITY) {
    const { task } = await preparedTraining({ ...OPTIONS, amplitude }, frozen, model, fitted);
    const stop = new StopRequest();
    const outcome = await onDie<State>(name, stop, {
      isFinished: (state) => 'end' in state && state.end === 'finished',
      train: ({ junctions, before, arm, keep }) => {
        const afterUpdate = (soFar: TrainingSoFar) => {
          if (soFar.updates === stopAfter) stop.finish('test');
          return keep(soFar);
        };
        return trainOnCells(task, junctions, { beforePulses: arm, afterUpdate }, before);
      },
    });
    expect(outcome.error).toBeNull();
    return { task, result: outcome.result, state: outcome.result?.state as CellTrainingOutcome };
  }

  it.each(['calibrated', 'gated'] as const)(
    'learns a table with %s pulses as simulated junctions do',
    async (amplitude) => {
      const began = bench.simulated.clock.now;
      const { task, state, result } = await train(`${amplitude}.jsonl`, amplitude);
      const seeds = Array.from({ length: 8 }, (_, i) => i + 1);
      const software = await Promise.all(
        seeds.map((seed) => forecastTraining(task, switchingOfDie(fitted), PULSE_SECONDS, [seed])),
      );
      const least = (of: (run: TrainingForecast) => number) => Math.min(...software.map(of));
      const most = (of: (run: TrainingForecast) => number) => Math.max(...software.map(of));
      expect(state.end).toBe('finished');
      expect(state.updates).toBe(software[0].updates);
      expect(state.accuracy).toBeGreaterThanOrEqual(least(({ accuracies }) => accuracies[0]));
      expect(state.accuracy).toBeGreaterThan(0.8);
      expect(result?.pulses).toBeGreaterThan(0.7 * least(({ pulses }) => pulses));
      expect(result?.pulses).toBeLessThan(1.3 * most(({ pulses }) => pulses));
      expect(result?.mostPulses).toBeLessThan(2 * most(({ mostPulses }) => mostPulses) + 5);
      expect(bench.simulated.clock.now - began).toBeLessThan(600);
    },
    60_000,
  );

  it('is refused beyond the stress budget, the deadline and the channels of the bench', async () => {
    const { forecast } = await preparedTraining(
      { ...OPTIONS, epochs: 5, amplitude: 'calibrated' },
      frozen,
      model,
      fitted,
    );
    const columns = { update: 'columns' } as const;
    expect(() => refuseBeyond(columns, forecast, frozen)).not.toThrow();
    expect(() => refuseBeyond({ ...columns, deadline: 1e-4 }, forecast, frozen)).toThrow('TB_DEADLINE_EXCEEDED');
    expect(() => refuseBeyond({ update: 'outer' }, forecast, frozen)).toThrow(`${forecast.channelsAtOnce} channels`);
    const { recipe } = frozen.plan;
    const programming = { ...(recipe.programming as ProgrammingRecipe), mostPulsesPerCell: forecast.mostPulses - 1 };
    const tight = { ...frozen, plan: { ...frozen.plan, recipe: { ...recipe, programming } } };
    expect(() => refuseBeyond(columns, forecast, tight)).toThrow('TB_PULSE_BUDGET');
  });

  it('goes on after an interruption, with every pulse counted and nothing learnt twice', async () => {
    const first = await train('stopped.jsonl', 'gated', 25);
    expect(first.state.end).toBe('stopped');
    expect(first.state.updates).toBe(25);
    const second = await train('stopped.jsonl', 'gated');
    expect(second.state.end).toBe('finished');
    expect(second.state.curve.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: OPTIONS.epochs }, (_, i) => i + 1),
    );
    const lines = readFileSync(join(folder, 'stopped.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const armed = lines.filter(({ t }) => t === 'arm').reduce((sum, { cells }) => sum + cells.length, 0);
    expect(second.result?.pulses).toBe(armed);
    const states = lines.filter(({ t }) => t === 'state').map(({ state }) => state.updates);
    expect(states).toEqual(Array.from({ length: states.length }, (_, i) => i + 1));
    const { touchdowns } = bench.simulated.station;
    expect((await train('stopped.jsonl', 'gated')).state).toEqual(second.state);
    expect(bench.simulated.station.touchdowns).toBe(touchdowns);
  }, 180_000);
});
