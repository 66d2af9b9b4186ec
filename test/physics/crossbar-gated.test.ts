import fc from 'fast-check';
import { LuDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { Terminal } from '../../physics/crossbar/crossbar-array.ts';
import { residual, solveVoltages } from '../../physics/crossbar/crossbar-network.ts';
import {
  type AccessTransistor,
  type GatedArray,
  junctionEnds,
  junctionVoltages,
  prepareGated,
} from '../../physics/crossbar/gated-array.ts';

/** Shorts of 100 Ω to 1 MΩ, one in six open. */
const junction = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: 2, max: 6, noNaN: true }).map((exponent) => 10 ** -exponent) },
  { weight: 1, arbitrary: fc.constant(0) },
);

const line = fc.constantFrom('row' as const, 'column' as const);

function transistor(rows: number, columns: number, side: 'row' | 'column'): fc.Arbitrary<AccessTransistor> {
  return line.chain((gateLines) => {
    const count = gateLines === 'row' ? rows : columns;
    return fc.record({
      side: fc.constant(side),
      gateLines: fc.constant(gateLines),
      on: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      onOhms: fc.double({ min: 1, max: 1000, noNaN: true }),
      offSiemens: fc.oneof(fc.constant(0), fc.double({ min: 1e-7, max: 1e-6, noNaN: true })),
    });
  });
}

const wired = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 1, max: 5 }) })
  .chain(({ rows, columns }) => {
    const cells = rows * columns;
    const terminal: fc.Arbitrary<Terminal> = fc
      .record({
        line,
        at: fc.nat(),
        end: fc.constantFrom('first' as const, 'last' as const),
        ohms: fc.double({ min: 0.1, max: 100, noNaN: true }),
      })
      .map(({ at, ...rest }) => ({ ...rest, index: at % (rest.line === 'row' ? rows : columns) }));
    const array: fc.Arbitrary<GatedArray> = fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      junctionSiemens: fc
        .array(junction, { minLength: cells, maxLength: cells })
        .map((each) => Float64Array.from(each)),
      rowPitchOhms: fc.double({ min: 0.1, max: 10, noNaN: true }),
      columnPitchOhms: fc.double({ min: 0.1, max: 10, noNaN: true }),
      transistors: fc.oneof(
        line.chain((side) => fc.tuple(transistor(rows, columns, side))),
        fc.tuple(transistor(rows, columns, 'row'), transistor(rows, columns, 'column')),
      ),
    });
    return fc.record({
      array,
      terminals: fc.array(terminal, { minLength: 2, maxLength: 12 }),
      // Whole millivolts: numbers at the bottom of the exponent range would show nothing but their own rounding.
      volts: fc.array(
        fc.integer({ min: -1000, max: 1000 }).map((millivolts) => millivolts / 1000),
        { minLength: 12, maxLength: 12 },
      ),
    });
  });

interface Edge {
  readonly a: number;
  readonly b: number;
  readonly siemens: number;
}

/** Line nodes as in the solver, then each cell's end at its row side (2·cells + cell) and at its column side (3·cells + cell). */
function edgesOf(array: GatedArray): Edge[] {
  const { rows, columns, junctionSiemens, rowPitchOhms, columnPitchOhms, transistors } = array;
  const cells = rows * columns;
  const edges: Edge[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      if (column + 1 < columns) edges.push({ a: cell, b: cell + 1, siemens: 1 / rowPitchOhms });
      if (row + 1 < rows) edges.push({ a: cells + cell, b: cells + cell + columns, siemens: 1 / columnPitchOhms });
      const end = (side: 'row' | 'column') => {
        const own = transistors.find((each) => each.side === side);
        const lineNode = side === 'row' ? cell : cells + cell;
        if (own === undefined) return lineNode;
        const inner = lineNode + 2 * cells;
        const on = own.on[own.gateLines === 'row' ? row : column];
        edges.push({ a: lineNode, b: inner, siemens: on ? 1 / own.onOhms : own.offSiemens });
        return inner;
      };
      edges.push({ a: end('row'), b: end('column'), siemens: junctionSiemens[cell] });
    }
  }
  return edges.filter(({ siemens }) => siemens > 0);
}

