import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import type { NetworkShape } from '../network-shape.ts';
import { checkMapping } from './check-mapping.ts';
import type { Mapping } from './mapping.ts';

/**
 * The default layout: inputs on rows 0…, hidden units on pairs 0…, then the outputs on the pairs that follow, hidden
 * units again on rows 0… for layer 2. For 100-90-10 in 100 × 200 cells layer 1 takes columns 0–179, layer 2 columns
 * 180–199, and 2 · (100 · 90 + 90 · 10) = 19,800 of 20,000 cells are used, as published (Borders et al., PR Applied 21,
 * 054028, figure 2b); which cells are the unused ones is our choice.
 *
 * @throws TB_MAPPING_INVALID with the arithmetic when the network does not fit.
 */
export function paperMapping(shape: NetworkShape, geometry: CrossbarGeometry): Mapping {
  const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  const mapping: Mapping = {
    inputRows: run(0, shape.inputs),
    hiddenPairs: run(0, shape.hidden),
    hiddenRows: run(0, shape.hidden),
    outputPairs: run(shape.hidden, shape.outputs),
    hiddenPairSigns: Array(shape.hidden).fill(1),
    outputPairSigns: Array(shape.outputs).fill(1),
  };
  return checkMapping(mapping, shape, geometry);
}
