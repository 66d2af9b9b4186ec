import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** A classic small table: one line a sample. The sources stand in the files themselves. */
export type TableName = 'iris' | 'wine' | 'breast-cancer';

export const TABLE_NAMES: readonly TableName[] = ['iris', 'wine', 'breast-cancer'];

export interface Table {
  readonly name: TableName;
  /** SHA-256 (hex) of the file. */
  readonly sha256: string;
  readonly features: readonly string[];
  readonly classNames: readonly string[];
  readonly count: number;
  /** count × features, in the units of the file. */
  readonly values: Float64Array;
  readonly labels: Uint8Array;
}

const loaded = new Map<TableName, Table>();

/** Throws TB_DATASET_INVALID when the file is not such a table. */
export function loadTable(name: TableName): Table {
  const table = loaded.get(name) ?? readTable(name);
  loaded.set(name, table);
  return table;
}

function readTable(name: TableName): Table {
  const text = readFileSync(new URL(`tables/${name}.csv`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [header, ...rows] = lines.map((line) => line.split(','));
  const features = header.slice(0, -1);
  const classNames = [...new Set(rows.map((row) => row.at(-1) as string))];
  const values = new Float64Array(rows.length * features.length);
  rows.forEach((row, i) => {
    features.forEach((feature, f) => {
      const value = Number(row[f]);
      if (row.length !== header.length || row[f] === '' || !Number.isFinite(value))
        throw invalid(name, i, feature, row[f]);
      values[i * features.length + f] = value;
    });
  });
  const labels = Uint8Array.from(rows, (row) => classNames.indexOf(row.at(-1) as string));
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name, sha256, features, classNames, count: rows.length, values, labels };
}

function invalid(name: string, line: number, feature: string, value: string | undefined): TunnelbenchError {
  return new TunnelbenchError('TB_DATASET_INVALID', {
    thing: `table ${name}, sample ${line + 1}`,
    what: `${feature} is not a number`,
    value: String(value),
    remedy: 'Restore the file.',
  });
}
