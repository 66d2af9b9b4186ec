import { pairCount } from '../mapping/check-mapping.ts';
import type { DieConductances } from '../mapping/die-conductances.ts';
import type { BinaryWeights } from '../mapping/effective-weights.ts';
import type { Mapping, PairSign } from '../mapping/mapping.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import { assignmentCost, cheapestAssignment } from './assignment.ts';
import { type DefectSite, defectSites } from './defect-sites.ts';
import type { WeightImportance } from './weight-importance.ts';

/** Rounds of alternating assignments; the cost settles after two to four. */
const MAX_ROUNDS = 10;

export interface Placement {
  readonly mapping: Mapping;
  /** Sum over the defects of the tabulated change of the loss, before (default layout) and after. */
  readonly costBefore: number;
  readonly costAfter: number;
}

/**
 * A mapping that puts the die's defects where the solution feels them least. Each step is an exact assignment with the
 * rest held: inputs to rows; hidden units to rows of layer 2 (spare rows swallow the worst); hidden units and outputs
 * together to pairs, each with the better sign. Steps repeat until the cost no longer falls. The solution is unchanged.
 */
export function placeByAssignment(
  weights: BinaryWeights,
  die: DieConductances,
  importance: WeightImportance,
): Placement {
  const costs = new SiteCosts(weights, importance);
  const sites = defectSites(die);
  const start = paperMapping(weights.shape, die.geometry);
  const costBefore = costs.total(start, sites);
  let best = start;
  let bestCost = costBefore;
  for (const first of [start, onCleanPairs(start, sites, pairCount(die.geometry))]) {
    const { mapping, cost } = alternate(first, sites, costs, die);
    if (cost < bestCost) [best, bestCost] = [mapping, cost];
  }
  return { mapping: best, costBefore, costAfter: bestCost };
}

function alternate(first: Mapping, sites: readonly DefectSite[], costs: SiteCosts, { geometry }: DieConductances) {
  let mapping = first;
  let cost = costs.total(mapping, sites);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const withRows = costs.assignRows(mapping, sites, geometry.rows);
    const next = costs.assignPairs(withRows, sites, pairCount(geometry));
    const nextCost = costs.total(next, sites);
    if (!(nextCost < cost - 1e-12)) break;
    [mapping, cost] = [next, nextCost];
  }
  return { mapping, cost };
}

/** A second start: the outputs on the pairs with the fewest defects, since a defect of layer 2 harms most. */
function onCleanPairs(start: Mapping, sites: readonly DefectSite[], pairs: number): Mapping {
  const defects = new Array<number>(pairs).fill(0);
  for (const { pair } of sites) defects[pair] += 1;
  const byDefects = Array.from({ length: pairs }, (_, pair) => pair).sort((a, b) => defects[a] - defects[b] || a - b);
  const outputPairs = byDefects.slice(0, start.outputPairs.length);
  const others = byDefects.slice(start.outputPairs.length).sort((a, b) => a - b);
  return { ...start, outputPairs, hiddenPairs: others.slice(0, start.hiddenPairs.length) };
}

/** The cost of defects for every way to use their sites. */
class SiteCosts {
  readonly #weights: BinaryWeights;
  readonly #importance: WeightImportance;

  constructor(weights: BinaryWeights, importance: WeightImportance) {
    this.#weights = weights;
    this.#importance = importance;
  }

  total(mapping: Mapping, sites: readonly DefectSite[]): number {
    const { inputOfRow, unitOfRow, unitOfPair } = invert(mapping);
    let sum = 0;
    for (const site of sites) {
      const unit = unitOfPair.get(site.pair);
      if (unit === undefined) continue;
      const signs = unit.layer === 1 ? mapping.hiddenPairSigns : mapping.outputPairSigns;
      const from = (unit.layer === 1 ? inputOfRow : unitOfRow).get(site.row);
      if (from !== undefined) sum += this.#cost(unit.layer, from, unit.index, site, signs[unit.index]);
    }
    return sum;
  }