/** Nodal analysis of everything, inner nodes as nodes; NaN for nodes that no terminal reaches. */
function denseVolts(array: GatedArray, terminals: readonly Terminal[], volts: readonly number[]): number[] {
  const { rows, columns } = array;
  const cells = rows * columns;
  const edges = edgesOf(array);
  const nodeOf = ({ line: which, index, end }: Terminal) =>
    which === 'row'
      ? index * columns + (end === 'first' ? 0 : columns - 1)
      : cells + (end === 'first' ? 0 : rows - 1) * columns + index;
  const reached = new Set(terminals.map(nodeOf));
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const { a, b } of edges) {
      if (reached.has(a)) reached.add(b);
      else if (reached.has(b)) reached.add(a);
    }
  }
  const nodes = [...reached];
  const place = new Map(nodes.map((node, i) => [node, i]));
  const inside = edges
    .filter(({ a }) => reached.has(a))
    .map(({ a, b, siemens }) => ({
      a: place.get(a) as number,
      b: place.get(b) as number,
      siemens,
    }));
  const fixed = terminals.map((terminal, i) => ({
    at: place.get(nodeOf(terminal)) as number,
    siemens: 1 / terminal.ohms,
    volts: volts[i],
  }));
  const nodal = Matrix.zeros(nodes.length, nodes.length);
  const add = (i: number, j: number, siemens: number) => nodal.set(i, j, nodal.get(i, j) + siemens);
  for (const { a, b, siemens } of inside) {
    add(a, a, siemens);
    add(b, b, siemens);
    add(a, b, -siemens);
    add(b, a, -siemens);
  }
  for (const { at, siemens } of fixed) add(at, at, siemens);
  const decomposition = new LuDecomposition(nodal);
  // Refined with currents taken edge by edge: sums on the diagonal forget a leak beside a line.
  const solved = new Array<number>(nodes.length).fill(0);
  for (let step = 0; step < 4; step++) {
    const missing = new Array<number>(nodes.length).fill(0);
    for (const { at, siemens, volts: level } of fixed) missing[at] += siemens * (level - solved[at]);
    for (const { a, b, siemens } of inside) {
      missing[a] -= siemens * (solved[a] - solved[b]);
      missing[b] += siemens * (solved[a] - solved[b]);
    }
    decomposition
      .solve(Matrix.columnVector(missing))
      .to1DArray()
      .forEach((correction, i) => {
        solved[i] += correction;
      });
  }
  return Array.from({ length: 4 * cells }, (_, node) => {
    const at = place.get(node);
    return at === undefined ? Number.NaN : solved[at];
  });
}

