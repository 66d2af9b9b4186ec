import { type CrossbarGeometry, enableLineCount } from './geometry.ts';
import { TunnelbenchError } from './tunnelbench-error.ts';

/** The supplies of the CMOS under the crossbar. */
export const SUPPLY_NAMES = ['vdd', 'vss', 'substrate'] as const;
export type SupplyName = (typeof SUPPLY_NAMES)[number];

/** Which pad of the die (1-based number on the probe card) carries which line. Every pad has one line at most. */
export interface PadMap {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly enableLines: readonly number[];
  readonly supplies: Readonly<Record<SupplyName, number>>;
}

/**
 * The consecutive pad map: rows, columns, enable lines, then the three supplies. For 100 × 200 with an enable line a
 * pair that is 100 + 200 + 100 + 3 = 403 pads. The published hardware has 403 pads; which pad carries what is not
 * published, so this order is our choice and a bench file may state another.
 */
export function consecutivePadMap(geometry: CrossbarGeometry): PadMap {
  const { rows, columns } = geometry;
  const enables = enableLineCount(geometry);
  const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  const firstSupply = rows + columns + enables + 1;
  return {
    rows: run(1, rows),
    columns: run(rows + 1, columns),
    enableLines: run(rows + columns + 1, enables),
    supplies: { vdd: firstSupply, vss: firstSupply + 1, substrate: firstSupply + 2 },
  };
}

/** Checks lengths against the geometry and that no pad is used twice; throws TB_PAD_MAP_INVALID naming the pad. */
export function checkPadMap(map: PadMap, geometry: CrossbarGeometry): void {
  const expected: [string, readonly number[], number][] = [
    ['rows', map.rows, geometry.rows],
    ['columns', map.columns, geometry.columns],
    ['enableLines', map.enableLines, enableLineCount(geometry)],
  ];
  for (const [name, pads, count] of expected) {
    if (pads.length !== count) fail(`${name} has the wrong number of pads`, `${pads.length}`, `${count}`);
  }
  const used = new Map<number, string>();
  const claim = (pad: number, line: string) => {
    if (!Number.isInteger(pad) || pad < 1) fail(`${line} has no valid pad`, `${pad}`, 'a whole number from 1');
    const other = used.get(pad);
    if (other !== undefined) fail(`pad ${pad} carries two lines`, `${other} and ${line}`, 'one line a pad');
    used.set(pad, line);
  };
  map.rows.forEach((pad, i) => void claim(pad, `row ${i}`));
  map.columns.forEach((pad, i) => void claim(pad, `column ${i}`));
  map.enableLines.forEach((pad, i) => void claim(pad, `enable line ${i}`));
  for (const name of SUPPLY_NAMES) claim(map.supplies[name], name);
}

function fail(what: string, value: string, expected: string): never {
  const remedy = 'Correct padMap in the bench file.';
  throw new TunnelbenchError('TB_PAD_MAP_INVALID', { thing: 'pad map', what, value, expected, remedy });
}
