/**
 * The instrument's scripting engine is Lua 5.0.2 (so says its manual); here the scripts run on Lua 5.4. This scanner
 * refuses what 5.0 does not know, so that a script accepted here is not rejected on a bench, and writes whole-number
 * literals so that 5.4 treats 1.0 and 1 alike, as 5.0 does. Lengths of lines do not change meaning: line numbers hold.
 */
export class TspSyntaxError extends Error {
  readonly line: number;
  constructor(line: number, text: string) {
    super(text);
    this.line = line;
  }
}

const TOKEN =
  /--\[\[[\s\S]*?\]\]|--[^\n]*|\[\[[\s\S]*?\]\]|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\.\.\.|\.\.|[=~<>]=|<<|>>|\/\/|::|\s+|[\s\S]/g;

/** Operators and words of later Lua versions. */
const LATER = new Set(['#', '%', '//', '<<', '>>', '&', '|', '~', '::', 'goto']);

export function translateTsp(source: string): string {
  let line = 1;
  let translated = '';
  for (const token of source.match(TOKEN) ?? []) {
    if (LATER.has(token)) throw new TspSyntaxError(line, `unexpected symbol near \`${token}'`);
    translated += /^[\d.]*\d/.test(token) ? wholeNumber(token) : token;
    for (const character of token) if (character === '\n') line += 1;
  }
  return translated;
}

function wholeNumber(literal: string): string {
  const value = Number(literal);
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? String(value) : literal;
}
