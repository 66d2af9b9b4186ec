import { readFile } from 'node:fs/promises';
import { type Document, isCollection, isMap, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { DEFAULT_DIES, type DieSite } from '../wafer/die.ts';
import { type CrossbarGeometry, crossbarGeometry, DEFAULT_GEOMETRY } from '../wafer/geometry.ts';
import { checkPadMap, consecutivePadMap, type PadMap } from '../wafer/pad-map.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { type BenchInstruments, instrumentsSchema } from './driver-registry.ts';
import type { VisaUse } from './transport/transport.ts';

/** A bench file, checked. SI units. */
export interface BenchFile {
  /** Path as given, for messages; and the text, for the provenance. */
  readonly file: string;
  readonly text: string;
  readonly name: string;
  readonly geometry: CrossbarGeometry;
  readonly instruments: BenchInstruments;
  readonly visa: VisaUse;
  readonly padMap: PadMap;
  readonly access: readonly ('pair' | 'single')[];
  readonly limits: {
    readonly junctionVolts: number;
    readonly padVolts: { readonly min: number; readonly max: number };
    readonly limitAmps: number;
    /** Largest current of one line of the probe card, half-selected cells included. */
    readonly lineAmps: number;
  };
  /** What lies between source and junctions, for the circuit solver; defaults are those of the simulated bench. */
  readonly wiring: { readonly contactOhms: number; readonly transistorOhms: number; readonly ohmsPerPitch: number };
  readonly gate: { readonly volts: number };
  readonly supplies: Readonly<
    Record<'vdd' | 'vss' | 'substrate', { readonly volts: number; readonly limitAmps: number }>
  >;
  readonly polarity: { readonly apToP: 'positive' | 'negative' };
  readonly wafer: { readonly id: string; readonly dies: readonly DieSite[] };
  readonly contact: { readonly overdriveMicrometres: number; readonly settleSeconds: number };
  /** A resistor on the probe card between two lines of the router, for the self-test; null without one. */
  readonly referenceResistor: {
    readonly row: number;
    readonly column: number;
    readonly ohms: number;
    /** Largest relative deviation. */
    readonly tolerance: number;
  } | null;
}

const positive = z.number().positive();

/** "1-100", 7, or a list of both, as pad numbers. */
const padRange = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/, 'must be a pad number or a range such as "1-100"')
  .transform((text) => {
    const [first, last] = text.split('-').map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
const pads = z
  .union([padRange, z.array(z.union([z.int().min(1), padRange]))])
  .transform((value) => [value].flat(2) as number[]);

const supply = z.strictObject({ volts: z.number().min(0).max(6), limitAmps: positive.max(1) });

const schema = z.strictObject({
  bench: z.string().min(1),
  geometry: z
    .strictObject({
      rows: z.int().min(1),
      columns: z.int().min(1),
      columnsPerEnableLine: z.union([z.literal(1), z.literal(2)]),
    })
    .default(DEFAULT_GEOMETRY),
  instruments: instrumentsSchema,
  visa: z
    .strictObject({ library: z.string().min(1).optional(), allResources: z.boolean().default(false) })
    .default({ allResources: false }),
  padMap: z
    .union([
      z.literal('consecutive'),
      z.strictObject({
        rows: pads,
        columns: pads,
        enableLines: pads,
        supplies: z.strictObject({ vdd: z.int().min(1), vss: z.int().min(1), substrate: z.int().min(1) }),
      }),
    ])
    .default('consecutive'),
  access: z
    .array(z.enum(['pair', 'single']))
    .min(1)
    .default(['pair']),
  limits: z.strictObject({
    junctionVolts: positive.max(2),
    // Pad diodes conduct a little below the substrate: no pad may go further than 0.1 V.
    padVolts: z.strictObject({ min: z.number().min(-0.1).max(0), max: positive }),
    limitAmps: positive.max(0.1),
    lineAmps: positive.max(0.1).default(5e-3),
  }),
  wiring: z
    .strictObject({
      contactOhms: z.number().min(1e-3).max(1000).default(1),
      transistorOhms: positive.max(10_000).default(20),
      ohmsPerPitch: z.number().min(1e-4).max(100).default(0.05),
    })
    .prefault({}),
  gate: z.strictObject({ volts: positive.max(5) }),
  supplies: z.strictObject({ vdd: supply, vss: supply, substrate: supply }),
  polarity: z.strictObject({ apToP: z.enum(['positive', 'negative']) }),
  wafer: z.strictObject({
    id: z.string().min(1),
    dies: z.union([z.literal('default36'), z.array(z.strictObject({ x: z.int(), y: z.int() })).min(1)]),
  }),
  contact: z
    .strictObject({
      overdriveMicrometres: z.number().min(0).max(150),
      settleSeconds: z.number().min(0).max(60),
    })
    .default({ overdriveMicrometres: 50, settleSeconds: 0.2 }),
  referenceResistor: z
    .strictObject({
      row: z.int().min(0),
      column: z.int().min(0),
      ohms: positive,
      tolerance: positive.max(0.5).default(0.01),
    })
    .nullable()
    .default(null),
});

/** Sections that every bench must state itself: a default that fits another bench could destroy devices on this one. */
const WITHOUT_DEFAULT = new Set(['gate', 'supplies', 'polarity', 'limits']);

/** Reads and checks a bench file; TB_FILE_NOT_FOUND, or TB_BENCH_FILE_INVALID with file, line and column. */
export async function readBenchFile(file: string): Promise<BenchFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      {
        thing: file,
        what: 'the bench file cannot be read',
        value: error instanceof Error ? error.message : String(error),
        remedy: 'Check the path; "tunnelbench simulate" writes a bench file for a simulated bench.',
      },
      { cause: error },
    );
  }
  return parseBenchFile(text, file);
}

