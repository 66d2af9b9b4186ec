import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { cellCount, crossbarGeometry } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { FLEET_FORMAT, FLEET_VERSION, type Fleet } from './fleet.ts';

const fraction = z.number().min(0).max(1);
const ohms = z.number().positive();
const count = z.number().int().min(0);
const range = z.tuple([z.number().positive(), z.number().positive()]);

const parametersSchema = z.strictObject({
  dies: count,
  geometry: z.strictObject({
    rows: count,
    columns: count,
    columnsPerEnableLine: z.union([z.literal(1), z.literal(2)]),
  }),
  seriesOhms: z.number().min(0),
  healthy: z.strictObject({ rPOhms: ohms, rApOhms: ohms, relativeSigma: fraction, correlation: fraction }),
  shortedMedian: fraction,
  logSigma: z.number().min(0),
  outlierDies: count,
  outlierFactor: range,
  shortedOhms: range,
  subparPerShorted: range,
  subparApOhms: range,
  openRate: fraction,
  stuckRate: fraction,
  weakRate: fraction,
  openRows: z.number().min(0),
  openColumns: z.number().min(0),
  clusters: z.number().min(0),
  clusterRadius: range,
  clusterFill: fraction,
});

const dieSchema = z.strictObject({
  ordinal: count,
  outlier: z.boolean(),
  shortedRate: z.number().min(0),
  subparRate: z.number().min(0),
  shorted: z.array(z.tuple([count, ohms])),
  stuck: z.array(z.tuple([count, ohms])),
  subpar: z.array(z.tuple([count, ohms, ohms])),
  weak: z.array(z.tuple([count, ohms, ohms])),
  open: z.array(count),
});

const fleetSchema = z.strictObject({
  format: z.literal(FLEET_FORMAT),
  version: z.literal(FLEET_VERSION),
  name: z.string().min(1),
  purpose: z.enum(['development', 'report']),
  seed: z.number().int(),
  parameters: parametersSchema,
  dies: z.array(dieSchema),
});

/** One line a die, so that a change of one die is a change of one line. */
export function fleetToJson(fleet: Fleet): string {
  const { dies, ...head } = fleet;
  const lines = dies.map((die) => `    ${JSON.stringify(die)}`);
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "dies": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

export function writeFleet(file: string, fleet: Fleet): void {
  writeFileSync(file, fleetToJson(fleet));
}

/** @throws TB_FILE_NOT_FOUND, or TB_DIE_MODEL_INVALID naming the field that is wrong. */
export function readFleet(file: string): Fleet {
  const parsed = fleetSchema.safeParse(parseJson(file, readText(file)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    invalid(file, `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const fleet = parsed.data;
  crossbarGeometry(fleet.parameters.geometry);
  if (fleet.dies.length !== fleet.parameters.dies) {
    invalid(file, 'the number of dies differs from the parameters', `${fleet.dies.length}`, `${fleet.parameters.dies}`);
  }
  for (const die of fleet.dies) checkDie(file, die, cellCount(fleet.parameters.geometry));
  return fleet;
}

function checkDie(file: string, die: Fleet['dies'][number], cells: number): void {
  const used = new Set<number>();
  const listed = [die.shorted, die.stuck, die.subpar, die.weak].flat().map(([cell]) => cell);
  for (const cell of [...listed, ...die.open]) {
    if (cell >= cells) invalid(file, `die ${die.ordinal} has a cell outside the crossbar`, `${cell}`, `< ${cells}`);
    if (used.has(cell)) invalid(file, `die ${die.ordinal} lists a cell twice`, `${cell}`, 'one class a cell');
    used.add(cell);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      { thing: file, what: 'the fleet file cannot be read', remedy: 'Check the path; `tunnelbench fleet` makes one.' },
      { cause },
    );
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_DIE_MODEL_INVALID',
      { thing: file, what: 'the file is not JSON', remedy: 'Make the fleet again.' },
      { cause },
    );
  }
}

function invalid(thing: string, what: string, value?: string, expected?: string): never {
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing,
    what,
    ...(value !== undefined && { value }),
    ...(expected !== undefined && { expected }),
    remedy: 'Make the fleet again.',
  });
}
