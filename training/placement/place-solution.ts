import type { DieModel } from '../../analysis/die-model.ts';
import type { LabelledImages } from '../dataset/dataset.ts';
import { emulateDie } from '../emulation/emulate-die.ts';
import { DEFAULT_CONDITIONS } from '../emulation/emulation-conditions.ts';
import { dieConductances } from '../mapping/die-conductances.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import { seededStream, textKey } from '../seeded-stream.ts';
import { placeByAssignment } from './place-by-assignment.ts';
import type { BeforeAfter, PlacedSolution, PlacementImages, PlacementTask } from './placer.ts';
import { refinePlacement } from './refine-placement.ts';
import { weightImportance } from './weight-importance.ts';

/** Places one solution on each die: by assignment first, then by trial on the validation images where asked for. */
export function placeSolution(task: PlacementTask, images: PlacementImages): readonly PlacedSolution[] {
  const importance = weightImportance(task.solution, images.sample);
  return task.models.map((model) => placeOnDie(task, model, importance, images));
}

function placeOnDie(
  { solution, readOut, trials, seed }: PlacementTask,
  model: DieModel,
  importance: ReturnType<typeof weightImportance>,
  images: PlacementImages,
): PlacedSolution {
  const die = dieConductances(model, readOut);
  const assigned = placeByAssignment(solution, die, importance);
  const stream = seededStream(seed, textKey(solution.id), textKey(model.id));
  const mapping =
    trials === 0
      ? assigned.mapping
      : refinePlacement(solution, die, assigned.mapping, images.validation, trials, stream).mapping;
  const errors = (layout: Mapping, set: LabelledImages) =>
    emulateDie(model, [solution], { ...DEFAULT_CONDITIONS, readOut, mapping: layout }, set).errors[0];
  const before = paperMapping(solution.shape, model.geometry);
  const compare = (set: LabelledImages): BeforeAfter => ({
    before: errors(before, set),
    after: errors(mapping, set),
    images: set.labels.length,
  });
  return {
    dieModelId: model.id,
    mapping,
    costBefore: assigned.costBefore,
    costAfter: assigned.costAfter,
    validation: compare(images.validation),
    test: compare(images.test),
  };
}
