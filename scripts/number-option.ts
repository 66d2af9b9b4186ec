import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** Parser of an option that is a whole number within bounds. TB_USAGE otherwise. */
export function wholeNumber(option: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw refused(option, text, `a whole number from ${low} to ${high}`);
  };
}

/** Parser of an option that is a number above 0. TB_USAGE otherwise. */
export function positiveNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw refused(option, text, 'a number above 0');
  };
}

function refused(thing: string, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_USAGE', {
    thing,
    what: 'the value is not allowed',
    value,
    expected,
    remedy: 'Correct the option.',
  });
}
