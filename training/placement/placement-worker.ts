import { workerData } from 'node:worker_threads';
import { answerTasks } from '../emulation/answer-tasks.ts';
import { kernelBuild } from '../kernels/kernel-build.ts';
import { placeSolution } from './place-solution.ts';
import type { PlacedSolution, PlacementImages, PlacementTask } from './placer.ts';

const images = workerData as PlacementImages;

// Read now, not at the first task: the kernels and the code that feeds them must be of one moment.
kernelBuild();

answerTasks((task: PlacementTask): readonly PlacedSolution[] => placeSolution(task, images));
