import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** How the conductances of a die are read during inference. None of it is published: every value is our choice. */
export interface ReadOut {
  /** Resistance that the read-out adds in series with every cell, ohms. */
  readonly seriesOhms: number;
  /** What a cell whose class is undetermined or unmeasured counts as: nothing (refused), the die's means, or open. */
  readonly unknownCells: 'refuse' | 'mean' | 'open';
  /** As measured, or every cell that is not healthy replaced by the die's mean P and AP conductance (figure 2d). */
  readonly defects: 'asMeasured' | 'dieMeans';
}

/**
 * R_T = 1.5 kΩ: with it a short of 100 Ω–1 kΩ saturates at a weight of about 15–19, the range of the published sweep
 * of W_sat up to 20.
 */
export const DEFAULT_READ_OUT: ReadOut = Object.freeze({
  seriesOhms: 1500,
  unknownCells: 'refuse',
  defects: 'asMeasured',
});

/** Throws TB_TRAINING_PARAMETER for a series resistance that is not a finite number of at least 0 Ω. */
export function checkReadOut(readOut: ReadOut): ReadOut {
  const { seriesOhms } = readOut;
  if (Number.isFinite(seriesOhms) && seriesOhms >= 0) return readOut;
  throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
    thing: 'series resistance at inference',
    what: 'it is no resistance',
    value: `${seriesOhms} Ω`,
    expected: 'a finite number from 0 Ω',
    remedy: 'Correct --series-ohms.',
  });
}
