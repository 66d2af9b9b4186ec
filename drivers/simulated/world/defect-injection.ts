import { wholePathOhms } from '../../../physics/access-path.ts';
import { type CellLabel, type DiePopulation, labelCode } from './die-population.ts';
import type { StationOptions } from './station-options.ts';
import { dieRateFactor } from './wafer-pattern.ts';

/** Defects scattered over the die one by one. */
const SCATTERED = [
  'shorted',
  'subpar',
  'weakLowTmr',
  'weakTelegraph',
  'weakBackHopping',
  'open',
  'stuckP',
  'stuckAp',
] as const satisfies readonly CellLabel[];

/** Makes some cells defective: single cells, clusters, lines. `source` gives uniform numbers in [0, 1). */
export function injectDefects(options: StationOptions, made: DiePopulation, source: () => number): DiePopulation {
  const factor = dieRateFactor(options, made.die);
  scatter(options, made, factor, source);
  addClusters(options, made, factor, source);
  return killLines(options, made, factor, source);
}

function scatter(options: StationOptions, made: DiePopulation, factor: number, source: () => number): void {
  const { rates } = options.population;
  for (let cell = 0; cell < made.labels.length; cell++) {
    let draw = source() / factor;
    const label = SCATTERED.find((candidate) => {
      if (draw < rates[candidate]) return true;
      draw -= rates[candidate];
      return false;
    });
    if (label !== undefined) makeDefective(options, made, cell, label, source);
  }
}

/** A cluster: around a centre, cells within 2 to 4 pitches are shorted or subpar, the likelier the nearer. */
function addClusters(options: StationOptions, made: DiePopulation, factor: number, source: () => number): void {
  const { rows, columns } = options.geometry;
  const clusters = poisson(options.population.rates.clustersPerDie * factor, source);
  for (let cluster = 0; cluster < clusters; cluster++) {
    const centreRow = source() * rows;
    const centreColumn = source() * columns;
    const radius = 2 + 2 * source();
    for (let row = Math.max(0, Math.ceil(centreRow - radius)); row < Math.min(rows, centreRow + radius); row++) {
      const first = Math.max(0, Math.ceil(centreColumn - radius));
      for (let column = first; column < Math.min(columns, centreColumn + radius); column++) {
        const distance = Math.hypot(row - centreRow, column - centreColumn) / radius;
        const cell = row * columns + column;
        if (source() >= 0.8 * (1 - distance) || made.labels[cell] !== labelCode('healthy')) continue;
        makeDefective(options, made, cell, source() < 0.5 ? 'shorted' : 'subpar', source);
      }
    }
  }
}

/**
 * A dead row is broken between pad and array: it floats. A dead column has lost its branch of the enable line: its
 * transistors never open, so its cells are off and the neighbour column is not disturbed. A column that floats
 * instead, which falsifies its neighbour, is what a lost needle gives.
 */
function killLines(options: StationOptions, made: DiePopulation, factor: number, source: () => number): DiePopulation {
  const { rows, columns } = options.geometry;
  const { deadRowsPerDie, deadColumnsPerDie } = options.population.rates;
  const draw = (mean: number, count: number) =>
    [...new Set(Array.from({ length: poisson(mean * factor, source) }, () => Math.floor(source() * count)))].sort(
      (one, other) => one - other,
    );
  const deadRows = draw(deadRowsPerDie, rows);
  const deadColumns = draw(deadColumnsPerDie, columns);
  for (const row of deadRows) made.labels.fill(labelCode('deadRow'), row * columns, (row + 1) * columns);
  for (const column of deadColumns) {
    for (let row = 0; row < rows; row++) made.labels[row * columns + column] = labelCode('deadColumn');
  }
  return { ...made, deadRows, deadColumns };
}

function makeDefective(
  options: StationOptions,
  made: DiePopulation,
  cell: number,
  label: CellLabel,
  source: () => number,
): void {
  const { columns } = options.geometry;
  const path = wholePathOhms(options.accessPath, Math.floor(cell / columns), cell % columns);
  made.labels[cell] = labelCode(label);
  switch (label) {
    case 'shorted':
      replaceByOhms(made, cell, logUniform(100, 1_000, source()) - path);
      return;
    case 'open':
      replaceByOhms(made, cell, logUniform(5e6, 1e9, source()));
      return;
    case 'subpar': {
      // A partial shunt: in parallel with the healthy junction it gives the wanted resistance as measured in P.
      const wanted = logUniform(1_000, 12_000, source()) - path;
      made.gShunt[cell] = Math.max(0, 1 / wanted - made.gP[cell]);
      return;
    }
    case 'weakLowTmr':
      made.tmr[cell] = 0.1 + 0.3 * source();
      return;
    case 'weakTelegraph':
      made.telegraphDepth[cell] = 0.12 + 0.18 * source();
      return;
    case 'weakBackHopping':
      made.hopAboveVolts[cell] = 0.55 + 0.06 * source();
      return;
    default:
  }
}

function replaceByOhms(made: DiePopulation, cell: number, ohms: number): void {
  made.gP[cell] = 0;
  made.tmr[cell] = 0;
  made.gShunt[cell] = 1 / ohms;
}

function logUniform(low: number, high: number, uniform: number): number {
  return low * (high / low) ** uniform;
}

/** Knuth's product of uniforms; the means here are of order one. */
function poisson(mean: number, source: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = source(); product > limit; product *= source()) count++;
  return count;
}
