import type { SeededStream } from '../seeded-stream.ts';
import type { ClusterProfile, ConductancePair, DieProfile, LineProfile, Population } from './population.ts';

/** Receives the defects of a map as they are drawn; a cell drawn twice keeps its first value. */
export type PlaceDefect = (cell: number, value: ConductancePair) => void;

/**
 * Draws one defect map: the profile of a die picked at random gives the expected numbers, the places are drawn afresh.
 * `rateScale` multiplies the number of points, clusters and lines.
 */
export function drawMap(population: Population, rateScale: number, stream: SeededStream, place: PlaceDefect): void {
  const profile = population.profiles[stream.below(population.profiles.length)];
  for (const line of profile.lines) repeat(rateScale, stream, () => drawLine(population, line, stream, place));
  for (const cluster of profile.clusters)
    repeat(rateScale, stream, () => drawCluster(population, cluster, stream, place));
  drawPoints(population, profile, rateScale, stream, place);
}

/** A pattern seen once on a die is expected once, not certain once. */
function repeat(mean: number, stream: SeededStream, draw: () => void): void {
  for (let left = stream.poisson(mean); left > 0; left--) draw();
}

function drawPoints(
  population: Population,
  { points }: DieProfile,
  rateScale: number,
  stream: SeededStream,
  place: PlaceDefect,
): void {
  const { pointValues, geometry } = population;
  if (pointValues.length === 0) return;
  for (let left = stream.poisson(points * rateScale); left > 0; left--) {
    const cell = stream.below(geometry.rows) * geometry.columns + drawColumn(population, stream);
    place(cell, pointValues[stream.below(pointValues.length)]);
  }
}

/** A column by its density, by rejection: the densities lie near 1. */
function drawColumn({ columnDensity, geometry }: Population, stream: SeededStream): number {
  for (;;) {
    const column = stream.below(geometry.columns);
    if (stream.uniform() * DENSITY_CEILING < columnDensity[column]) return column;
  }
}

/** Densities above this are cut: one region with more than three times the mean is a cluster, not a trend. */
const DENSITY_CEILING = 3;

function drawCluster(
  { geometry, clusterValues }: Population,
  { cells, radius }: ClusterProfile,
  stream: SeededStream,
  place: PlaceDefect,
): void {
  const centreRow = stream.below(geometry.rows);
  const centreColumn = stream.below(geometry.columns);
  const fill = Math.min(1, cells / (Math.PI * radius * radius));
  const reach = Math.ceil(radius);
  for (let row = Math.max(0, centreRow - reach); row <= Math.min(geometry.rows - 1, centreRow + reach); row++) {
    const first = Math.max(0, centreColumn - reach);
    const last = Math.min(geometry.columns - 1, centreColumn + reach);
    for (let column = first; column <= last; column++) {
      if (Math.hypot(row - centreRow, column - centreColumn) > radius || stream.uniform() >= fill) continue;
      place(row * geometry.columns + column, clusterValues[stream.below(clusterValues.length)]);
    }
  }
}

function drawLine({ geometry }: Population, line: LineProfile, stream: SeededStream, place: PlaceDefect): void {
  const alongRow = line.kind === 'row';
  const at = stream.below(alongRow ? geometry.rows : geometry.columns);
  const length = alongRow ? geometry.columns : geometry.rows;
  for (let i = 0; i < length; i++) {
    if (stream.uniform() >= line.fill) continue;
    place(alongRow ? at * geometry.columns + i : i * geometry.columns + at, line.value);
  }
}