export function parseBenchFile(text: string, file: string): BenchFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = [...document.errors, ...document.warnings];
  if (syntax) fail(file, lines, syntax.pos[0], syntax.message, undefined);

  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) {
    // A misspelt key also makes the right one missing: the misspelling is what helps.
    const { issues } = parsed.error;
    failIssue(file, lines, document, issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]);
  }
  const { bench, geometry, padMap, wafer, ...rest } = parsed.data;
  const at = (path: string) => offsetOf(document, [path]);

  const checkedGeometry = located(file, lines, at('geometry'), () => crossbarGeometry(geometry));
  const map: PadMap = padMap === 'consecutive' ? consecutivePadMap(checkedGeometry) : padMap;
  located(file, lines, at('padMap'), () => checkPadMap(map, checkedGeometry));
  const dies = wafer.dies === 'default36' ? DEFAULT_DIES : wafer.dies.map((die, ordinal) => ({ ...die, ordinal }));
  return {
    file,
    text,
    name: bench,
    geometry: checkedGeometry,
    padMap: map,
    wafer: { id: wafer.id, dies },
    ...rest,
  };
}

type Issue = z.core.$ZodIssue;

function failIssue(file: string, lines: LineCounter, document: Document, issue: Issue): never {
  const inner = deepestIssue(issue);
  const path = inner.code === 'unrecognized_keys' ? [...inner.path, inner.keys[0]] : inner.path;
  const value = document.getIn(path, false);
  const section = String(path[0] ?? '');
  const missing = value === undefined && WITHOUT_DEFAULT.has(section);
  const hint = missing ? ' (no default exists: state what this bench needs)' : '';
  const name = path.length > 0 ? path.join('.') : 'the file';
  fail(file, lines, offsetOf(document, path), `${name}: ${inner.message}${hint}`, shown(value));
}

/** For a union the branch that got furthest says best what is wrong. */
function deepestIssue(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flat()
    .map((nested) => deepestIssue({ ...nested, path: [...issue.path, ...nested.path] }))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  return inner && inner.path.length > issue.path.length ? inner : { ...issue, message: unionMessage(issue) };
}

function unionMessage(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const messages = issue.errors.flat().map(({ message }) => message);
  return messages.length > 0 ? messages.join(', or ') : issue.message;
}

/** Where a path is in the text; for a missing key, where its section is. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length > 1 ? document.getIn(path.slice(0, length - 1), true) : document.contents;
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key: node }) => String(node) === String(key));
      const node = pair?.value ?? pair?.key;
      const range = (node as Node | undefined)?.range;
      if (range) return range[0];
    } else if (isCollection(parent)) {
      const range = (parent.get(key, true) as Node | undefined)?.range;
      if (range) return range[0];
    }
  }
  return 0;
}

function located<T>(file: string, lines: LineCounter, offset: number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TunnelbenchError)) throw error;
    return fail(file, lines, offset, error.message, undefined, error);
  }
}

function shown(value: unknown): string | undefined {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text === undefined || text.length > 80 ? undefined : text;
}

function fail(
  file: string,
  lines: LineCounter,
  offset: number,
  what: string,
  value: string | undefined,
  cause?: unknown,
): never {
  const { line, col } = lines.linePos(offset);
  throw new TunnelbenchError(
    'TB_BENCH_FILE_INVALID',
    {
      thing: `${file}:${line}:${col}`,
      what,
      ...(value !== undefined && { value }),
      remedy: 'Correct this place of the bench file; nothing was opened.',
    },
    { cause },
  );
}
