import { median } from 'd3-array';
import type { StoredCell } from '../../db/records.ts';
import type { CellTruth } from '../../drivers/simulated/world/truth.ts';
import { antiparallelOhms, DEFAULT_BIAS_LAW, parallelOhms } from '../../physics/junction-law.ts';
import { cellAt, enableLineOf } from '../../wafer/geometry.ts';
import type { BenchmarkLine } from '../benchmark-line.ts';
import { type SimulatedDieRun, simulatedDie } from './simulated-die.ts';

const GEOMETRY = { rows: 40, columns: 50, columnsPerEnableLine: 2 } as const;
/** Seeds and shares of defective cells. */
const DIES = [
  [1, 0.001],
  [2, 0.002],
  [3, 0.005],
  [4, 0.01],
  [5, 0.02],
  [6, 0.05],
] as const;
const READ_VOLTS = 0.05;
/** Shares of the random sample and of the margin around a class boundary, in the trade-off curve. */
const TRADE_OFFS = [
  { sampleFraction: 0, guardFraction: 0 },
  { sampleFraction: 0, guardFraction: 0.08 },
  { sampleFraction: 0.01, guardFraction: 0.08 },
  { sampleFraction: 0.02, guardFraction: 0.16 },
  { sampleFraction: 0.05, guardFraction: 0.08 },
  { sampleFraction: 0.1, guardFraction: 0.08 },
];

interface Compared {
  readonly defects: number;
  readonly speedup: number;
  readonly sameClass: number;
  readonly missedShorts: number;
  readonly rP: Deviation;
  readonly rAp: Deviation;
  /** Whether the sample's 95 % interval of the mean V_sw holds the mean of the full plan. */
  readonly covered: boolean;
  readonly sampledCells: number;
}

interface Deviation {
  readonly ofFull: number;
  readonly ofTruth: number;
}

/** Adaptive against full plans on equal simulated dies, in simulated instrument time with relays and serial lines. */
export async function adaptiveLines(): Promise<BenchmarkLine[]> {
  const compared: Compared[] = [];
  let worstDie: FullDie | null = null;
  for (const [seed, defects] of DIES) {
    const full = await simulatedDie({ seed, geometry: GEOMETRY, defects, mode: 'full' });
    compared.push(compare(full, await simulatedDie({ seed, geometry: GEOMETRY, defects, mode: 'adaptive' }), defects));
    worstDie = { seed, defects, full };
  }
  const worst = (of: (one: Compared) => number) => Math.max(...compared.map(of));
  const cells = GEOMETRY.rows * GEOMETRY.columns;
  return [
    line('adaptive plan, six dies: less instrument time, median', median(compared, (one) => one.speedup) ?? 0, '×', 5),
    ...compared.map(({ defects, speedup }) => line(`  ${percent(defects)} defects`, speedup, '×', 5)),
    line('adaptive plan: same class as full, worst die', Math.min(...compared.map((one) => one.sameClass)), '', 0.999),
    most(
      'adaptive plan: shorted cells missed',
      worst((one) => one.missedShorts),
      'cells',
      0,
    ),
    most(
      'adaptive plan: mean R_P against full, worst die',
      worst(({ rP }) => rP.ofFull),
      '',
      0.002,
    ),
    most(
      'adaptive plan: mean R_AP against full, worst die',
      worst(({ rAp }) => rAp.ofFull),
      '',
      0.002,
    ),
    most(
      'adaptive plan: mean R_P against truth at the read voltage, worst die',
      worst(({ rP }) => rP.ofTruth),
      '',
      0.005,
    ),
    most(
      'adaptive plan: mean R_AP against truth at the read voltage, worst die',
      worst(({ rAp }) => rAp.ofTruth),
      '',
      0.005,
    ),
    {
      what: `adaptive plan: dies whose 95 % interval of mean V_sw (${median(compared, (one) => one.sampledCells)} of ${cells} cells) holds the full plan's mean`,
      measured: compared.filter(({ covered }) => covered).length,
      unit: `of ${compared.length}`,
      reference: null,
      goal: null,
    },
    ...(worstDie === null ? [] : await tradeOff(worstDie)),
  ];
}

interface FullDie {
  readonly seed: number;
  readonly defects: number;
  readonly full: SimulatedDieRun;
}

