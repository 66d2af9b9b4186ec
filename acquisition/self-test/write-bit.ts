import { loopAmplitude } from '../../wafer/recipe.ts';
import { largestLimitAmps } from '../pad-extremes.ts';
import type { Levels } from './line-probe.ts';
import { bitOf, isFit, readCell } from './row-readings.ts';
import type { TestSubject } from './test-subject.ts';

const ATTEMPTS = 3;

/**
 * Levels that put `volts` (column minus row, signed) over the cell of one column and half of it over the other column's.
 * Cells of floating rows lie between the two columns and see a quarter. No pad goes below 0 V: a negative junction voltage
 * raises the row.
 */
export function writeLevels(volts: number, column: 'a' | 'b' | 'both'): Levels {
  const size = Math.abs(volts);
  const level = (own: 'a' | 'b') => {
    const full = column === own || column === 'both';
    if (volts > 0) return full ? size : size / 2;
    return full ? 0 : size / 2;
  };
  return { columnA: level('a'), columnB: level('b'), row: volts > 0 ? 0 : size };
}

/** The write pulse of the recipe: the amplitude of its loop, never above its ceiling, signed so that it writes P or AP. */
export function pulseVolts({ plan }: TestSubject, state: 'P' | 'AP'): number {
  const { recipe } = plan;
  const size = Math.min(loopAmplitude(recipe.programme), recipe.limits.junctionVolts);
  return (recipe.apToP === 'positive') === (state === 'P') ? size : -size;
}

/** Limit while both columns are at one potential: that of a loop on healthy cells. */
export function pairLimitAmps({ plan }: TestSubject): number {
  const limits = plan.recipe.programme.branches.flatMap(({ range }) => (range === null ? [] : [range.limitAmps]));
  return Math.min(...limits);
}

/**
 * Writes one bit and reads it back: both columns to AP at one potential, then the bit's column to P. While one column is
 * driven alone the current between the two columns through the floating rows needs the recipe's largest limit.
 * `unfit`: a cell is open, shorted or subpar and was not written. `wrong`: it does not read back.
 */
export async function writeBit(
  subject: TestSubject,
  pair: number,
  row: number,
  bit: boolean,
): Promise<'right' | 'wrong' | 'unfit'> {
  const { probe, plan } = subject;
  const before = await readCell(subject, pair, row);
  if (before === null || !isFit(subject, before.a) || !isFit(subject, before.b)) return 'unfit';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await probe.pulse(writeLevels(pulseVolts(subject, 'AP'), 'both'), pairLimitAmps(subject), 2);
    const levels = writeLevels(pulseVolts(subject, 'P'), bit ? 'b' : 'a');
    await probe.pulse(levels, largestLimitAmps(plan.recipe.programme), 1);
    if (bitOf(subject, await readCell(subject, pair, row)) === bit) return 'right';
  }
  return 'wrong';
}