describe('a crossbar with access transistors', () => {
  test('agrees with a dense solve that has the inner nodes, and names what is isolated', () => {
    let isolatedLines = 0;
    let isolatedInner = 0;
    let solved = 0;
    fc.assert(
      fc.property(wired, ({ array, terminals, volts }) => {
        const cells = array.rows * array.columns;
        const dense = denseVolts(array, terminals, volts);
        const gated = prepareGated(array, terminals);
        if (gated.kind === 'isolated') {
          const rows = Array.from({ length: array.rows }, (_, row) => row).filter((row) =>
            Number.isNaN(dense[row * array.columns]),
          );
          const columns = Array.from({ length: array.columns }, (_, column) => column).filter((column) =>
            Number.isNaN(dense[cells + column]),
          );
          expect(gated).toEqual({ kind: 'isolated', rows, columns });
          isolatedLines += 1;
          return;
        }
        const terminalVolts = Float64Array.from(terminals, (_, i) => volts[i]);
        const nodes = solveVoltages(gated.crossbar, terminalVolts);
        for (let node = 0; node < 2 * cells; node++) {
          expect(Math.abs(nodes.volts[node] - dense[node])).toBeLessThanOrEqual(1e-9);
        }
        const injected = new Float64Array(2 * cells);
        terminals.forEach(({ ohms }, i) => {
          injected[gated.crossbar.terminalNodes[i]] += volts[i] / ohms;
        });
        const missing = residual(gated.crossbar, nodes.volts, injected, 1);
        const stiffest = Math.max(...gated.crossbar.edgeSiemens, ...gated.crossbar.fixedSiemens);
        const scale = Math.max(...injected.map(Math.abs)) + stiffest * Math.max(...nodes.volts.map(Math.abs));
        expect(Math.max(...missing.map(Math.abs))).toBeLessThanOrEqual(1e-12 * scale);

        const ends = junctionEnds(gated, nodes);
        const across = junctionVoltages(gated, nodes);
        const isolated = new Set(gated.isolatedInnerNodes.map(({ cell, side }) => `${side} ${cell}`));
        for (const { side } of array.transistors) {
          for (let cell = 0; cell < cells; cell++) {
            const expected = dense[(side === 'row' ? 2 : 3) * cells + cell];
            expect(isolated.has(`${side} ${cell}`)).toBe(Number.isNaN(expected));
            expect(Number.isNaN(ends[side][cell])).toBe(Number.isNaN(expected));
            if (!Number.isNaN(expected)) expect(Math.abs(ends[side][cell] - expected)).toBeLessThanOrEqual(1e-9);
          }
        }
        for (let cell = 0; cell < cells; cell++) {
          const difference = ends.column[cell] - ends.row[cell];
          expect(Number.isNaN(across[cell])).toBe(Number.isNaN(difference));
          if (!Number.isNaN(difference)) expect(Math.abs(across[cell] - difference)).toBeLessThanOrEqual(1e-9);
        }
        isolatedInner += isolated.size;
        solved += 1;
      }),
      { numRuns: 500 },
    );
    // The property means something only if every outcome came up.
    expect(Math.min(isolatedLines, isolatedInner, solved)).toBeGreaterThan(20);
  });

  test('a selected cell carries what its own elements let through: neighbours are off', () => {
    const array: GatedArray = {
      rows: 4,
      columns: 6,
      junctionSiemens: new Float64Array(24).fill(1 / 18e3),
      rowPitchOhms: 0.05,
      columnPitchOhms: 0.05,
      transistors: [
        { side: 'row', gateLines: 'row', on: [false, true, false, false], onOhms: 10, offSiemens: 0 },
        {
          side: 'column',
          gateLines: 'column',
          on: Array.from({ length: 6 }, (_, i) => i === 2),
          onOhms: 10,
          offSiemens: 0,
        },
      ],
    };
    const terminals: Terminal[] = [
      ...Array.from({ length: 4 }, (_, index) => ({ line: 'row', index, end: 'first', ohms: 1 }) as const),
      ...Array.from({ length: 6 }, (_, index) => ({ line: 'column', index, end: 'first', ohms: 1 }) as const),
    ];
    const gated = prepareGated(array, terminals);
    if (gated.kind === 'isolated') throw new Error('every line has a terminal');
    const nodes = solveVoltages(
      gated.crossbar,
      Float64Array.from(terminals, ({ line: which }) => (which === 'row' ? 0 : 1)),
    );
    const across = junctionVoltages(gated, nodes);
    // 18 kΩ of 18 kΩ + 2 × 10 Ω + 2 × 1 Ω + three pitches.
    expect(across[8]).toBeCloseTo(18e3 / (18e3 + 22 + 3 * 0.05), 12);
    // Row 1 and column 2 have one transistor on: no current, no voltage on the junction. Elsewhere both ends float.
    expect(across[1 * 6 + 4]).toBe(0);
    expect(across[3 * 6 + 2]).toBe(0);
    expect(across[0]).toBeNaN();
    expect(gated.isolatedInnerNodes).toHaveLength(2 * (24 - 9));
  });

  test('refuses transistors that do not fit the array', () => {
    const array = (transistors: readonly AccessTransistor[]): GatedArray => ({
      rows: 2,
      columns: 3,
      junctionSiemens: new Float64Array(6).fill(1e-4),
      rowPitchOhms: 1,
      columnPitchOhms: 1,
      transistors,
    });
    const one = { side: 'row', gateLines: 'row', on: [true, true], onOhms: 10, offSiemens: 0 } as const;
    for (const wrong of [
      [],
      [one, one],
      [{ ...one, on: [true] }],
      [{ ...one, onOhms: 0 }],
      [{ ...one, offSiemens: -1 }],
    ]) {
      expect(() => prepareGated(array(wrong), [])).toThrow(expect.objectContaining({ code: 'TB_GEOMETRY_INVALID' }));
    }
  });
});
