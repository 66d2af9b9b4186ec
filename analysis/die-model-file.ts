import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { z } from 'zod';
import { CELL_CLASSES, type CellClass } from '../wafer/cell-class.ts';
import { crossbarGeometry } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { checkDieModel } from './check-die-model.ts';
import { DIE_MODEL_FORMAT, DIE_MODEL_VERSION, type DieModel } from './die-model.ts';
import { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';

/**
 * A die model on disk is two files of one name: `.json` (identity, geometry, means, counts, provenance) and `.npz`
 * (the arrays, rows × columns, as numpy.load reads them). The JSON names the NPZ beside it.
 */
const ARRAYS = {
  classes: 'classes',
  r_p: 'rP',
  r_p_uncertainty: 'rPUncertainty',
  r_ap: 'rAp',
  r_ap_uncertainty: 'rApUncertainty',
  r_fixed: 'rFixed',
} as const satisfies Record<string, keyof DieModel>;
type ArrayName = keyof typeof ARRAYS;

const countsShape = Object.fromEntries(CELL_CLASSES.map((name) => [name, z.int().min(0)])) as Record<
  CellClass,
  z.ZodInt
>;

const dieModelJson = z.strictObject({
  format: z.literal(DIE_MODEL_FORMAT),
  version: z.literal(DIE_MODEL_VERSION),
  id: z.uuid(),
  die: z.strictObject({ ordinal: z.int().min(0), x: z.int(), y: z.int() }),
  geometry: z.strictObject({
    rows: z.int().min(1),
    columns: z.int().min(1),
    columnsPerEnableLine: z.literal([1, 2]),
  }),
  classes: z.array(z.string()),
  arrays: z.string(),
  means: z.strictObject({
    rP: z.number(),
    rPStandardError: z.number(),
    rAp: z.number(),
    rApStandardError: z.number(),
    healthy: z.int().min(0),
  }),
  counts: z.strictObject(countsShape),
  provenance: z.strictObject({
    waferId: z.string(),
    lot: z.string(),
    wafer: z.string(),
    sessionIds: z.array(z.string()),
    planSha256: z.string(),
    recipe: z.string(),
    softwareVersion: z.string(),
    simulated: z.boolean(),
    seed: z.number().nullable(),
  }),
});

export interface DieModelFiles {
  readonly json: string;
  readonly npz: string;
}

/** Writes both files into `folder` (made if missing), the JSON last and each by renaming: a half-written model never shows. */
export async function writeDieModel(folder: string, model: DieModel): Promise<DieModelFiles> {
  const name = `die-${String(model.die.ordinal).padStart(2, '0')}-x${model.die.x}-y${model.die.y}`;
  const files = { json: join(folder, `${name}.json`), npz: join(folder, `${name}.npz`) };
  await mkdir(folder, { recursive: true });
  await replaceFile(files.npz, encodeArrays(model));
  await replaceFile(files.json, `${JSON.stringify(jsonOf(model, `${name}.npz`), null, 2)}\n`);
  return files;
}

/** Reads and checks a die model by its JSON file. TB_FILE_NOT_FOUND, TB_DIE_MODEL_INVALID. */
export async function readDieModel(jsonFile: string): Promise<DieModel> {
  const text = new TextDecoder().decode(await read(jsonFile));
  const content = parseJson(text, jsonFile);
  const npzFile = join(dirname(jsonFile), basename(content.arrays));
  const arrays = decodeArrays(await read(npzFile), npzFile, content.geometry);
  const { id, die, means, counts, provenance } = content;
  const model: DieModel = {
    id,
    die,
    geometry: crossbarGeometry(content.geometry),
    ...arrays,
    means,
    counts,
    provenance,
  };
  checkDieModel(model, jsonFile);
  return model;
}

/** The arrays as the bytes of an NPZ file. */
export function encodeArrays(model: DieModel): Uint8Array {
  const shape = [model.geometry.rows, model.geometry.columns];
  const entries = (Object.keys(ARRAYS) as ArrayName[]).map((name) => [
    `${name}.npy`,
    encodeNpy(model[ARRAYS[name]], shape),
  ]);
  // A fixed date: the same model gives the same bytes.
  return zipSync(Object.fromEntries(entries), { mtime: new Date('2000-01-01T00:00:00') });
}

type Arrays = Pick<DieModel, 'classes' | 'rP' | 'rPUncertainty' | 'rAp' | 'rApUncertainty' | 'rFixed'>;

function decodeArrays(bytes: Uint8Array, thing: string, { rows, columns }: { rows: number; columns: number }): Arrays {
  const entries = unzip(bytes, thing);
  const decoded: Partial<Record<keyof Arrays, NpyArray>> = {};
  for (const name of Object.keys(ARRAYS) as ArrayName[]) {
    const entry = entries[`${name}.npy`];
    if (entry === undefined) throw invalid(thing, `the array ${name} is missing`);
    const { array, shape } = decodeNpy(entry, `${thing}, ${name}`);
    const right = name === 'classes' ? array instanceof Uint8Array : array instanceof Float64Array;
    if (!right || shape.length !== 2 || shape[0] !== rows || shape[1] !== columns) {
      throw invalid(thing, `the array ${name} has another shape or type`, shape.join(' × '), `${rows} × ${columns}`);
    }
    decoded[ARRAYS[name]] = array;
  }
  return decoded as Arrays;
}

function unzip(bytes: Uint8Array, thing: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (cause) {
    throw invalid(thing, 'the file is not a readable NPZ archive', undefined, undefined, cause);
  }
}

function parseJson(text: string, thing: string): z.infer<typeof dieModelJson> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(thing, 'the file is not JSON', undefined, undefined, cause);
  }
  const result = dieModelJson.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(thing, `${issue.path.join('.') || 'the content'}: ${issue.message}`);
}

function jsonOf(model: DieModel, arrays: string): z.infer<typeof dieModelJson> {
  const { id, die, geometry, means, counts, provenance } = model;
  return {
    format: DIE_MODEL_FORMAT,
    version: DIE_MODEL_VERSION,
    id,
    die: { ordinal: die.ordinal, x: die.x, y: die.y },
    geometry: { ...geometry },
    classes: [...CELL_CLASSES],
    arrays,
    means: { ...means },
    counts: { ...counts },
    provenance: { ...provenance, sessionIds: [...provenance.sessionIds] },
  };
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      {
        thing: file,
        what: 'the file cannot be read',
        remedy: 'Check the path; a die model is a .json and a .npz file.',
      },
      { cause },
    );
  }
}

async function replaceFile(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${file}.part`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

function invalid(thing: string, what: string, value?: string, expected?: string, cause?: unknown): TunnelbenchError {
  return new TunnelbenchError(
    'TB_DIE_MODEL_INVALID',
    {
      thing,
      what,
      ...(value !== undefined && { value }),
      ...(expected !== undefined && { expected }),
      remedy: 'Export the die model again with "tunnelbench export-models".',
    },
    { cause },
  );
}
