/**
 * The training step against PyTorch and against a compiled program, on identical work: images, order, first latent
 * weights, learning rate, batch, optimiser. One thread each, taking turns, medians of five turns of processor time.
 * The same defect statistics but other draws: no two random generators agree across languages.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from 'd3-array';
import type { Dataset } from '../training/dataset/dataset.ts';
import { loadDataset } from '../training/dataset/load-dataset.ts';
import { kernelBuild } from '../training/kernels/kernel-build.ts';
import { Trainer } from '../training/trainer/trainer.ts';
import { DEFAULT_PARAMETERS } from '../training/training-parameters.ts';
import type { BenchmarkLine, SkippedLine } from './benchmark-line.ts';
import { Contender, type Timing } from './training/contender.ts';
import { runKernel, type SharedWork, sharedWork, writeWork } from './training/shared-work.ts';

const ROUNDS = 5;
/** An epoch of 55,000 images. */
const STEPS = 550;
/** A weight matrix per image takes PyTorch seconds an epoch: fewer steps give the same rate. */
const DENSE_STEPS = 40;
const ENSEMBLE = 4;
/** Trajectories part at the first sign that rounding flips, so epochs agree in their mean loss, not bit by bit. */
const LOSS_TOLERANCE = 0.04;

const PYTHONS = ['python3', '/usr/bin/python3'];
const folderOfPrograms = join(import.meta.dirname, 'training');

type Lines = (BenchmarkLine | SkippedLine)[];

/** One thing that takes turns with the others. */
interface Turn {
  readonly name: string;
  readonly steps: number;
  readonly task: 'defect-free' | 'statistics-aware';
  run(steps: number): Promise<Timing>;
}

