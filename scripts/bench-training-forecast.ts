import type { FrozenPlan } from '../acquisition/plan.ts';
import { PULSE_SECONDS } from '../acquisition/programming/die-cells.ts';
import { programmingOf } from '../acquisition/programming/programming-recipe.ts';
import type { AmplitudePolicy } from '../training/in-situ/amplitude.ts';
import type { UpdateScheme } from '../training/in-situ/in-situ-parameters.ts';
import { forecastOffline } from '../training/in-situ/offline-forecast.ts';
import { problemSamples } from '../training/in-situ/run-task.ts';
import type { CellTask } from '../training/in-situ/train-on-cells.ts';
import type { TrainingForecast } from '../training/in-situ/training-forecast.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatDuration } from '../wafer/units.ts';

/** Relays and gates per pair, and a spot reading on the wire beside its own time. */
const ROUTE_SECONDS = 8e-3;
const WIRE_SECONDS = 2e-3;
const DIE_SECONDS = 6;

/** Voltage settings of one outer product, whatever the size: two signs of rows and columns, two sides of a pair. */
const STEPS_AT_ONCE = 8;

/** Instrument time of one cell after the other, seconds. */
function serialSeconds({ pulses, visits, pairsRead }: TrainingForecast, { plan }: FrozenPlan): number {
  const route = plan.bench.routeSettleSeconds + ROUTE_SECONDS;
  const spot = PULSE_SECONDS + WIRE_SECONDS;
  return DIE_SECONDS + visits * (route + spot) + pulses * spot + pairsRead * (route + 2 * spot);
}

/** The dry run as a page of text. */
export function forecastText(
  { amplitude, update }: { readonly amplitude: AmplitudePolicy; readonly update: UpdateScheme },
  task: CellTask,
  forecast: TrainingForecast,
  frozen: FrozenPlan,
): string {
  const { plan } = frozen;
  const cells = task.layers.reduce((sum, { plus }) => sum + 2 * plus.length, 0);
  const accuracy = forecast.accuracies.map((share) => (100 * share).toFixed(1)).join(', ');
  const atOnce = STEPS_AT_ONCE * task.parameters.rank * task.layers.length * forecast.updates * PULSE_SECONDS;
  const randomness = amplitude === 'gated' ? 'the generator’s bits' : 'the junctions’ thermal agitation';
  const lines: [string, string][] = [
    ['die', `${dieLabel(plan.dies[0])} of ${plan.bench.wafer.id}, bench ${plan.bench.name}`],
    [
      'network',
      `${cells} sound cells, ${task.pairsPerWeight} pairs a weight, update ${update}, no accumulators outside the junctions`,
    ],
    ['amplitude', `${amplitude}: what is random are ${randomness}`],
    [
      'junction, largest',
      `${plan.recipe.limits.junctionVolts} V (ceiling), pulses of ${(1e3 * PULSE_SECONDS).toFixed(1)} ms`,
    ],
    ['updates', `${forecast.updates}`],
    [
      'pulses',
      `${forecast.pulses}, at most ${forecast.mostPulses} on one cell (budget ${programmingOf(plan).mostPulsesPerCell})`,
    ],
    ['accuracy expected', `${accuracy} % (simulated runs on the die’s fitted law)`],
    [
      'driver channels',
      `3 on this bench: one cell after the other; all cells at once would need ${forecast.channelsAtOnce}`,
    ],
    ['time, serial', formatDuration(serialSeconds(forecast, frozen))],
    [
      'time, all at once',
      `${formatDuration(atOnce)} of pulses, ${STEPS_AT_ONCE * task.parameters.rank} a layer and update (scheme outer)`,
    ],
  ];
  return lines.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}

/** Accuracy, pulses, energy and instrument time, in situ and off-line; both one cell after the other. */
export function comparisonText(task: CellTask, forecast: TrainingForecast, frozen: FrozenPlan): string {
  const { amplitudes } = programmingOf(frozen.plan);
  const seeds = forecast.accuracies.map((_, i) => task.seed + i);
  const offline = forecastOffline(task, { volts: amplitudes[0], seconds: PULSE_SECONDS }, seeds);
  const chance = 100 / problemSamples(task.problem).train.classes;
  const route = frozen.plan.bench.routeSettleSeconds + ROUTE_SECONDS;
  const spot = PULSE_SECONDS + WIRE_SECONDS;
  // Read, pulse and read, read again at the end.
  const offlineSeconds = DIE_SECONDS + offline.cells * (route + 2 * spot) + offline.pulses * 3 * spot;
  const line = (name: string, shares: readonly number[], pulses: number, joules: number, seconds: number) => {
    const accuracy = (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length;
    const points = accuracy - chance;
    const cells = [`${accuracy.toFixed(1)} %`, `${pulses}`, `${(1e6 * joules).toFixed(1)} µJ`, formatDuration(seconds)];
    const perPoint = [
      (pulses / points).toFixed(1),
      `${((1e6 * joules) / points).toFixed(2)} µJ`,
      `${(seconds / points).toFixed(2)} s`,
    ];
    return [name, ...cells, ...perPoint].map((text) => text.padEnd(14)).join('');
  };
  const header = ['', 'accuracy', 'pulses', 'energy', 'time', 'per point', 'above chance', `(${chance.toFixed(0)} %)`];
  return [
    header.map((text) => text.padEnd(14)).join(''),
    line('in situ', forecast.accuracies, forecast.pulses, forecast.joules, serialSeconds(forecast, frozen)),
    line('off-line', offline.accuracies, offline.pulses, offline.joules, offlineSeconds),
  ].join('\n');
}

/** Throws TB_BENCH_CANNOT_REALISE, TB_PULSE_BUDGET or TB_DEADLINE_EXCEEDED before anything is energised. */
export function refuseBeyond(
  options: { readonly update: UpdateScheme; readonly deadline?: number },
  forecast: TrainingForecast,
  frozen: FrozenPlan,
): void {
  if (options.update === 'outer') {
    throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
      thing: frozen.plan.bench.name,
      what: 'an update of all cells at once needs a driver channel for every line',
      value: '3 channels',
      expected: `${forecast.channelsAtOnce} channels`,
      remedy: 'Use --update columns: one cell after the other.',
    });
  }
  const { mostPulsesPerCell } = programmingOf(frozen.plan);
  if (forecast.mostPulses > mostPulsesPerCell) {
    throw new TunnelbenchError('TB_PULSE_BUDGET', {
      thing: 'in-situ training',
      what: 'it would pulse a cell more often than its stress budget allows',
      value: `${forecast.mostPulses}`,
      expected: `at most ${mostPulsesPerCell} (programming.mostPulsesPerCell of the recipe)`,
      remedy: 'Take fewer epochs or --amplitude gated, or raise the budget; nothing was energised.',
    });
  }
  const seconds = serialSeconds(forecast, frozen);
  if (options.deadline === undefined || seconds <= 3600 * options.deadline) return;
  throw new TunnelbenchError('TB_DEADLINE_EXCEEDED', {
    thing: 'in-situ training',
    what: 'it would take longer than the deadline allows',
    value: formatDuration(seconds),
    expected: `at most ${formatDuration(3600 * options.deadline)}`,
    remedy: 'Take fewer epochs or --amplitude gated, or raise --deadline; nothing was energised.',
  });
}
