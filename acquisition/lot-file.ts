import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** The wafers of a lot in the order in which they are to be measured, a wafer file each. */
export interface Lot {
  readonly lot: string;
  readonly wafers: readonly LotWafer[];
}

export interface LotWafer {
  /** As the prober reports it. */
  readonly id: string;
  /** Number or name of the wafer in the lot. */
  readonly wafer: string;
  /** Absolute path of its wafer file. */
  readonly file: string;
}

const schema = z.strictObject({
  lot: z.string().min(1),
  /** Folder of the wafer files, from the folder of the lot file. */
  folder: z.string().min(1).default('.'),
  wafers: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        wafer: z.union([z.string().min(1), z.int()]).optional(),
        file: z.string().min(1).optional(),
      }),
    )
    .min(1),
});

/** Reads a lot file. Throws TB_FILE_NOT_FOUND, or TB_LOT_INVALID naming file, line and column. */
export async function readLotFile(file: string): Promise<Lot> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      {
        thing: `lot file ${file}`,
        what: 'the file cannot be read',
        value: (cause as NodeJS.ErrnoException).code ?? String(cause),
        remedy: 'Give the path of a lot file: lot, and a list of wafers with their ids.',
      },
      { cause },
    );
  }
  return parseLot(text, file);
}

export function parseLot(text: string, file: string): Lot {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (path: readonly PropertyKey[], what: string, offset?: number): never => {
    const node = document.getIn(path, true);
    const { line, col } = lines.linePos(offset ?? (isNode(node) ? (node.range?.[0] ?? 0) : 0));
    throw new TunnelbenchError('TB_LOT_INVALID', {
      thing: `${file}:${line}:${col}`,
      what,
      expected: 'lot: a name; wafers: a list of {id, wafer, file}, where wafer and file may be left out',
      remedy: 'Correct the lot file; nothing was opened.',
    });
  };
  const [syntax] = document.errors;
  if (syntax) fail([], `not valid YAML: ${syntax.message}`, syntax.pos[0]);
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    return fail(path, `${path.join('.') || 'the file'}: ${message}`);
  }
  const { lot, folder, wafers } = parsed.data;
  const base = resolve(dirname(file), folder);
  const named = wafers.map(({ id, wafer = id, file: own }, i) => {
    if (own === undefined && /[/\\]/.test(id)) fail(['wafers', i, 'id'], 'an id with a slash needs a file of its own');
    return { id, wafer: String(wafer), file: own === undefined ? join(base, `${id}.sqlite`) : resolve(base, own) };
  });
  for (const key of ['id', 'file'] as const) {
    const twice = named.findIndex((wafer, i) => named.findIndex((other) => other[key] === wafer[key]) < i);
    if (twice >= 0) fail(['wafers', twice], `two wafers have the same ${key}: ${named[twice][key]}`);
  }
  return { lot, wafers: named };
}
