import { ScpiError } from './scpi-error.ts';

/** One unit of a program message: header, question mark, parameters as they were written. */
export interface ProgramUnit {
  /** Keywords without leading colon, e.g. ["SOUR1", "VOLT"]; one word with an asterisk for a common command. */
  readonly keywords: readonly string[];
  /** The header began with a colon: it starts from the root. */
  readonly fromRoot: boolean;
  readonly isQuery: boolean;
  readonly parameters: readonly string[];
}

const HEADER = /^(\*[A-Za-z]+|:?[A-Za-z][A-Za-z0-9_]*(?::[A-Za-z][A-Za-z0-9_]*)*)(\?)?(?=\s|$)/;

/**
 * Splits a program message into units (IEEE 488.2 chapter 7, SCPI-1999 volume 1 chapter 6). Semicolons and commas inside
 * quotes and parentheses do not separate. An empty unit is passed over, as these instruments do.
 */
export function programUnits(message: string): string[] {
  return split(message, ';')
    .map((unit) => unit.trim())
    .filter((unit) => unit !== '');
}

export function parseUnit(text: string): ProgramUnit {
  const match = HEADER.exec(text);
  if (match === null) throw new ScpiError(/^[:*]?[A-Za-z]/.test(text) && !text.startsWith(':*') ? -113 : -102);
  const [whole, header, mark] = match;
  const rest = text.slice(whole.length).trim();
  const parameters = rest === '' ? [] : split(rest, ',').map((parameter) => parameter.trim());
  if (parameters.some((parameter) => parameter === '')) throw new ScpiError(-102);
  const fromRoot = header.startsWith(':');
  return {
    keywords: header.replace(/^:/, '').toUpperCase().split(':'),
    fromRoot,
    isQuery: mark !== undefined,
    parameters,
  };
}

function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quote: string | null = null;
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quote !== null) {
      if (character === quote) quote = null;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth <= 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (quote !== null) throw new ScpiError(-151);
  if (depth !== 0) throw new ScpiError(-171);
  parts.push(text.slice(start));
  return parts;
}
