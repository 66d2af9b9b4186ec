import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import type { NetworkShape } from '../network-shape.ts';
import { seededStream, shuffled } from '../seeded-stream.ts';
import { checkMapping, pairCount } from './check-mapping.ts';
import type { Mapping, PairSign } from './mapping.ts';

/** A mapping drawn uniformly from all valid ones, seeded: a control for every claim about placement. */
export function randomMapping(shape: NetworkShape, geometry: CrossbarGeometry, seed: number): Mapping {
  const stream = seededStream(seed, 0x3a99);
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  const rows = () => shuffled(upTo(geometry.rows), stream);
  const pairs = shuffled(upTo(pairCount(geometry)), stream);
  const signs = (count: number) => upTo(count).map((): PairSign => (stream.uniform() < 0.5 ? 1 : -1));
  const mapping: Mapping = {
    inputRows: rows().slice(0, shape.inputs),
    hiddenPairs: pairs.slice(0, shape.hidden),
    hiddenRows: rows().slice(0, shape.hidden),
    outputPairs: pairs.slice(shape.hidden, shape.hidden + shape.outputs),
    hiddenPairSigns: signs(shape.hidden),
    outputPairSigns: signs(shape.outputs),
  };
  return checkMapping(mapping, shape, geometry);
}
