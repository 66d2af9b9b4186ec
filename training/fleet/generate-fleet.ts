import { type CrossbarGeometry, cellCount, cellIndex } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type SeededStream, seededStream, shuffled, textKey } from '../seeded-stream.ts';
import {
  FLEET_FORMAT,
  FLEET_VERSION,
  type Fleet,
  type FleetDie,
  type FleetParameters,
  type FleetPurpose,
} from './fleet.ts';

/** Draws a fleet. The same name, purpose, seed and parameters give the same fleet on every machine. */
export function generateFleet(name: string, purpose: FleetPurpose, seed: number, parameters: FleetParameters): Fleet {
  checkParameters(parameters);
  const keys = [textKey(name), textKey(purpose), seed];
  const ordinals = Array.from({ length: parameters.dies }, (_, i) => i);
  const outliers = new Set(shuffled(ordinals, seededStream(...keys, 0)).slice(0, parameters.outlierDies));
  const dies = ordinals.map((ordinal) =>
    generateDie(ordinal, outliers.has(ordinal), parameters, seededStream(...keys, 1, ordinal)),
  );
  return { format: FLEET_FORMAT, version: FLEET_VERSION, name, purpose, seed, parameters, dies };
}

type BadClass = 'shorted' | 'subpar' | 'stuck' | 'weak' | 'open';

function generateDie(ordinal: number, outlier: boolean, parameters: FleetParameters, stream: SeededStream): FleetDie {
  const factor = outlier
    ? stream.logUniform(...parameters.outlierFactor)
    : Math.exp(parameters.logSigma * stream.normal());
  const shortedRate = parameters.shortedMedian * factor;
  const subparRate = shortedRate * between(parameters.subparPerShorted, stream);
  const bad = new Map<number, BadClass>();
  scatter(bad, 'shorted', shortedRate, parameters, stream);
  scatter(bad, 'subpar', subparRate, parameters, stream);
  scatter(bad, 'open', parameters.openRate * factor, parameters, stream);
  scatter(bad, 'stuck', parameters.stuckRate * factor, parameters, stream);
  scatter(bad, 'weak', parameters.weakRate * factor, parameters, stream);
  addClusters(bad, parameters, stream);
  addBrokenLines(bad, parameters, stream);
  return { ordinal, outlier, shortedRate, subparRate, ...resistances(bad, parameters, stream) };
}

/** A Poisson number of cells of one class at distinct random places. */
function scatter(
  bad: Map<number, BadClass>,
  name: BadClass,
  rate: number,
  { geometry }: FleetParameters,
  stream: SeededStream,
): void {
  const cells = cellCount(geometry);
  let left = Math.min(stream.poisson(rate * cells), cells - bad.size);
  while (left > 0) {
    const cell = stream.below(cells);
    if (bad.has(cell)) continue;
    bad.set(cell, name);
    left -= 1;
  }
}

function addClusters(bad: Map<number, BadClass>, parameters: FleetParameters, stream: SeededStream): void {
  const { geometry } = parameters;
  for (let left = stream.poisson(parameters.clusters); left > 0; left--) {
    const centre = { row: stream.below(geometry.rows), column: stream.below(geometry.columns) };
    const radius = between(parameters.clusterRadius, stream);
    for (const cell of cellsInDisc(geometry, centre, radius)) {
      if (stream.uniform() < parameters.clusterFill) bad.set(cell, clusterClass(stream.uniform()));
    }
  }
}

/** The mix inside a cluster: mostly shorts and leaky cells, as a particle or an etch residue leaves behind. */
function clusterClass(u: number): BadClass {
  if (u < 0.35) return 'shorted';
  if (u < 0.75) return 'subpar';
  return u < 0.9 ? 'stuck' : 'open';
}