export async function run(): Promise<Lines> {
  const dataset = loadDataset();
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  try {
    const work = sharedWork(dataset.train);
    writeWork(folder, work);
    await using contenders = new AsyncDisposableStack();
    const torch = contenders.use(await startTorch(folder));
    const native = contenders.use(await startNative(folder));
    const rates = await takeTurns(turnsOf(work, torch, native));
    return [...linesOf(rates), await twoWorkers(dataset)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** PyTorch in the first Python that has it, or null. */
async function startTorch(folder: string): Promise<Contender | null> {
  const python = PYTHONS.find((name) => spawnSync(name, ['-c', 'import torch']).status === 0);
  if (python === undefined) return null;
  return Contender.start(python, [join(folderOfPrograms, 'torch_training.py'), folder], 'ready');
}

async function startNative(folder: string): Promise<Contender | null> {
  const program = join(folder, 'native-training');
  const source = join(folderOfPrograms, 'native-training.c');
  const { status } = spawnSync('gcc', ['-O3', '-mavx2', '-mfma', '-o', program, source, '-lm']);
  return status === 0 ? Contender.start(program, [folder]) : null;
}

function turnsOf(work: SharedWork, torch: Contender | null, native: Contender | null): Turn[] {
  const turns: Turn[] = [];
  for (const fast of [true, false]) {
    for (const task of ['defect-free', 'statistics-aware'] as const) {
      const build = kernelBuild(fast);
      const timing = async (steps: number) => runKernel(build, task === 'statistics-aware', steps, work);
      turns.push({ name: `${build.name} ${task}`, task, steps: STEPS, run: timing });
    }
  }
  const outside = (contender: Contender | null, program: string, mode: string, task: Turn['task'], steps = STEPS) => {
    if (contender === null) return;
    turns.push({ name: `${program} ${mode}`, task, steps, run: (count) => contender.run(mode, count) });
  };
  outside(torch, 'PyTorch', 'autograd', 'defect-free');
  outside(torch, 'PyTorch', 'sparse', 'statistics-aware');
  outside(torch, 'PyTorch', 'dense', 'statistics-aware', DENSE_STEPS);
  outside(native, 'C', 'defect-free', 'defect-free');
  outside(native, 'C', 'statistics-aware', 'statistics-aware');
  return turns;
}

/** Median steps per second of processor time, by name. */
async function takeTurns(turns: readonly Turn[]): Promise<Map<string, number>> {
  const losses = new Map<string, number>();
  for (const { name, run, steps } of turns) losses.set(name, (await run(steps)).meanLoss);
  requireSameWork(turns, losses);
  const rates = new Map<string, number[]>(turns.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run, steps } of turns) rates.get(name)?.push(steps / (await run(steps)).processorSeconds);
  }
  return new Map([...rates].map(([name, values]) => [name, median(values) as number]));
}

/** A contender that trains something else would make every ratio meaningless. */
function requireSameWork(turns: readonly Turn[], losses: ReadonlyMap<string, number>): void {
  for (const { name, task, steps } of turns) {
    const ours = losses.get(`plain ${task}`) as number;
    const theirs = losses.get(name) as number;
    // The mean over the first steps of an epoch is far above that of the epoch.
    if (steps === STEPS && Math.abs(theirs / ours - 1) > LOSS_TOLERANCE) {
      throw new Error(`${name} has a mean loss of ${theirs}, ours is ${ours}: it does other work`);
    }
  }
}

function linesOf(rates: ReadonlyMap<string, number>): Lines {
  const comparisons: [task: Turn['task'], reference: string, goal: number][] = [
    ['defect-free', 'PyTorch autograd', 4],
    ['statistics-aware', 'PyTorch sparse', 7],
    ['statistics-aware', 'PyTorch dense', 60],
    ['defect-free', 'C defect-free', 0.6],
    ['statistics-aware', 'C statistics-aware', 0.6],
  ];
  return comparisons.flatMap(([task, reference, goal]) =>
    ['relaxed', 'plain'].map((build): BenchmarkLine | SkippedLine => {
      const what = `training, ${task}, ${build} kernels`;
      const theirs = rates.get(reference);
      const measured = rates.get(`${build} ${task}`);
      if (measured === undefined) return { what, skipped: 'this JavaScript engine has no relaxed SIMD' };
      if (theirs === undefined) return { what, skipped: `no ${reference.startsWith('C') ? 'gcc' : 'PyTorch'} here` };
      return {
        what,
        measured,
        unit: 'steps/s',
        reference: { name: reference, value: theirs },
        // The plain build stands beside for information.
        goal: build === 'relaxed' ? { at: 'least', value: goal } : null,
      };
    }),
  );
}

/** Two worker threads against one on an ensemble of four, by the clock: meaningful on a machine with nothing else to do. */
async function twoWorkers(dataset: Dataset): Promise<BenchmarkLine | SkippedLine> {
  const what = 'training, ensemble on two workers';
  if (availableParallelism() < 2) return { what, skipped: 'this machine has one processor' };
  await using one = new Trainer(dataset, { workers: 1 });
  await using two = new Trainer(dataset, { workers: 2 });
  const seconds = { one: [] as number[], two: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    const timed = { one: await ensembleSeconds(one), two: await ensembleSeconds(two) };
    // The first round starts the threads.
    if (round === 0) continue;
    seconds.one.push(timed.one);
    seconds.two.push(timed.two);
  }
  const rate = (times: number[]) => ENSEMBLE / (median(times) as number);
  return {
    what,
    measured: rate(seconds.two),
    unit: 'solutions/s',
    reference: { name: 'one worker', value: rate(seconds.one) },
    goal: { at: 'least', value: 1.7 },
  };
}

async function ensembleSeconds(trainer: Trainer): Promise<number> {
  const started = performance.now();
  const ensemble = trainer.trainEnsemble({
    kind: 'defect-free',
    parameters: { ...DEFAULT_PARAMETERS, epochs: 4 },
    seed: 1,
    members: Array.from({ length: ENSEMBLE }, (_, member) => member),
    provenance: { softwareVersion: 'benchmark', dieModelId: null, populationDieModelIds: [], mappingSha256: null },
  });
  let trained = 0;
  for await (const { solution } of ensemble) trained += solution.signs1.length > 0 ? 1 : 0;
  if (trained !== ENSEMBLE) throw new Error(`${trained} of ${ENSEMBLE} solutions were trained`);
  return (performance.now() - started) / 1000;
}