  assignRows(mapping: Mapping, sites: readonly DefectSite[], rows: number): Mapping {
    const { unitOfPair } = invert(mapping);
    const { inputs, hidden } = this.#weights.shape;
    const inputCost = new Float64Array(inputs * rows);
    const hiddenCost = new Float64Array(hidden * rows);
    for (const site of sites) {
      const unit = unitOfPair.get(site.pair);
      if (unit === undefined) continue;
      const [table, count, signs] =
        unit.layer === 1 ? [inputCost, inputs, mapping.hiddenPairSigns] : [hiddenCost, hidden, mapping.outputPairSigns];
      for (let from = 0; from < count; from++) {
        table[from * rows + site.row] += this.#cost(unit.layer, from, unit.index, site, signs[unit.index]);
      }
    }
    return {
      ...mapping,
      inputRows: betterOf(mapping.inputRows, inputCost, rows),
      hiddenRows: betterOf(mapping.hiddenRows, hiddenCost, rows),
    };
  }

  assignPairs(mapping: Mapping, sites: readonly DefectSite[], pairs: number): Mapping {
    const { hidden, outputs } = this.#weights.shape;
    const units = hidden + outputs;
    const byPairSign = [this.#pairCosts(mapping, sites, pairs, 1), this.#pairCosts(mapping, sites, pairs, -1)];
    const cheaper = byPairSign[0].map((cost, i) => Math.min(cost, byPairSign[1][i]));
    const pairOf = betterOf([...mapping.hiddenPairs, ...mapping.outputPairs], cheaper, pairs);
    const signs = Array.from({ length: units }, (_, unit): PairSign => {
      const at = unit * pairs + pairOf[unit];
      return byPairSign[1][at] < byPairSign[0][at] ? -1 : 1;
    });
    return {
      ...mapping,
      hiddenPairs: pairOf.slice(0, hidden),
      outputPairs: pairOf.slice(hidden),
      hiddenPairSigns: signs.slice(0, hidden),
      outputPairSigns: signs.slice(hidden),
    };
  }

  /** Cost of every unit (hidden units, then outputs) on every pair with one sign, rows as they are. */
  #pairCosts(mapping: Mapping, sites: readonly DefectSite[], pairs: number, sign: PairSign): Float64Array {
    const { hidden, outputs } = this.#weights.shape;
    const { inputOfRow, unitOfRow } = invert(mapping);
    const table = new Float64Array((hidden + outputs) * pairs);
    for (const site of sites) {
      const input = inputOfRow.get(site.row);
      const unit = unitOfRow.get(site.row);
      for (let j = 0; j < hidden && input !== undefined; j++) {
        table[j * pairs + site.pair] += this.#cost(1, input, j, site, sign);
      }
      for (let k = 0; k < outputs && unit !== undefined; k++) {
        table[(hidden + k) * pairs + site.pair] += this.#cost(2, unit, k, site, sign);
      }
    }
    return table;
  }

  #cost(layer: 1 | 2, from: number, to: number, site: DefectSite, sign: PairSign): number {
    const { shape, signs1, signs2 } = this.#weights;
    const weight = from * (layer === 1 ? shape.hidden : shape.outputs) + to;
    const wanted = (layer === 1 ? signs1 : signs2)[weight];
    const { level, fraction } = site.worth[(sign === 1 ? 0 : 2) + (wanted > 0 ? 0 : 1)];
    const tables = layer === 1 ? this.#importance.layer1 : this.#importance.layer2;
    return tables[level][weight] * (1 - fraction) + tables[level + 1][weight] * fraction;
  }
}

/** The cheapest assignment, or the present one where it costs the same: without defects nothing moves. */
function betterOf(present: readonly number[], cost: Float64Array, jobs: number): readonly number[] {
  const found = cheapestAssignment(cost, present.length, jobs);
  return assignmentCost(cost, jobs, found) < assignmentCost(cost, jobs, present) ? found : present;
}

function invert(mapping: Mapping) {
  const unitOfPair = new Map<number, { layer: 1 | 2; index: number }>();
  mapping.hiddenPairs.forEach((pair, index) => void unitOfPair.set(pair, { layer: 1, index }));
  mapping.outputPairs.forEach((pair, index) => void unitOfPair.set(pair, { layer: 2, index }));
  return {
    inputOfRow: new Map(mapping.inputRows.map((row, input) => [row, input])),
    unitOfRow: new Map(mapping.hiddenRows.map((row, unit) => [row, unit])),
    unitOfPair,
  };
}
