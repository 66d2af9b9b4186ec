import { PointFlag } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';

const NO_VALUE = PointFlag.missing | PointFlag.overRange | PointFlag.rangeCompliance;

/**
 * Conductance from points in current limit, siemens: ΣI·V/ΣV². V and I are both measured there, only V is below what
 * was asked, so the ratio is the cell's resistance at that current. Good enough to tell a short, not for a fit. Null
 * where no point carries a voltage.
 */
export function limitedConductance({ volts, amps, flags }: Readings, indices: ArrayLike<number>): number | null {
  let sumVI = 0;
  let sumVV = 0;
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k];
    if (flags[i] & NO_VALUE) continue;
    sumVI += volts[i] * amps[i];
    sumVV += volts[i] * volts[i];
  }
  return sumVV < 1e-12 ? null : sumVI / sumVV;
}
