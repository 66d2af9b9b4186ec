import { createHash } from 'node:crypto';

/**
 * JSON with the keys of every object sorted and no white space, so that equal values give equal text. Throws a
 * TypeError for NaN and infinities, which JSON would silently turn into null.
 */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (key, content) => {
    if (typeof content === 'number' && !Number.isFinite(content)) throw new TypeError(`${key} is ${content}`);
    if (content === null || typeof content !== 'object' || Array.isArray(content)) return content;
    return Object.fromEntries(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** SHA-256 (hex) of texts and bytes, one after the other. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
