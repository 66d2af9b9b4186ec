import { createHash } from 'node:crypto';

/**
 * JSON with the keys of every object in code point order and no white space: one value, one text, one hash.
 * Infinity, which JSON lacks, is written as the string "Infinity"; NaN and undefined are refused.
 */
export function canonicalJson(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return '"Infinity"';
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, content]) => content !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, content]) => `${JSON.stringify(key)}:${canonicalJson(content)}`).join(',')}}`;
  }
  throw new TypeError(`no canonical JSON for ${String(value)}`);
}

/** Reads canonical JSON back, the string "Infinity" as the number. */
export function parseCanonicalJson(text: string): unknown {
  return JSON.parse(text, (_key, value) => (value === 'Infinity' ? Number.POSITIVE_INFINITY : value));
}

/** SHA-256 of a text, hexadecimal. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
