import { workerData } from 'node:worker_threads';
import type { LabelledImages } from '../dataset/dataset.ts';
import { kernelBuild } from '../kernels/kernel-build.ts';
import { answerTasks } from './answer-tasks.ts';
import { type DieEmulation, emulateDie, softwareErrors } from './emulate-die.ts';
import type { EmulationTask } from './emulator.ts';

const images = workerData as LabelledImages;

// Read now, not at the first task: the kernels and the code that feeds them must be of one moment.
kernelBuild();

answerTasks(({ model, solutions, conditions }: EmulationTask): DieEmulation => {
  if (model === null) return { errors: softwareErrors(solutions, images), filledCells: 0 };
  return emulateDie(model, solutions, conditions, images);
});
