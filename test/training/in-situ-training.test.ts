import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTable, TABLE_NAMES } from '../../training/dataset/load-table.ts';
import { DEFAULT_PULSES } from '../../training/in-situ/amplitude.ts';
import { newLedger } from '../../training/in-situ/array-access.ts';
import { meanInterval } from '../../training/in-situ/figures/mean-interval.ts';
import { writeStudy } from '../../training/in-situ/figures/write-study.ts';
import { InSituCampaign } from '../../training/in-situ/in-situ-campaign.ts';
import { mnistParameters, tableParameters } from '../../training/in-situ/in-situ-parameters.ts';
import { DEFAULT_JUNCTIONS } from '../../training/in-situ/junctions.ts';
import { outerProducts } from '../../training/in-situ/outer-products.ts';
import { type InSituTask, runInSituTask } from '../../training/in-situ/run-task.ts';
import { STUDY_NAMES, STUDY_SCALES, studyTasks } from '../../training/in-situ/studies.ts';
import { tableFold } from '../../training/in-situ/table-folds.ts';
import { wantedFlips } from '../../training/in-situ/wanted-flips.ts';
import { RandomStream } from '../../training/random-stream.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-in-situ-'));
afterAll(() => rmSync(folder, { recursive: true }));

const iris: InSituTask = {
  problem: { kind: 'table', name: 'iris', repetition: 1, fold: 0, judge: 'validation' },
  hidden: [8, 8],
  method: 'in-situ',
  pairsPerWeight: 3,
  parameters: { ...tableParameters(96), epochs: 60, gains: [1, 1, 1] },
  junctions: DEFAULT_JUNCTIONS,
  pulses: { ...DEFAULT_PULSES, policy: 'shared' },
  passive: null,
  seed: 1,
  judgeEvery: 20,
};

