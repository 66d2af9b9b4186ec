import type { StoredCell } from '../db/records.ts';
import type { CellsOfDie } from './lookalikes.ts';

/** Where a die's verdicts come from; the wafer reader fits as it is. */
interface CellSource {
  cells(dieOrdinal: number): StoredCell[];
}

/** Resistances of stored dies, each die read once, when it is first asked for; null for a die without any. */
export function storedResistances(source: CellSource): (dieOrdinal: number) => CellsOfDie | null {
  const read = new Map<number, CellsOfDie | null>();
  return (ordinal) => {
    const known = read.get(ordinal);
    if (known !== undefined) return known;
    const cells = compact(source.cells(ordinal));
    read.set(ordinal, cells);
    return cells;
  };
}

function compact(cells: readonly StoredCell[]): CellsOfDie | null {
  if (cells.length === 0) return null;
  const count = cells.reduce((most, { cell }) => Math.max(most, cell), 0) + 1;
  const rP = new Float32Array(count);
  const rAp = new Float32Array(count);
  for (const { cell, ...of } of cells) {
    rP[cell] = of.rP ?? 0;
    rAp[cell] = of.rAp ?? 0;
  }
  return (cell) => (rP[cell] > 0 && rAp[cell] > 0 ? { rP: rP[cell], rAp: rAp[cell] } : null);
}
