import { workerData } from 'node:worker_threads';
import type { LabelledImages } from '../dataset/dataset.ts';
import { answerTasks } from './answer-tasks.ts';
import { type DieEmulation, emulateDie, softwareErrors } from './emulate-die.ts';
import type { EmulationTask } from './emulator.ts';

const images = workerData as LabelledImages;

answerTasks(({ model, solutions, conditions }: EmulationTask): DieEmulation => {
  if (model === null) return { errors: softwareErrors(solutions, images), filledCells: 0 };
  return emulateDie(model, solutions, conditions, images);
});
