import type { CrossbarArray, Terminal } from './crossbar-array.ts';

/**
 * Lines that no terminal reaches. A line is one connected piece (its segments conduct), so reachability is a question of
 * lines joined by conducting cells, answered by union-find over rows + columns.
 */
export function isolatedLines(
  { rows, columns, cellSiemens }: CrossbarArray,
  terminals: readonly Terminal[],
): { rows: number[]; columns: number[] } {
  // Lines 0…rows−1 are rows, then columns; the last element stands for the outside world.
  const outside = rows + columns;
  const parent = Int32Array.from({ length: outside + 1 }, (_, line) => line);
  const root = (line: number): number => {
    let at = line;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const join = (a: number, b: number) => {
    parent[root(a)] = root(b);
  };

  for (const { line, index } of terminals) join(line === 'row' ? index : rows + index, outside);
  for (let cell = 0; cell < cellSiemens.length; cell++) {
    if (cellSiemens[cell] > 0) join(Math.floor(cell / columns), rows + (cell % columns));
  }

  const unreached = (line: number) => root(line) !== root(outside);
  const indices = (count: number, first: number) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => unreached(first + i));
  return { rows: indices(rows, 0), columns: indices(columns, rows) };
}
