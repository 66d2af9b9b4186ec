import type { Table } from '../dataset/load-table.ts';
import { seededStream, shuffled } from '../seeded-stream.ts';
import type { Samples } from './samples.ts';

export interface Fold {
  readonly train: Samples;
  readonly held: Samples;
}

/**
 * Fold `fold` of a stratified division into `folds`, drawn anew for every repetition. Features are standardised with mean and σ of the
 * fold's training samples and limited to ±3, as row voltages are.
 *
 * With `inner`, the held samples are a fifth of the fold's training part and the fold's own test part is not used at all: for choices.
 */
export function tableFold(table: Table, repetition: number, fold: number, folds = 5, inner = false): Fold {
  const assigned = assignFolds(table.labels, folds, repetition);
  const outside = indices(assigned, (at) => at !== fold);
  const inside = indices(assigned, (at) => at === fold);
  if (!inner) return standardised(table, outside, inside);
  const again = assignFolds(
    Uint8Array.from(outside, (i) => table.labels[i]),
    folds,
    repetition + 1_000_000,
  );
  return standardised(
    table,
    outside.filter((_, k) => again[k] !== 0),
    outside.filter((_, k) => again[k] === 0),
  );
}

/** Fold of each sample: the samples of each class dealt out in random order, one class after another. */
function assignFolds(labels: Uint8Array, folds: number, repetition: number): Uint8Array {
  const stream = seededStream(repetition, 501);
  const assigned = new Uint8Array(labels.length);
  let dealt = 0;
  for (const label of [...new Set(labels)].sort()) {
    for (const i of shuffled(
      indices(labels, (value) => value === label),
      stream,
    ))
      assigned[i] = dealt++ % folds;
  }
  return assigned;
}

function indices(values: Uint8Array, wanted: (value: number) => boolean): number[] {
  return [...values.keys()].filter((i) => wanted(values[i]));
}

function standardised({ features, values, labels, classNames }: Table, train: number[], held: number[]): Fold {
  const width = features.length;
  const moments = features.map((_, f) => {
    const column = train.map((i) => values[i * width + f]);
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
    return { mean, sigma: Math.sqrt(variance) || 1 };
  });
  const convert = (chosen: number[]): Samples => ({
    count: chosen.length,
    width,
    classes: classNames.length,
    values: Float32Array.from(
      chosen.flatMap((i) => moments.map(({ mean, sigma }, f) => limit((values[i * width + f] - mean) / sigma))),
    ),
    labels: Uint8Array.from(chosen, (i) => labels[i]),
  });
  return { train: convert(train), held: convert(held) };
}

const limit = (value: number): number => Math.max(-3, Math.min(3, value));
