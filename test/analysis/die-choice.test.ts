import { describe, expect, it } from 'vitest';
import { dieChoice } from '../../scripts/die-choice.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';

describe('a list of dies on the command line', () => {
  it('takes single ordinals and ranges', () => {
    expect(dieChoice('7-9, 0,8', DEFAULT_DIES)).toEqual([0, 7, 8, 9]);
  });

  it.each(['', 'a', '36', '3-1', '1,,2', '-1'])('refuses "%s"', (text) => {
    expect(() => dieChoice(text, DEFAULT_DIES)).toThrow(/TB_USAGE/);
  });
});
