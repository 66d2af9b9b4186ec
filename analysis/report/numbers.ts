/** Numbers as the report prints them: a decimal point, a thin space between thousands, a true minus sign. */

export function integer(value: number): string {
  return value.toLocaleString('en-GB').replaceAll(',', '\u202f');
}

export function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}

/** A share of two counts in per cent with two decimals; "–" where there is nothing to share. */
export function percent(numerator: number, denominator: number): string {
  return denominator === 0 ? '–' : `${fixed((100 * numerator) / denominator, 2)} %`;
}

/**
 * "17.962(12)": a value with the standard uncertainty of its last digits in brackets (GUM 7.2.2), to two digits of the
 * uncertainty, or one from 30 on.
 */
export function withUncertainty(value: number, uncertainty: number): string {
  if (!Number.isFinite(uncertainty) || uncertainty <= 0) return fixed(value, 3);
  const leading = Math.floor(Math.log10(uncertainty));
  const digits = Math.max(0, 1 - leading);
  const last = Math.round(uncertainty * 10 ** digits);
  return `${fixed(value, digits)}(${last})`;
}

/** "2026-03-03 20:00:00 UTC" from an ISO text or Unix milliseconds. */
export function time(value: string | number): string {
  const iso = new Date(value).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
