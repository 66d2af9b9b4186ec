import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Mapping } from './mapping.ts';

export const MAPPING_FORMAT = 'tunnelbench-mapping';
export const MAPPING_VERSION = 1;

const lines = z.array(z.int().min(0));
const signs = z.array(z.literal([1, -1]));
const schema = z.object({
  format: z.literal(MAPPING_FORMAT),
  version: z.literal(MAPPING_VERSION),
  mapping: z.strictObject({
    inputRows: lines,
    hiddenPairs: lines,
    hiddenRows: lines,
    outputPairs: lines,
    hiddenPairSigns: signs,
    outputPairSigns: signs,
  }),
});

/** The text of a mapping file; `about` says what the mapping was made for. */
export function mappingToJson(mapping: Mapping, about: object): string {
  return `${JSON.stringify({ format: MAPPING_FORMAT, version: MAPPING_VERSION, about, mapping })}\n`;
}

/** Reads a mapping; whether it fits a network and a die is checked where it is used. TB_FILE_NOT_FOUND, TB_MAPPING_INVALID. */
export function readMapping(file: string): Mapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const facts = { thing: file, what: 'the mapping file cannot be read', remedy: 'Check the path.' };
    throw new TunnelbenchError('TB_FILE_NOT_FOUND', facts, { cause });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.mapping;
  const [issue] = parsed.error.issues;
  throw new TunnelbenchError('TB_MAPPING_INVALID', {
    thing: file,
    what: `${issue.path.join('.') || 'the file'}: ${issue.message}`,
    expected: 'a mapping written by "tunnelbench place"',
    remedy: 'Write it again.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
