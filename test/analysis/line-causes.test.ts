import { describe, expect, it } from 'vitest';
import { createClassifier } from '../../analysis/classify.ts';
import { findLineFaults, repeatedOpenLines, withLineCauses } from '../../analysis/line-causes.ts';
import type { CellRecord } from '../../db/records.ts';
import type { CellClass } from '../../wafer/cell-class.ts';
import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import { HEALTHY, recipe, syntheticSweep } from './synthetic-sweeps.ts';

const geometry: CrossbarGeometry = { rows: 20, columns: 30, columnsPerEnableLine: 2 };
const template = createClassifier(recipe.programme, recipe.thresholds).classify(syntheticSweep(HEALTHY));

function die(classAt: (row: number, column: number) => CellClass): CellRecord[] {
  return Array.from({ length: 600 }, (_, cell) => {
    return { ...template, cell, class: classAt(Math.floor(cell / 30), cell % 30) };
  });
}

describe('line causes', () => {
  it('names an open row and a low column, and leaves single opens alone', () => {
    const cells = die((row, column) => {
      if (row === 7) return 'open';
      if (column === 4) return 'shorted';
      return row === 2 && column === 2 ? 'open' : 'healthy';
    });
    const faults = findLineFaults(cells, geometry);
    expect(faults.map(({ line, index, fault }) => `${line} ${index} ${fault}`)).toEqual(['row 7 open', 'column 4 low']);
    const marked = withLineCauses(cells, geometry, faults);
    const causes = new Map<string, number>();
    for (const { cause } of marked) causes.set(cause, (causes.get(cause) ?? 0) + 1);
    expect(Object.fromEntries(causes)).toEqual({ none: 600 - 30 - 19, line: 30, lineShort: 19 });
    expect(marked[2 * 30 + 2].cause).toBe('none');
  });

  it('blames a needle when the same line is open on three dies', () => {
    const faults = findLineFaults(
      die((row) => (row === 7 ? 'open' : 'healthy')),
      geometry,
    );
    expect(repeatedOpenLines([faults, faults]).size).toBe(0);
    const repeated = repeatedOpenLines([faults, faults, faults]);
    const marked = withLineCauses(
      die((row) => (row === 7 ? 'open' : 'healthy')),
      geometry,
      faults,
      repeated,
    );
    expect(marked.filter(({ cause }) => cause === 'needle')).toHaveLength(30);
  });

  it('keeps the cause of a junction that broke in the test', () => {
    const cells = die((_, column) => (column === 4 ? 'shorted' : 'healthy'));
    cells[4] = { ...cells[4], cause: 'failedInTest' };
    expect(withLineCauses(cells, geometry, findLineFaults(cells, geometry))[4].cause).toBe('failedInTest');
  });
});
