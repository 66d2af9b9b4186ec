import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { PROGRAMMING_MAP_FORMAT, PROGRAMMING_MAP_VERSION } from './programming-map.ts';

const schema = z.object({
  solutionId: z.string(),
  format: z.literal(PROGRAMMING_MAP_FORMAT),
  version: z.literal(PROGRAMMING_MAP_VERSION),
  dieModelId: z.string(),
  geometry: z.object({ rows: z.int().min(1), columns: z.int().min(1), columnsPerEnableLine: z.literal([1, 2]) }),
  targets: z.array(z.string().regex(/^[PA-]*$/, 'letters P, A and -')),
});

/** A programming map on disk, with the text it was read from. */
export interface StoredProgrammingMap {
  readonly solutionId: string;
  readonly dieModelId: string;
  readonly geometry: { readonly rows: number; readonly columns: number; readonly columnsPerEnableLine: 1 | 2 };
  readonly targets: readonly string[];
  readonly text: string;
}

/** Reads what "tunnelbench program-map" wrote. TB_FILE_NOT_FOUND, TB_MAPPING_INVALID. */
export function readProgrammingMap(file: string): StoredProgrammingMap {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const facts = { thing: file, what: 'the programming map cannot be read', remedy: 'Check the path.' };
    throw new TunnelbenchError('TB_FILE_NOT_FOUND', facts, { cause });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(file, `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const { targets, geometry } = parsed.data;
  if (targets.length !== geometry.rows || targets.some(({ length }) => length !== geometry.columns)) {
    throw invalid(file, `its targets are not ${geometry.rows} rows of ${geometry.columns} letters`);
  }
  return { ...parsed.data, text };
}

function invalid(file: string, what: string): TunnelbenchError {
  return new TunnelbenchError('TB_MAPPING_INVALID', {
    thing: file,
    what,
    expected: 'a map written by "tunnelbench program-map"',
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
