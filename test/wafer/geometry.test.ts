import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cellAt,
  cellCount,
  cellIndex,
  columnsOf,
  crossbarGeometry,
  DEFAULT_GEOMETRY,
  enableLineCount,
  enableLineOf,
} from '../../wafer/geometry.ts';
import { checkPadMap, consecutivePadMap } from '../../wafer/pad-map.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

const geometries = fc
  .record({ rows: fc.integer({ min: 1, max: 300 }), half: fc.integer({ min: 1, max: 150 }), paired: fc.boolean() })
  .map(({ rows, half, paired }) => crossbarGeometry({ rows, columns: 2 * half, columnsPerEnableLine: paired ? 2 : 1 }));

test('the default die has 20,000 cells on 100 enable lines', () => {
  expect(cellCount(DEFAULT_GEOMETRY)).toBe(20_000);
  expect(enableLineCount(DEFAULT_GEOMETRY)).toBe(100);
});

test('index and address are inverse, and every column belongs to exactly one enable line', () => {
  fc.assert(
    fc.property(geometries, (geometry) => {
      const last = cellCount(geometry) - 1;
      for (const index of [0, Math.floor(last / 2), last]) {
        expect(cellIndex(geometry, cellAt(geometry, index))).toBe(index);
      }
      const columns = Array.from({ length: enableLineCount(geometry) }, (_, line) => columnsOf(geometry, line)).flat();
      expect(columns).toEqual(Array.from({ length: geometry.columns }, (_, i) => i));
      for (const column of columns) expect(columnsOf(geometry, enableLineOf(geometry, column))).toContain(column);
    }),
  );
});

test.each([
  { rows: 0, columns: 2, columnsPerEnableLine: 2 },
  { rows: 3, columns: 5, columnsPerEnableLine: 2 },
  { rows: 1.5, columns: 2, columnsPerEnableLine: 1 },
] as const)('refuses %o', (geometry) => {
  expect(() => crossbarGeometry(geometry)).toThrow(TunnelbenchError);
});

test('the consecutive pad map of the default die uses the pads 1 to 403, each once', () => {
  const map = consecutivePadMap(DEFAULT_GEOMETRY);
  const pads = [...map.rows, ...map.columns, ...map.enableLines, ...Object.values(map.supplies)];
  expect(new Set(pads).size).toBe(403);
  expect(Math.min(...pads)).toBe(1);
  expect(Math.max(...pads)).toBe(403);
  checkPadMap(map, DEFAULT_GEOMETRY);
});

test('a pad that carries two lines is named', () => {
  const map = consecutivePadMap(DEFAULT_GEOMETRY);
  const twice = { ...map, supplies: { ...map.supplies, vdd: 7 } };
  expect(() => checkPadMap(twice, DEFAULT_GEOMETRY)).toThrow(/pad 7 carries two lines.*row 6 and vdd/);
});
