import type { DieModel } from '../../analysis/die-model.ts';
import { cellAt } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type DieConductances, dieConductances } from '../mapping/die-conductances.ts';
import type { ReadOut } from '../mapping/read-out.ts';
import { type DefectPatterns, defectPatterns } from './defect-patterns.ts';
import type { ConductancePair, DieProfile, Population } from './population.ts';

/** Columns over which the density of defects is averaged: narrower windows would echo single defects. */
const DENSITY_WINDOW = 20;

/** Weight of an even spread against the counts seen, as defects a column; keeps rare defects from making a pattern. */
const DENSITY_PRIOR = 1;

/**
 * The population that the given dies come from. For a die under test, pass the other dies only.
 *
 * @throws TB_DIE_MODEL_INVALID for no die, dies of different geometries, or a die that cannot be read out.
 */
export function inferPopulation(models: readonly DieModel[], readOut: ReadOut): Population {
  checkModels(models);
  const dies = models.map((model) => dieConductances(model, readOut));
  const patterns = dies.map((die) => defectPatterns(die.defective, die.geometry));
  const valuesOf = (cellsOf: (found: DefectPatterns) => readonly number[]) =>
    dies.flatMap((die, i) => cellsOf(patterns[i]).map((cell): ConductancePair => [die.p[cell], die.ap[cell]]));
  const mean = (pick: (die: DieConductances) => number) => dies.reduce((sum, die) => sum + pick(die), 0) / dies.length;
  return {
    geometry: models[0].geometry,
    dieModelIds: models.map(({ id }) => id),
    meanP: mean((die) => die.meanP),
    meanAp: mean((die) => die.meanAp),
    profiles: dies.map((die, i) => profile(die, patterns[i])),
    pointValues: valuesOf((found) => found.points),
    clusterValues: valuesOf((found) => found.clusters.flat()),
    columnDensity: columnDensity(patterns, models[0].geometry.columns, models[0].geometry),
  };
}

function profile(die: DieConductances, patterns: DefectPatterns): DieProfile {
  return {
    points: patterns.points.length,
    clusters: patterns.clusters.map((cells) => ({ cells: cells.length, radius: radiusOf(cells, die) })),
    lines: patterns.lines.map(({ kind, cells }) => ({
      kind,
      fill: cells.length / (kind === 'row' ? die.geometry.columns : die.geometry.rows),
      value: meanValue(cells, die),
    })),
  };
}

/** Radius of the smallest disc around the patch's centre that holds it. */
function radiusOf(cells: readonly number[], { geometry }: DieConductances): number {
  const places = cells.map((cell) => cellAt(geometry, cell));
  const row = places.reduce((sum, place) => sum + place.row, 0) / cells.length;
  const column = places.reduce((sum, place) => sum + place.column, 0) / cells.length;
  return Math.max(1, ...places.map((place) => Math.hypot(place.row - row, place.column - column)));
}

function meanValue(cells: readonly number[], { p, ap }: DieConductances): ConductancePair {
  const mean = (siemens: Float64Array) => cells.reduce((sum, cell) => sum + siemens[cell], 0) / cells.length;
  return [mean(p), mean(ap)];
}

function columnDensity(
  patterns: readonly DefectPatterns[],
  columns: number,
  geometry: Population['geometry'],
): readonly number[] {
  const counts = new Float64Array(columns);
  for (const { points } of patterns) for (const cell of points) counts[cellAt(geometry, cell).column] += 1;
  const smooth = Array.from({ length: columns }, (_, column) => {
    const from = Math.max(0, Math.min(columns - DENSITY_WINDOW, column - DENSITY_WINDOW / 2));
    const to = Math.min(columns, from + DENSITY_WINDOW);
    const seen = counts.subarray(from, to).reduce((sum, count) => sum + count, 0);
    return seen / (to - from);
  });
  const even = smooth.reduce((sum, value) => sum + value, 0) / columns;
  return smooth.map((value) => (value + DENSITY_PRIOR) / (even + DENSITY_PRIOR));
}

function checkModels(models: readonly DieModel[]): void {
  if (models.length === 0) {
    throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
      thing: 'population',
      what: 'there is no die to infer it from',
      expected: 'at least one die model besides the die under test',
      remedy: 'Give more die models.',
    });
  }
  const [{ geometry }] = models;
  const other = models.find(
    (model) => model.geometry.rows !== geometry.rows || model.geometry.columns !== geometry.columns,
  );
  if (other === undefined) return;
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing: `die model ${other.id}`,
    what: 'its geometry differs from the other dies of the population',
    value: `${other.geometry.rows} × ${other.geometry.columns}`,
    expected: `${geometry.rows} × ${geometry.columns}`,
    remedy: 'Use die models of one kind of die.',
  });
}
