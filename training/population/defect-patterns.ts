import { type CrossbarGeometry, cellAt, cellIndex } from '../../wafer/geometry.ts';

/** A line counts as defective when more than this fraction of its cells is. */
const LINE_FRACTION = 0.5;

/** Defects that touch, corners included, form a cluster from this size on; random defects hardly ever do. */
const CLUSTER_CELLS = 4;

/** The defective cells of a die by pattern; every cell appears once, a crossing of two lines with the first. */
export interface DefectPatterns {
  readonly lines: readonly {
    readonly kind: 'row' | 'column';
    readonly line: number;
    readonly cells: readonly number[];
  }[];
  readonly clusters: readonly (readonly number[])[];
  readonly points: readonly number[];
}

/** Sorts the defective cells (flag 1) of a die into broken lines, clusters and single points. */
export function defectPatterns(defective: Uint8Array, geometry: CrossbarGeometry): DefectPatterns {
  const left = new Set([...defective.keys()].filter((cell) => defective[cell] === 1));
  const lines = takeLines(left, geometry);
  const clusters: number[][] = [];
  const points: number[] = [];
  while (left.size > 0) {
    const [first] = left;
    const patch = takePatch(left, first, geometry);
    if (patch.length >= CLUSTER_CELLS) clusters.push(patch);
    else points.push(...patch);
  }
  return { lines, clusters, points };
}

function takeLines(left: Set<number>, geometry: CrossbarGeometry): DefectPatterns['lines'] {
  const lines: DefectPatterns['lines'][number][] = [];
  const take = (kind: 'row' | 'column', count: number, length: number, cellOf: (line: number, i: number) => number) => {
    for (let line = 0; line < count; line++) {
      const cells = Array.from({ length }, (_, i) => cellOf(line, i)).filter((cell) => left.has(cell));
      if (cells.length <= LINE_FRACTION * length) continue;
      for (const cell of cells) left.delete(cell);
      lines.push({ kind, line, cells });
    }
  };
  take('row', geometry.rows, geometry.columns, (row, column) => cellIndex(geometry, { row, column }));
  take('column', geometry.columns, geometry.rows, (column, row) => cellIndex(geometry, { row, column }));
  return lines;
}

/** The patch of touching cells around `first`, taken out of the set. */
function takePatch(left: Set<number>, first: number, geometry: CrossbarGeometry): number[] {
  const patch = [first];
  left.delete(first);
  for (let next = 0; next < patch.length; next++) {
    const { row, column } = cellAt(geometry, patch[next]);
    for (let r = Math.max(0, row - 1); r <= Math.min(geometry.rows - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(geometry.columns - 1, column + 1); c++) {
        const cell = cellIndex(geometry, { row: r, column: c });
        if (left.delete(cell)) patch.push(cell);
      }
    }
  }
  return patch;
}
