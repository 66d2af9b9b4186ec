import type { ClassThresholds } from '../../wafer/cell-class.ts';

/** Conductances of one cell in its two states as they were measured, siemens. */
export interface StateSiemens {
  readonly P: number;
  readonly AP: number;
}

/** What a low-bias reading says of a cell. `between`: neither state is meant for certain. */
export type ReadState = 'P' | 'AP' | 'between' | 'short' | 'open';

/** A reading within this part of the way from one state to the other still is the first one. */
const NEAR = 1 / 3;
/** States closer than this cannot be told apart by one reading (ln ratio). */
const LEAST_CONTRAST = 0.02;

/** State of a cell by its own two conductances; the way from one to the other is measured in ln G. */
export function readState(
  siemens: number,
  states: StateSiemens | null,
  { shortedBelowOhms, openAboveOhms }: Pick<ClassThresholds, 'shortedBelowOhms' | 'openAboveOhms'>,
): ReadState {
  if (siemens < 1 / openAboveOhms) return 'open';
  if (siemens > 1 / shortedBelowOhms) return 'short';
  if (states === null) return 'between';
  const contrast = Math.log(states.P / states.AP);
  if (!(contrast > LEAST_CONTRAST)) return 'between';
  const way = Math.log(siemens / states.AP) / contrast;
  if (way > 1 - NEAR) return 'P';
  return way < NEAR ? 'AP' : 'between';
}