/** What sample and margin cost and what they give, on the die with the most defects: time ratio against same-class share. */
async function tradeOff({ seed, defects, full }: FullDie): Promise<BenchmarkLine[]> {
  const lines: BenchmarkLine[] = [];
  for (const change of TRADE_OFFS) {
    const adaptive = await simulatedDie({ seed, geometry: GEOMETRY, defects, mode: 'adaptive', change });
    const { speedup, sameClass } = compare(full, adaptive, defects);
    const what =
      `  trade-off at ${percent(defects)} defects: ${percent(change.sampleFraction)} of the pairs sampled, ` +
      `margin ${percent(change.guardFraction)}, same class ${(100 * sameClass).toFixed(2)} %`;
    lines.push({ what, measured: speedup, unit: '×', reference: null, goal: null });
  }
  return lines;
}

function compare(full: SimulatedDieRun, adaptive: SimulatedDieRun, defects: number): Compared {
  const classes = new Map(full.cells.map((cell) => [cell.cell, cell.class]));
  const same = adaptive.cells.filter((cell) => classes.get(cell.cell) === cell.class).length;
  const found = new Map(adaptive.cells.map((cell) => [cell.cell, cell.class]));
  const shorts = full.cells.filter((cell) => cell.class === 'shorted');
  const sampled = sampledCells(adaptive);
  const sample = switchingOf(sampled);
  const whole = mean(switchingOf(full.cells));
  const spread = Math.sqrt(mean(sample.map((volts) => (volts - mean(sample)) ** 2)) / Math.max(1, sample.length - 1));
  return {
    defects,
    speedup: full.instrumentSeconds / adaptive.instrumentSeconds,
    sameClass: same / full.cells.length,
    missedShorts: shorts.filter(({ cell }) => found.get(cell) !== 'shorted').length,
    rP: deviation(full, adaptive, 'rP'),
    rAp: deviation(full, adaptive, 'rAp'),
    covered: Math.abs(mean(sample) - whole) <= 1.96 * spread,
    sampledCells: sample.length,
  };
}

/** Every cell has its resistances, by a quick read or a loop: its chance of inclusion is 1, and so is its weight. */
function deviation(full: SimulatedDieRun, adaptive: SimulatedDieRun, key: 'rP' | 'rAp'): Deviation {
  const healthy = ({ cells }: SimulatedDieRun) =>
    cells.filter((cell) => cell.class === 'healthy' && cell[key] !== null);
  const ours = mean(healthy(adaptive).map((cell) => cell[key] as number));
  const truth = mean(healthy(adaptive).map((cell) => atReadVoltage(adaptive.truth[cell.cell], key)));
  const theirs = mean(healthy(full).map((cell) => cell[key] as number));
  return { ofFull: Math.abs(ours / theirs - 1), ofTruth: Math.abs(ours / truth - 1) };
}

/** R at the ±50 mV of the reads: the truth of the simulator is that of zero bias. */
function atReadVoltage({ rP, rAp }: CellTruth, key: 'rP' | 'rAp'): number {
  if (key === 'rP') return parallelOhms(rP, READ_VOLTS, DEFAULT_BIAS_LAW.parabolaVolts);
  return antiparallelOhms(rP, rAp / rP - 1, READ_VOLTS, DEFAULT_BIAS_LAW);
}

/** Cells of the random sample: equal chances, so equal weights among each other. */
function sampledCells({ cells, samplePairs }: SimulatedDieRun): StoredCell[] {
  const pairs = new Set(samplePairs);
  return cells.filter(({ cell }) => {
    const { row, column } = cellAt(GEOMETRY, cell);
    return pairs.has(enableLineOf(GEOMETRY, column) * GEOMETRY.rows + row);
  });
}

function switchingOf(cells: readonly StoredCell[]): number[] {
  return cells.flatMap((cell) => (cell.class === 'healthy' ? [cell.vSwitchPositive] : [])).filter((v) => v !== null);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function line(what: string, measured: number, unit: string, least: number): BenchmarkLine {
  return { what, measured, unit, reference: null, goal: { at: 'least', value: least } };
}

function most(what: string, measured: number, unit: string, value: number): BenchmarkLine {
  return { what, measured, unit, reference: null, goal: { at: 'most', value } };
}
