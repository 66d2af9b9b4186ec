import type { CellRecord } from '../db/records.ts';
import type { CellCause, CellClass } from '../wafer/cell-class.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';

/** A row or column most of whose measured cells share one fault. */
export interface LineFault {
  readonly line: 'row' | 'column';
  readonly index: number;
  readonly fault: 'open' | 'low';
  readonly cells: number;
  readonly ofMeasured: number;
}

/** A line is at fault when at least this fraction of its measured cells, and at least this many, show the same sign. */
const LINE_FRACTION = 0.9;
const LINE_MIN_CELLS = 8;

/**
 * Whole rows and columns that are open or low. A die that is open everywhere is reported as every row and every
 * column; naming it "no contact" is the contact check's affair.
 */
export function findLineFaults(cells: readonly CellRecord[], geometry: CrossbarGeometry): LineFault[] {
  const tally = { row: newTallies(geometry.rows), column: newTallies(geometry.columns) };
  for (const { cell, class: cellClass } of cells) {
    if (cellClass === 'unmeasured') continue;
    count(tally.row[Math.floor(cell / geometry.columns)], cellClass);
    count(tally.column[cell % geometry.columns], cellClass);
  }
  const faults: LineFault[] = [];
  for (const line of ['row', 'column'] as const) {
    tally[line].forEach((counts, index) => {
      for (const fault of ['open', 'low'] as const) {
        const atFault = counts[fault] >= LINE_MIN_CELLS && counts[fault] >= LINE_FRACTION * counts.measured;
        if (atFault) faults.push({ line, index, fault, cells: counts[fault], ofMeasured: counts.measured });
      }
    });
  }
  return faults;
}

/**
 * Cells of faulty lines, with cause `line` (open; `needle` where `repeatedLines` says that the same line was open on
 * earlier dies) or `lineShort` (low). Other cells are returned unchanged; a cell that broke in the test keeps its cause.
 */
export function withLineCauses(
  cells: readonly CellRecord[],
  geometry: CrossbarGeometry,
  faults: readonly LineFault[],
  repeatedLines: ReadonlySet<string> = new Set(),
): CellRecord[] {
  if (faults.length === 0) return [...cells];
  const causes = new Map<string, CellCause>();
  for (const { line, index, fault } of faults) {
    const open = repeatedLines.has(lineKey({ line, index })) ? 'needle' : 'line';
    causes.set(`${lineKey({ line, index })}/${fault}`, fault === 'low' ? 'lineShort' : open);
  }
  return cells.map((record) => {
    const sign = signOf(record.class);
    if (sign === null || record.cause === 'failedInTest') return record;
    const row = lineKey({ line: 'row', index: Math.floor(record.cell / geometry.columns) });
    const column = lineKey({ line: 'column', index: record.cell % geometry.columns });
    const cause = causes.get(`${row}/${sign}`) ?? causes.get(`${column}/${sign}`);
    return cause === undefined ? record : { ...record, cause };
  });
}

/** Lines open on at least `dies` dies (default 3): more likely a needle or relay than that many broken lines. */
export function repeatedOpenLines(faultsByDie: readonly (readonly LineFault[])[], dies = 3): Set<string> {
  const seen = new Map<string, number>();
  for (const fault of faultsByDie.flat()) {
    if (fault.fault === 'open') seen.set(lineKey(fault), (seen.get(lineKey(fault)) ?? 0) + 1);
  }
  return new Set([...seen].filter(([, count]) => count >= dies).map(([key]) => key));
}

export function lineKey({ line, index }: Pick<LineFault, 'line' | 'index'>): string {
  return `${line} ${index}`;
}

interface Tally {
  measured: number;
  open: number;
  low: number;
}

function newTallies(length: number): Tally[] {
  return Array.from({ length }, () => ({ measured: 0, open: 0, low: 0 }));
}

function count(tally: Tally, cellClass: CellClass): void {
  tally.measured += 1;
  const sign = signOf(cellClass);
  if (sign !== null) tally[sign] += 1;
}

function signOf(cellClass: CellClass): 'open' | 'low' | null {
  if (cellClass === 'open') return 'open';
  return cellClass === 'shorted' ? 'low' : null;
}
