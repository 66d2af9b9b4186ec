import { ScpiError } from './scpi-error.ts';

/** Bounds of a numeric parameter; DEFault is what *RST sets. */
export interface NumericBounds {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  /** Unit that may be written after the number, e.g. "V"; none by default. */
  readonly unit?: string;
  readonly whole?: boolean;
  /** INFinity is a value. */
  readonly infinite?: boolean;
}

/** Multipliers of SCPI-1999 volume 1, 7.1: case does not matter, so mega is MA and milli M. */
const MULTIPLIERS: Readonly<Record<string, number>> = {
  EX: 1e18,
  PE: 1e15,
  T: 1e12,
  G: 1e9,
  MA: 1e6,
  K: 1e3,
  M: 1e-3,
  U: 1e-6,
  N: 1e-9,
  P: 1e-12,
  F: 1e-15,
  A: 1e-18,
};

const DECIMAL = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:\s*E\s*[+-]?\d+)?)\s*([A-Z]*)$/;
const OTHER_BASES: readonly (readonly [RegExp, number])[] = [
  [/^#H([0-9A-F]+)$/, 16],
  [/^#Q([0-7]+)$/, 8],
  [/^#B([01]+)$/, 2],
];

/** A keyword in its long form, the short form in capitals: "MINimum" is met by MIN and MINIMUM. */
export function isKeyword(long: string, given: string): boolean {
  const word = given.toUpperCase();
  return word === long.toUpperCase() || word === long.replace(/[a-z]/g, '');
}

/** A number as written, without bounds: NRf with multiplier and unit, or #H, #Q, #B. */
export function parseNumber(text: string, unit = ''): number {
  const word = text.toUpperCase();
  for (const [form, base] of OTHER_BASES) {
    const match = form.exec(word);
    if (match !== null) return Number.parseInt(match[1], base);
  }
  const match = DECIMAL.exec(word);
  if (match === null) throw new ScpiError(/^["'(]/.test(text) ? -104 : /^[A-Z]/.test(word) ? -141 : -120);
  return Number(match[1].replaceAll(/\s/g, '')) * multiplier(match[2], unit.toUpperCase());
}

/** MINimum, MAXimum, DEFault, INFinity, UP to the bounds, or a number within them (-222 otherwise). */
export function numericValue(text: string, bounds: NumericBounds): number {
  if (isKeyword('MINimum', text)) return bounds.min;
  if (isKeyword('MAXimum', text)) return bounds.max;
  if (isKeyword('DEFault', text)) return bounds.initial;
  if (isKeyword('INFinity', text)) {
    if (bounds.infinite) return Number.POSITIVE_INFINITY;
    throw new ScpiError(-224);
  }
  const value = parseNumber(text, bounds.unit);
  const rounded = bounds.whole ? Math.round(value) : value;
  const slack = (bound: number) => 1e-9 * Math.abs(bound);
  if (!(rounded >= bounds.min - slack(bounds.min) && rounded <= bounds.max + slack(bounds.max))) {
    throw new ScpiError(-222);
  }
  return rounded;
}

/** ON, OFF, or a number that is not 0 after rounding (SCPI-1999 volume 1, 7.3). */
export function booleanValue(text: string): boolean {
  if (/^ON$/i.test(text)) return true;
  if (/^OFF$/i.test(text)) return false;
  return Math.round(parseNumber(text)) !== 0;
}

/** The entry of `options` (long forms) that was written; -224 when it is none of them. */
export function choiceValue<Option extends string>(text: string, options: readonly Option[]): Option {
  const found = options.find((option) => isKeyword(option, text));
  if (found === undefined) throw new ScpiError(-224);
  return found;
}

/** String data without its quotes; doubled quotes stand for one. */
export function stringValue(text: string): string {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || !text.endsWith(quote)) throw new ScpiError(-104);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** "(@1)", "(@1,2)", "(@1:2)" as numbers within 1…last. */
export function channelList(text: string, last: number): number[] {
  const match = /^\(@([\d,:\s]+)\)$/.exec(text);
  if (match === null) throw new ScpiError(-171);
  return match[1].split(',').flatMap((part) => {
    const [first, end = first] = part.split(':').map((number) => Number(number.trim() || Number.NaN));
    if (!(first >= 1 && end >= first && end <= last)) throw new ScpiError(-224);
    return Array.from({ length: end - first + 1 }, (_, i) => first + i);
  });
}

function multiplier(suffix: string, unit: string): number {
  if (suffix === '' || suffix === unit) return 1;
  const prefix = unit !== '' && suffix.endsWith(unit) ? suffix.slice(0, -unit.length) : suffix;
  const factor = MULTIPLIERS[prefix];
  if (factor === undefined) throw new ScpiError(-131);
  // Megohms and megahertz are written with one letter.
  return prefix === 'M' && (unit === 'OHM' || unit === 'HZ') && suffix !== 'M' ? 1e6 : factor;
}
