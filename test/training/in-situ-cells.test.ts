import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLayers } from '../../training/in-situ/cell-placement.ts';
import { CellAmplitudes, type SwitchingOfDie } from '../../training/in-situ/cell-switching.ts';
import { tableParameters } from '../../training/in-situ/in-situ-parameters.ts';
import { forecastOffline } from '../../training/in-situ/offline-forecast.ts';
import { problemSamples, shapeOf } from '../../training/in-situ/run-task.ts';
import { SimulatedJunctions } from '../../training/in-situ/simulated-junctions.ts';
import { type CellTask, type TrainingSoFar, trainOnCells } from '../../training/in-situ/train-on-cells.ts';

const GEOMETRY = { rows: 12, columns: 60, columnsPerEnableLine: 2 } as const;
const CELLS = GEOMETRY.rows * GEOMETRY.columns;
const SWITCHING: SwitchingOfDie = {
  exponent: 1,
  median: { delta: 60, vC0: 0.64, offsetVolts: 0.015 },
  junctions: new Map(),
};
const SECONDS = 5e-3;
const LIMITS = { ceilingVolts: 0.8, gateVolts: 0.7 };
const PROBLEM = { kind: 'table', name: 'iris', repetition: 0, fold: 1, judge: 'test' } as const;

function task(policy: 'shared' | 'gated', pairsPerWeight = 1): CellTask {
  const hidden = [6];
  const { train } = problemSamples(PROBLEM);
  return {
    problem: PROBLEM,
    hidden,
    pairsPerWeight,
    parameters: { ...tableParameters(train.count), epochs: 30 },
    seed: 3,
    layers: placeLayers(shapeOf({ problem: PROBLEM, hidden }, train), pairsPerWeight, GEOMETRY, () => true),
    states: { siemensP: new Float64Array(CELLS).fill(1 / 18_000), siemensAp: new Float64Array(CELLS).fill(1 / 40_000) },
    unitSiemens: 1 / 18_000 - 1 / 40_000,
    amplitudes: new CellAmplitudes(SWITCHING, policy, LIMITS, SECONDS),
  };
}

const junctions = ({ states }: CellTask) => new SimulatedJunctions(states, SWITCHING, SECONDS, [9]);

describe('a network on single cells', () => {
  it.each(['shared', 'gated'] as const)(
    'goes on after an interruption as if there had been none (%s)',
    async (policy) => {
      const watch = { beforePulses: async () => {}, afterUpdate: async () => true };
      const whole = task(policy);
      const undisturbed = junctions(whole);
      const expected = await trainOnCells(whole, undisturbed, watch);
      const port = junctions(whole);
      let kept: TrainingSoFar | null = null;
      const until = (updates: number) => ({
        ...watch,
        afterUpdate: async (soFar: TrainingSoFar) => {
          kept = JSON.parse(JSON.stringify(soFar));
          return soFar.updates !== updates;
        },
      });
      expect((await trainOnCells(whole, port, until(7))).end).toBe('stopped');
      expect((await trainOnCells(whole, port, until(20), kept)).end).toBe('stopped');
      expect(await trainOnCells(whole, port, watch, kept)).toEqual(expected);
      expect(port.pulses).toEqual(undisturbed.pulses);
    },
  );

  it('learns with one or several pairs a weight', async () => {
    for (const pairs of [1, 3]) {
      const several = task('gated', pairs);
      const watch = { beforePulses: async () => {}, afterUpdate: async () => true };
      const { accuracy, ledgers } = await trainOnCells(several, junctions(several), watch);
      expect(accuracy).toBeGreaterThan(0.8);
      expect(ledgers.every(({ flips, pulses }) => flips > 0 && flips <= pulses)).toBe(true);
    }
  });

  it('pulses only what the law says it needs, up to the ceiling', () => {
    const amplitudes = new CellAmplitudes(SWITCHING, 'shared', LIMITS, SECONDS);
    const rising = [0.001, 0.01, 0.1, 0.5, 0.9].map((p) => amplitudes.volts(0, 'P', p));
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    // The offset raises V_sw towards P and lowers it towards AP.
    expect(amplitudes.volts(0, 'P', 0.1) - amplitudes.volts(0, 'AP', 0.1)).toBeCloseTo(0.03, 12);
    expect(new CellAmplitudes(SWITCHING, 'gated', LIMITS, SECONDS).volts(0, 'P', 0.001)).toBe(0.7);
  });

  it('loses nothing off-line on cells that are all alike', () => {
    const { accuracies, cells, pulses } = forecastOffline(task('gated', 3), { volts: 0.6, seconds: SECONDS }, [1, 2]);
    expect(Math.min(...accuracies)).toBeGreaterThan(0.8);
    expect(pulses).toBe(cells / 2);
  });
});

describe('placement on the sound lines of a die', () => {
  const shape = { units: [4, 5, 3], biasRows: [1, 1] };

  it('uses each cell once and none that is unsound, a layer’s columns side by side', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(CELLS - 1), { maxLength: 6 }),
        fc.integer({ min: 1, max: 2 }),
        (unsound, pairs) => {
          const layers = placeLayers(shape, pairs, GEOMETRY, (cell) => !unsound.includes(cell));
          const cells = layers.flatMap(({ plus, minus }) => [...plus, ...minus]);
          expect(new Set(cells).size).toBe(cells.length);
          expect(cells.filter((cell) => unsound.includes(cell))).toEqual([]);
          for (const { rows, columns, plus, minus } of layers) {
            expect(plus).toHaveLength(pairs * rows * columns);
            expect([...minus].every((cell, i) => cell === plus[i] + 1 && plus[i] % 2 === 0)).toBe(true);
            const lines = new Set([...plus].map((cell) => Math.floor(cell / GEOMETRY.columns)));
            expect(lines.size).toBe(rows);
          }
        },
      ),
    );
  });

  it('says what is missing where a network does not fit', () => {
    expect(() => placeLayers(shape, 9, GEOMETRY, () => true)).toThrow('6 rows and 72 column pairs');
  });
});
