import { workerData } from 'node:worker_threads';
import { answerTasks } from '../emulation/answer-tasks.ts';
import { placeSolution } from './place-solution.ts';
import type { PlacedSolution, PlacementImages, PlacementTask } from './placer.ts';

const images = workerData as PlacementImages;

answerTasks((task: PlacementTask): readonly PlacedSolution[] => placeSolution(task, images));
