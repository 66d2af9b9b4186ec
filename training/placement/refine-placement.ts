import type { LabelledImages } from '../dataset/dataset.ts';
import type { EmulatedSolution } from '../emulation/emulate-die.ts';
import { gainsOf } from '../kernels/gains.ts';
import { evaluateLogits } from '../kernels/inference.ts';
import { pairCount } from '../mapping/check-mapping.ts';
import type { DieConductances } from '../mapping/die-conductances.ts';
import { effectiveWeights, networkCells } from '../mapping/effective-weights.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { SeededStream } from '../seeded-stream.ts';
import { defectSites } from './defect-sites.ts';

export interface Refinement {
  readonly mapping: Mapping;
  /** Mean cross-entropy on the images the search looked at. */
  readonly lossBefore: number;
  readonly lossAfter: number;
  readonly accepted: number;
}

/**
 * Improves a mapping by trial: two lines swapped or a sign turned, kept when the loss on the images falls. At least one
 * of the lines has a defect, since nothing else changes the result. Pass validation images, never those reported on.
 */
export function refinePlacement(
  solution: EmulatedSolution,
  die: DieConductances,
  start: Mapping,
  images: LabelledImages,
  trials: number,
  stream: SeededStream,
): Refinement {
  const lossOf = (mapping: Mapping) => meanLoss(solution, die, mapping, images);
  const lines = defectiveLines(die);
  const lossBefore = lossOf(start);
  let mapping = start;
  let loss = lossBefore;
  let accepted = 0;
  for (let trial = 0; trial < trials && lines.rows.length > 0; trial++) {
    const candidate = propose(mapping, die, lines, stream);
    const candidateLoss = lossOf(candidate);
    if (!(candidateLoss < loss)) continue;
    [mapping, loss] = [candidate, candidateLoss];
    accepted += 1;
  }
  return { mapping, lossBefore, lossAfter: loss, accepted };
}

interface DefectiveLines {
  readonly rows: readonly number[];
  readonly pairs: readonly number[];
}

function defectiveLines(die: DieConductances): DefectiveLines {
  const sites = defectSites(die);
  return { rows: [...new Set(sites.map(({ row }) => row))], pairs: [...new Set(sites.map(({ pair }) => pair))] };
}

function propose(mapping: Mapping, die: DieConductances, lines: DefectiveLines, stream: SeededStream): Mapping {
  const row = lines.rows[stream.below(lines.rows.length)];
  const pair = lines.pairs[stream.below(lines.pairs.length)];
  const otherRow = stream.below(die.geometry.rows);
  const otherPair = stream.below(pairCount(die.geometry));
  switch (stream.below(4)) {
    case 0:
      return { ...mapping, inputRows: exchanged(mapping.inputRows, row, otherRow) };
    case 1:
      return { ...mapping, hiddenRows: exchanged(mapping.hiddenRows, row, otherRow) };
    case 2:
      return {
        ...mapping,
        hiddenPairs: exchanged(mapping.hiddenPairs, pair, otherPair),
        outputPairs: exchanged(mapping.outputPairs, pair, otherPair),
      };
    default:
      return turned(mapping, pair);
  }
}

/** Whoever sat on one line sits on the other; a line without a unit is simply taken. */
function exchanged(lines: readonly number[], a: number, b: number): readonly number[] {
  return lines.map((line) => (line === a ? b : line === b ? a : line));
}

function turned(mapping: Mapping, pair: number): Mapping {
  return {
    ...mapping,
    hiddenPairSigns: mapping.hiddenPairSigns.map((sign, j) =>
      mapping.hiddenPairs[j] === pair ? (-sign as 1 | -1) : sign,
    ),
    outputPairSigns: mapping.outputPairSigns.map((sign, k) =>
      mapping.outputPairs[k] === pair ? (-sign as 1 | -1) : sign,
    ),
  };
}

function meanLoss(
  solution: EmulatedSolution,
  die: DieConductances,
  mapping: Mapping,
  { images, labels }: LabelledImages,
): number {
  const weights = effectiveWeights(solution, die, networkCells(mapping, solution.shape, die));
  const { shape, hyper } = solution;
  const logits = evaluateLogits(weights, images, hyper.activation, gainsOf(shape, hyper));
  let sum = 0;
  for (let image = 0; image < images.count; image++) {
    const row = logits.subarray(image * shape.outputs, (image + 1) * shape.outputs);
    const largest = Math.max(...row);
    let total = 0;
    for (const logit of row) total += Math.exp(logit - largest);
    sum += Math.log(total) + largest - row[labels[image]];
  }
  return sum / images.count;
}
