import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { type Branch, chooseBranch, type Readings, slopeOhms } from '../../wafer/sweep.ts';

/** Points that have no value at all. */
const NO_VALUE = PointFlag.overRange | PointFlag.missing;

/** The instrument computes with its own precision: within this of a bound either branch is right. */
const RELATIVE_TOLERANCE = 1e-4;

/**
 * Resistance of the pre-read: the inverse slope over the points in control. Where fewer than two are (a short sits at
 * its limit at every point) the limited points serve, whose measured V and I are true; null without any.
 */
export function preReadOhms(readings: Readings, points: number): number | null {
  return slopeOhms(readings, 0, points, UNUSABLE_POINT) ?? slopeOhms(readings, 0, points, NO_VALUE);
}

/** Whether the branch that the instrument chose is the one that the readings call for. */
export function isBranchOf(branches: readonly Branch[], ohms: number | null, chosen: number): boolean {
  if (ohms === null) return chosen === 0;
  return [1 - RELATIVE_TOLERANCE, 1, 1 + RELATIVE_TOLERANCE].some((k) => chooseBranch(branches, ohms * k) === chosen);
}