function cellsInDisc(geometry: CrossbarGeometry, centre: { row: number; column: number }, radius: number): number[] {
  const cells: number[] = [];
  const reach = Math.floor(radius);
  for (let row = centre.row - reach; row <= centre.row + reach; row++) {
    for (let column = centre.column - reach; column <= centre.column + reach; column++) {
      const inside = row >= 0 && row < geometry.rows && column >= 0 && column < geometry.columns;
      if (inside && Math.hypot(row - centre.row, column - centre.column) <= radius) {
        cells.push(cellIndex(geometry, { row, column }));
      }
    }
  }
  return cells;
}

function addBrokenLines(bad: Map<number, BadClass>, parameters: FleetParameters, stream: SeededStream): void {
  const { geometry } = parameters;
  for (let left = stream.poisson(parameters.openRows); left > 0; left--) {
    const row = stream.below(geometry.rows);
    for (let column = 0; column < geometry.columns; column++) bad.set(cellIndex(geometry, { row, column }), 'open');
  }
  for (let left = stream.poisson(parameters.openColumns); left > 0; left--) {
    const column = stream.below(geometry.columns);
    for (let row = 0; row < geometry.rows; row++) bad.set(cellIndex(geometry, { row, column }), 'open');
  }
}

function resistances(bad: Map<number, BadClass>, parameters: FleetParameters, stream: SeededStream) {
  const shorted: [number, number][] = [];
  const stuck: [number, number][] = [];
  const subpar: [number, number, number][] = [];
  const weak: [number, number, number][] = [];
  const open: number[] = [];
  const { healthy } = parameters;
  for (const [cell, name] of [...bad].sort(([a], [b]) => a - b)) {
    if (name === 'open') open.push(cell);
    else if (name === 'shorted') shorted.push([cell, rounded(stream.logUniform(...parameters.shortedOhms))]);
    else if (name === 'stuck') {
      const state = stream.uniform() < 0.5 ? healthy.rPOhms : healthy.rApOhms;
      stuck.push([cell, rounded(state * (1 + healthy.relativeSigma * stream.normal()))]);
    } else if (name === 'weak') {
      // Low TMR: R_AP only 10–45 % above R_P, below the recipe's minimum of 50 %.
      const rP = healthy.rPOhms * (1 + healthy.relativeSigma * stream.normal());
      weak.push([cell, rounded(rP), rounded(rP * between([1.1, 1.45], stream))]);
    } else subpar.push([cell, ...shunted(between(parameters.subparApOhms, stream), healthy)]);
  }
  return { shorted, stuck, subpar, weak, open };
}

/** A junction beside a leak: R_AP fixes the shunt, the shunt fixes R_P. */
function shunted(rAp: number, healthy: FleetParameters['healthy']): [number, number] {
  const leakSiemens = 1 / rAp - 1 / healthy.rApOhms;
  return [rounded(1 / (1 / healthy.rPOhms + leakSiemens)), rounded(rAp)];
}

function between([low, high]: readonly [number, number], stream: SeededStream): number {
  return low + (high - low) * stream.uniform();
}

/** Four significant digits: what a file needs to hold. */
function rounded(ohms: number): number {
  return Number(ohms.toPrecision(4));
}

function checkParameters(parameters: FleetParameters): void {
  const rates = [
    parameters.shortedMedian,
    parameters.openRate,
    parameters.stuckRate,
    parameters.weakRate,
    parameters.clusterFill,
  ];
  const wrong = rates.find((rate) => !(rate >= 0 && rate <= 1));
  if (wrong === undefined && parameters.dies >= 1 && parameters.outlierDies <= parameters.dies) return;
  throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing: 'fleet parameters',
    what: wrong === undefined ? 'the number of dies makes no fleet' : 'a rate is no fraction',
    value: wrong === undefined ? `${parameters.dies} dies, ${parameters.outlierDies} outliers` : `${wrong}`,
    expected: 'at least one die, no more outliers than dies, rates from 0 to 1',
    remedy: 'Correct the parameters.',
  });
}
