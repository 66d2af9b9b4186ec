import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/**
 * How weights are moved: `columns` gives every cell its own probability, one column after another; `outer` pulses all cells at
 * once with the leading outer products of the gradient, in a number of steps independent of the array's size.
 */
export type UpdateScheme = 'columns' | 'outer';

/**
 * The rule: t = |m| / √(⟨x²⟩·⟨δ²⟩/B) is a cell's mean gradient over a batch of B in units of the noise that its row values x and
 * column errors δ predict; P = rate · max(t − threshold, 0). Mondal and Srivastava steer P by input and error; their law is not
 * published in the abstract, so this one is ours. Batch and rate run geometrically from first to last.
 */
export interface InSituParameters {
  readonly update: UpdateScheme;
  readonly epochs: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly rate: number;
  readonly lastRate: number;
  readonly threshold: number;
  /** Amplification of the column sums, per layer. */
  readonly gains: readonly number[];
  /** `outer` only: outer products per update, and the largest probability that one may set, first to last. */
  readonly rank: number;
  readonly largestProbability: number;
  readonly lastLargestProbability: number;
}

const OUTER = { rank: 2, largestProbability: 0.1, lastLargestProbability: 0.01 } as const;

/** For the 100-90-10 network on MNIST by junction pairs per weight, chosen on the validation images. */
export function mnistParameters(pairsPerWeight: number, epochs = 40): InSituParameters {
  const shared = { update: 'columns', epochs, threshold: 0.9, rate: 0.015, ...OUTER } as const;
  if (pairsPerWeight === 1) return { ...shared, firstBatch: 500, lastBatch: 5000, lastRate: 0.0005, gains: [0.6, 0.3] };
  const batches = { firstBatch: 300, lastBatch: 3000 } as const;
  if (pairsPerWeight < 5) return { ...shared, ...batches, lastRate: 0.001, gains: [1, 0.6] };
  return { ...shared, ...batches, lastRate: 0.0015, gains: [pairsPerWeight < 9 ? 1.2 : 1.5, 0.8] };
}

/** For the update of all cells at once on MNIST, chosen on the validation images. */
export function outerParameters(pairsPerWeight: number, epochs = 40): InSituParameters {
  const gains = pairsPerWeight === 1 ? [0.6, 0.3] : [1, 0.5];
  return { ...mnistParameters(pairsPerWeight, epochs), update: 'outer', rate: 0.1, lastRate: 0.01, gains };
}

/** For the small tables, with batches of a share of their training samples; chosen on inner validation parts. */
export function tableParameters(trainingSamples: number): InSituParameters {
  return {
    update: 'columns',
    epochs: 100,
    firstBatch: Math.round(trainingSamples / 3),
    lastBatch: trainingSamples,
    rate: 0.05,
    lastRate: 0.005,
    threshold: 0.5,
    gains: [1, 1],
    ...OUTER,
  };
}

/** Throws TB_TRAINING_PARAMETER on numbers that no training can use. */
export function checkInSituParameters(parameters: InSituParameters, layers: number, samples: number): void {
  const { epochs, firstBatch, lastBatch, rate, lastRate, threshold, gains, rank } = parameters;
  const whole = (value: number) => Number.isInteger(value) && value >= 1;
  const probability = (value: number) => value > 0 && value <= 1;
  const checks: [string, unknown, boolean, string][] = [
    ['epochs', epochs, whole(epochs), 'a whole number from 1'],
    ['firstBatch', firstBatch, whole(firstBatch) && firstBatch <= samples, `1 to ${samples}`],
    ['lastBatch', lastBatch, whole(lastBatch) && lastBatch <= samples, `1 to ${samples}`],
    ['rate', rate, probability(rate), 'above 0, at most 1'],
    ['lastRate', lastRate, probability(lastRate), 'above 0, at most 1'],
    ['threshold', threshold, threshold >= 0, 'from 0'],
    ['gains', gains, gains.length === layers && gains.every((gain) => gain > 0), `${layers} numbers above 0`],
    ['rank', rank, whole(rank), 'a whole number from 1'],
  ];
  const wrong = checks.find(([, , holds]) => !holds);
  if (wrong === undefined) return;
  throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing: `in-situ parameter ${wrong[0]}`,
    what: 'it cannot be used',
    value: String(wrong[1]),
    expected: wrong[3],
    remedy: 'Give another value.',
  });
}