describe('the small tables', () => {
  it.each([
    ['iris', 150, 4, [50, 50, 50]],
    ['wine', 178, 13, [59, 71, 48]],
    ['breast-cancer', 569, 30, [212, 357]],
  ] as const)('%s has its published size and classes', (name, count, features, classes) => {
    const table = loadTable(name);
    expect(table.count).toBe(count);
    expect(table.features.length).toBe(features);
    expect(classes.map((_, label) => table.labels.filter((value) => value === label).length)).toEqual(classes);
  });

  it.each(TABLE_NAMES)('%s is divided into folds that share the classes and cover every sample once', (name) => {
    const table = loadTable(name);
    const folds = [0, 1, 2, 3, 4].map((fold) => tableFold(table, 3, fold));
    expect(folds.reduce((sum, { held }) => sum + held.count, 0)).toBe(table.count);
    for (const { train, held } of folds) {
      expect(train.count + held.count).toBe(table.count);
      for (let label = 0; label < train.classes; label++) {
        const all = table.labels.filter((value) => value === label).length;
        expect(Math.abs(held.labels.filter((value) => value === label).length - all / 5)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('keeps a fold’s test part out of choices', () => {
    const table = loadTable('wine');
    const outer = tableFold(table, 3, 2);
    const inner = tableFold(table, 3, 2, 5, true);
    expect(inner.train.count + inner.held.count).toBe(outer.train.count);
  });
});

describe('the rule', () => {
  const powers = { rows: Float64Array.of(4, 1), columns: Float64Array.of(1, 0.25, 0) };

  it('moves against the gradient, by how far it stands out of its noise', () => {
    // Noise of a cell's mean gradient over 100 samples: √(row · column / 100).
    const gradient = Float32Array.of(0.4, -0.2, 1, 0.05, -0.05, 0);
    const wanted = new Float32Array(6);
    wantedFlips(gradient, powers, 100, { rate: 0.1, threshold: 0.9 }, wanted);
    const expected = [-0.11, 0.11, 0, 0, 0.01, 0];
    for (const [i, value] of expected.entries()) expect(wanted[i]).toBeCloseTo(value, 6);
  });

  it('asks for all cells at once with products that follow the gradient and stay below their limit', () => {
    const u = [1, -2, 0.5, 3];
    const v = [0.5, -1, 2];
    const gradient = Float32Array.from(u.flatMap((a) => v.map((b) => 0.3 * a * b)));
    const flat = { rows: new Float64Array(4).fill(1), columns: new Float64Array(3).fill(1) };
    const rule = { rate: 0.5, largest: 0.2, rank: 1 };
    const [{ rows, columns }] = outerProducts(gradient, flat, 100, rule, new RandomStream(1));
    let largest = 0;
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 3; j++) {
        expect(Math.sign(rows[i] * columns[j])).toBe(-Math.sign(u[i] * v[j]));
        largest = Math.max(largest, Math.abs(rows[i] * columns[j]));
      }
    }
    expect(largest).toBeCloseTo(0.2, 5);
  });
});

describe('training in the junctions', () => {
  it('learns through two hidden layers, from chance', async () => {
    const { accuracy, curve } = await runInSituTask(iris);
    expect(curve.map(({ epoch }) => epoch)).toEqual([20, 40, 60]);
    expect(accuracy).toBeGreaterThan(0.85);
    const once = await runInSituTask({ ...iris, parameters: { ...iris.parameters, rate: 1e-9, lastRate: 1e-9 } });
    expect(once.accuracy).toBeLessThan(0.75);
  });

  it('gives the same result again, another for another seed', async () => {
    const [first, again, other] = await Promise.all([iris, iris, { ...iris, seed: 2 }].map(runInSituTask));
    expect(again).toEqual(first);
    expect(other.curve.at(-1)?.flips).not.toBe(first.curve.at(-1)?.flips);
  });

  it.each(['real', 'binary-mapped'] as const)('has a software network to compare with: %s', async (method) => {
    const { gains } = tableParameters(96);
    const task = { ...iris, method, hidden: [16], parameters: { ...iris.parameters, gains } };
    expect((await runInSituTask(task)).accuracy).toBeGreaterThan(0.8);
  });

  it('maps weights that lines have weakened the pulses of only with verification', async () => {
    const { gains } = tableParameters(96);
    const passive = { pitchOhms: 1000, contactOhms: 2, solvedReads: false };
    const task = { ...iris, hidden: [16], parameters: { ...iris.parameters, gains }, passive };
    const [once, verified] = await Promise.all(
      (['binary-mapped', 'binary-verified'] as const).map((method) => runInSituTask({ ...task, method })),
    );
    expect(once.accuracy).toBeLessThan(verified.accuracy - 0.1);
    const ideal = await runInSituTask({ ...task, passive: null, method: 'binary-verified' });
    expect(verified.accuracy).toBe(ideal.accuracy);
  });

  it('is judged early in ever longer steps where asked', async () => {
    const { curve } = await runInSituTask({ ...iris, judgeEarly: true });
    // Three layers, each updated once.
    const updates = curve.map((point) => point.updates / 3);
    expect(updates.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 7, 9]);
    expect(curve.at(-1)).toMatchObject({ epoch: 60 });
    const late = await runInSituTask(iris);
    expect(curve.at(-1)).toEqual(late.curve.at(-1));
  });

  it('learns around shorts that a mapped network cannot', async () => {
    const { gains } = tableParameters(96);
    const junctions = { ...DEFAULT_JUNCTIONS, shortedShare: 0.05 };
    const task = { ...iris, hidden: [16], junctions, parameters: { ...iris.parameters, gains } };
    const mean = async (method: InSituTask['method']) => {
      const outcomes = await Promise.all([1, 2, 3, 4].map((seed) => runInSituTask({ ...task, method, seed })));
      return outcomes.reduce((sum, { accuracy }) => sum + accuracy / 4, 0);
    };
    expect(await mean('in-situ')).toBeGreaterThan(await mean('binary-verified'));
  });

  it('refuses numbers it cannot use', async () => {
    const parameters = { ...iris.parameters, lastBatch: 1000 };
    await expect(runInSituTask({ ...iris, parameters })).rejects.toThrow(/TB_TRAINING_PARAMETER/);
    expect(mnistParameters(1).gains).toHaveLength(2);
  });
});

describe('a campaign', () => {
  it('keeps its outcomes, whatever the number of threads, and does not run them again', async () => {
    const tasks = [1, 2, 3].map((seed) => ({ ...iris, seed }));
    const run = async (file: string, workers: number) => {
      await using campaign = new InSituCampaign(join(folder, file), workers);
      return (await campaign.run(tasks)).map(({ outcome }) => outcome);
    };
    const one = await run('one.jsonl', 1);
    expect(await run('two.jsonl', 2)).toEqual(one);
    // What the file says is believed: an edited outcome comes back, an unfinished last line does not.
    const file = join(folder, 'one.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const edited = JSON.stringify({ ...JSON.parse(lines[0]), outcome: { ...one[0], accuracy: 0.123 } });
    writeFileSync(file, `${edited}\n${lines[1].slice(0, 40)}`);
    const resumed = await run('one.jsonl', 2);
    expect(resumed[0].accuracy).toBe(0.123);
    expect(resumed.slice(1)).toEqual(one.slice(1));
  });
});

describe('studies', () => {
  it.each(STUDY_NAMES)('%s holds no training twice', (name) => {
    const tasks = studyTasks(name, STUDY_SCALES.paper).map((task) => JSON.stringify(task));
    expect(new Set(tasks).size).toBe(tasks.length);
  });

  it('are drawn with the gap to the real-valued network of the same fold', () => {
    const outcomes = [
      { method: 'real', accuracy: 0.97, pairsPerWeight: 1 },
      { method: 'in-situ', accuracy: 0.95, pairsPerWeight: 5 },
    ].map(({ method, accuracy, pairsPerWeight }) => ({
      key: method,
      kernel: 'dense',
      task: { ...iris, method: method as InSituTask['method'], pairsPerWeight },
      outcome: { accuracy, curve: [], junctions: 0, mostPulses: 0 },
    }));
    const { points, files } = writeStudy(folder, 'tables', outcomes, 'test');
    expect(points).toHaveLength(1);
    expect(points[0]).toMatchObject({ series: 'iris', x: 5, count: 1 });
    expect(points[0].mean).toBeCloseTo(2, 9);
    const [csv, svg] = files.map((file) => readFileSync(file, 'utf8'));
    expect(csv.split('\n')[1]).toMatch(/^"iris",5,1,2,2,2,/);
    expect(svg).toContain('gap (points)');
  });

  it('of size count steps and pulses per junction until an accuracy is first reached', () => {
    const point = (accuracy: number, steps: number) => ({
      ...newLedger(),
      epoch: 1,
      accuracy,
      steps,
      pulses: 10 * steps,
      updates: steps,
    });
    const [task] = studyTasks('size', STUDY_SCALES.paper);
    const curve = [point(0.5, 100), point(0.61, 200), point(0.79, 300), point(0.75, 400)];
    const stored = {
      key: 'a',
      kernel: 'dense',
      task,
      outcome: { accuracy: 0.75, curve, junctions: 500, mostPulses: 9 },
    };
    const { points, files } = writeStudy(folder, 'size', [stored], 'test');
    expect(points.map(({ series, x, mean }) => [series, x, mean])).toEqual([['column by column, 60 %', 500, 200]]);
    const read = (name: string) => readFileSync(files.find((file) => file.endsWith(name)) as string, 'utf8');
    expect(read('size-pulses.csv').split('\n')[1]).toMatch(/^"column by column, 60 %",500,1,4,4,4,/);
    expect(read('size-accuracy.csv').split('\n')[1]).toMatch(/^"column by column",500,1,75,75,75,/);
  });

  it('of disturb put all outcomes of one Δ at their common rate', () => {
    const tasks = studyTasks('disturb', STUDY_SCALES.paper).filter(
      ({ junctions, pairsPerWeight, seed }) => pairsPerWeight === 5 && seed < 3 && junctions.delta < 27,
    );
    const outcomes = tasks.map((task, i) => {
      const last = { ...newLedger(), epoch: 15, accuracy: 0.9, halfSelects: 1000, disturbed: i };
      return {
        key: `${i}`,
        kernel: 'dense',
        task,
        outcome: { accuracy: 0.9, curve: [last], junctions: 1, mostPulses: 1 },
      };
    });
    const { points } = writeStudy(folder, 'disturb', outcomes, 'test');
    expect(tasks.map(({ junctions, seed }) => [junctions.delta, seed])).toEqual([
      [25, 1],
      [22, 1],
      [25, 2],
      [22, 2],
    ]);
    expect(points.map(({ x, count }) => [x, count])).toEqual([
      [0.001, 2],
      [0.002, 2],
    ]);
  });

  it('have Student’s interval', () => {
    // Mean 3, s = √2.5, t(4) = 2.776.
    const { mean, low, high } = meanInterval([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(high - mean).toBeCloseTo(2.776 * Math.sqrt(2.5 / 5), 9);
    expect(mean - low).toBeCloseTo(high - mean, 9);
  });
});
