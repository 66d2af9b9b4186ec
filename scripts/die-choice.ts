import type { DieSite } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** Ordinals from a text like "0,3,7-9", ascending and without repeats. TB_USAGE for anything else or no such die. */
export function dieChoice(text: string, dies: readonly DieSite[], option = '--dies'): number[] {
  const known = new Set(dies.map(({ ordinal }) => ordinal));
  const chosen = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last ?? first)];
    if (first === undefined || to < from || !known.has(from) || !known.has(to)) {
      throw new TunnelbenchError('TB_USAGE', {
        thing: option,
        what: 'not a list of dies of this wafer',
        value: text,
        expected: `ordinals from ${Math.min(...known)} to ${Math.max(...known)}, such as "0,3,7-9"`,
        remedy: 'Correct the option.',
      });
    }
    for (let ordinal = from; ordinal <= to; ordinal++) if (known.has(ordinal)) chosen.add(ordinal);
  }
  return [...chosen].sort((a, b) => a - b);
}
