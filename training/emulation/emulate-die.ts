import type { DieModel } from '../../analysis/die-model.ts';
import type { LabelledImages } from '../dataset/dataset.ts';
import { gainsOf } from '../kernels/gains.ts';
import { countErrors, evaluate } from '../kernels/inference.ts';
import { dieConductances } from '../mapping/die-conductances.ts';
import { effectiveWeights, networkCells } from '../mapping/effective-weights.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import { seededStream, textKey } from '../seeded-stream.ts';
import type { Solution } from '../solution.ts';
import { checkConditions, type EmulationConditions } from './emulation-conditions.ts';

/** What an emulation needs of a solution. */
export type EmulatedSolution = Pick<Solution, 'id' | 'shape' | 'signs1' | 'signs2' | 'hyper'>;

export interface DieEmulation {
  /** Misclassified images, one number a solution, in the order given. */
  readonly errors: readonly number[];
  /** Cells of unknown class that were filled in. */
  readonly filledCells: number;
}

/**
 * The errors of each solution when the die computes it: an ideal linear read-out of G = 1 / (R + R_T), without sneak
 * paths or line resistance.
 *
 * @throws TB_DIE_MODEL_INVALID, TB_MAPPING_INVALID, TB_TRAINING_PARAMETER
 */
export function emulateDie(
  model: DieModel,
  solutions: readonly EmulatedSolution[],
  conditions: EmulationConditions,
  { images, labels }: LabelledImages,
): DieEmulation {
  checkConditions(conditions);
  const die = dieConductances(model, conditions.readOut);
  const errors = solutions.map((solution) => {
    const mapping = conditions.mapping ?? paperMapping(solution.shape, die.geometry);
    const cells = networkCells(mapping, solution.shape, die);
    const weights = effectiveWeights(solution, die, cells, noiseFor(conditions, solution.id, model.id));
    const predictions = evaluate(weights, images, solution.hyper.activation, gainsOf(solution.shape, solution.hyper));
    return countErrors(predictions, labels);
  });
  return { errors, filledCells: die.filledCells };
}

/** The errors of each solution with ideal weights of exactly ±1: the software baseline. */
export function softwareErrors(
  solutions: readonly EmulatedSolution[],
  { images, labels }: LabelledImages,
): readonly number[] {
  return solutions.map(({ shape, signs1, signs2, hyper }) => {
    const weights = { w1: Float32Array.from(signs1), w2: Float32Array.from(signs2) };
    return countErrors(evaluate(weights, images, hyper.activation, gainsOf(shape, hyper)), labels);
  });
}

/** A stream for each solution on each die: neither the order nor the other pairs of a campaign matter. */
function noiseFor({ repeatability }: EmulationConditions, solutionId: string, dieModelId: string) {
  if (repeatability === null || repeatability.relativeSigma === 0) return null;
  const stream = seededStream(repeatability.seed, textKey(solutionId), textKey(dieModelId));
  return { relativeSigma: repeatability.relativeSigma, stream };
}
