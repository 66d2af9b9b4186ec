import { UNUSABLE_POINT } from '../wafer/point-flags.ts';
import type { Readings } from '../wafer/sweep.ts';
import type { HalfLayout } from './programme-layout.ts';

/** Mean of ln(G on the way back / G on the way out) at equal voltages, with its standard error. */
export interface Hysteresis {
  readonly mean: number;
  readonly standardError: number;
}

/** Below this |V| the offset of a loop point makes I/V useless; above half the amplitude a cell may have switched. */
const MIN_VOLTS = 0.08;
const MAX_FRACTION = 0.5;
const MIN_PAIRS = 4;

/**
 * Opening of one half-loop, from points at equal voltages on the way out and back, between 80 mV and half the amplitude.
 * A dozen points average telegraph noise that a read block of four cannot. Null with fewer than four usable pairs.
 */
export function hysteresis({ volts, amps, flags }: Readings, half: HalfLayout): Hysteresis | null {
  const { mirrored, amplitudeVolts } = half;
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let k = 0; k < mirrored.length; k += 2) {
    const out = mirrored[k];
    const back = mirrored[k + 1];
    const bias = Math.abs(volts[out]);
    if (bias < MIN_VOLTS || bias > MAX_FRACTION * amplitudeVolts) continue;
    if ((flags[out] | flags[back]) & UNUSABLE_POINT || volts[out] * amps[out] <= 0 || volts[back] * amps[back] <= 0)
      continue;
    const change = Math.log((amps[back] / volts[back]) * (volts[out] / amps[out]));
    n += 1;
    sum += change;
    squares += change * change;
  }
  if (n < MIN_PAIRS) return null;
  const mean = sum / n;
  const variance = Math.max(0, squares - n * mean * mean) / (n - 1);
  return { mean, standardError: Math.sqrt(variance / n) };
}
