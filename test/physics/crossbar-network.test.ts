import fc from 'fast-check';
import { LuDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { CrossbarArray, Terminal } from '../../physics/crossbar/crossbar-array.ts';
import {
  prepareCrossbar,
  residual,
  type SolvableCrossbar,
  solveVoltages,
  terminalCurrents,
} from '../../physics/crossbar/crossbar-network.ts';

/** Cells from short (10 Ω) to 1 MΩ, one in eight open. */
const conductance = fc.oneof(
  { weight: 7, arbitrary: fc.double({ min: 1, max: 6, noNaN: true }).map((exponent) => 10 ** -exponent) },
  { weight: 1, arbitrary: fc.constant(0) },
);

const arrays: fc.Arbitrary<CrossbarArray> = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      cellSiemens: fc
        .array(conductance, { minLength: rows * columns, maxLength: rows * columns })
        .map((values) => Float64Array.from(values)),
      rowPitchOhms: fc.double({ min: 0.01, max: 10, noNaN: true }),
      columnPitchOhms: fc.double({ min: 0.01, max: 10, noNaN: true }),
    }),
  );

const wired = arrays.chain((array) => {
  const terminal: fc.Arbitrary<Terminal> = fc
    .record({
      row: fc.boolean(),
      at: fc.nat(),
      end: fc.constantFrom('first' as const, 'last' as const),
      ohms: fc.double({ min: 0.1, max: 100, noNaN: true }),
    })
    .map(({ row, at, end, ohms }) => ({
      line: row ? 'row' : 'column',
      index: at % (row ? array.rows : array.columns),
      end,
      ohms,
    }));
  return fc.record({
    array: fc.constant(array),
    terminals: fc.array(terminal, { minLength: 1, maxLength: 12 }),
    seed: fc.nat(1000),
  });
});

/**
 * The same network written down densely, without any of the code under test but the numbering of nodes. A sum on the
 * diagonal forgets a weak cell beside stiff lines, so the dense solution is refined with currents edge by edge.
 */
function denseVoltages({ symbolic, edgeSiemens, fixedSiemens }: SolvableCrossbar, injected: Float64Array): number[] {
  const size = symbolic.nodeCount;
  const edges = Array.from(edgeSiemens, (siemens, edge) => {
    const [a, b] = [symbolic.edgeNodes[2 * edge], symbolic.edgeNodes[2 * edge + 1]];
    return { a, b, siemens };
  });
  const nodal = Matrix.diag(Array.from(fixedSiemens));
  for (const { a, b, siemens } of edges) {
    nodal.set(a, a, nodal.get(a, a) + siemens);
    nodal.set(b, b, nodal.get(b, b) + siemens);
    nodal.set(a, b, nodal.get(a, b) - siemens);
    nodal.set(b, a, nodal.get(b, a) - siemens);
  }
  const decomposition = new LuDecomposition(nodal);
  const volts = new Array<number>(size).fill(0);
  for (let step = 0; step < 4; step++) {
    const missing = Array.from(injected, (amps, node) => amps - fixedSiemens[node] * volts[node]);
    for (const { a, b, siemens } of edges) {
      const amps = siemens * (volts[a] - volts[b]);
      missing[a] -= amps;
      missing[b] += amps;
    }
    const correction = decomposition.solve(Matrix.columnVector(missing)).to1DArray();
    correction.forEach((value, node) => {
      volts[node] += value;
    });
  }
  return volts;
}

describe('a passive crossbar with line resistance', () => {
  test('obeys Kirchhoff to rounding and agrees with a dense solve, whatever is wired, open or shorted', () => {
    fc.assert(
      fc.property(wired, ({ array, terminals, seed }) => {
        const crossbar = prepareCrossbar(array, terminals);
        if (crossbar.kind === 'isolated') return;
        const volts = Float64Array.from(terminals, (_, i) => Math.sin(seed + i));
        const solved = solveVoltages(crossbar, volts);
        const injected = new Float64Array(crossbar.symbolic.nodeCount);
        terminals.forEach(({ ohms }, i) => {
          injected[crossbar.terminalNodes[i]] += volts[i] / ohms;
        });
        const missing = residual(crossbar, solved.volts, injected, 1);
        // Backward error: against the largest current that meets at a node, ‖G‖·‖v‖ + ‖i‖.
        const stiffest = Math.max(...crossbar.edgeSiemens, ...crossbar.fixedSiemens);
        const scale = Math.max(...injected.map(Math.abs)) + stiffest * Math.max(...solved.volts.map(Math.abs));
        expect(Math.max(...missing.map(Math.abs))).toBeLessThanOrEqual(1e-12 * scale);
        const dense = denseVoltages(crossbar, injected);
        dense.forEach((value, node) => {
          expect(Math.abs(solved.volts[node] - value)).toBeLessThanOrEqual(1e-9);
        });
        // What flows in flows out.
        const amps = terminalCurrents(crossbar, volts, solved);
        const sum = amps.reduce((total, value) => total + value, 0);
        expect(Math.abs(sum)).toBeLessThanOrEqual(1e-12 * scale);
      }),
      { numRuns: 300 },
    );
  });

  test('several vectors at once are the same vectors one by one', () => {
    const array = uniform(7, 11);
    const terminals = [...ends('row', 7, 'first'), ...ends('column', 11, 'last')];
    const crossbar = prepareCrossbar(array, terminals) as SolvableCrossbar;
    const count = 5;
    const many = Float64Array.from({ length: terminals.length * count }, (_, i) => Math.cos(i));
    const together = solveVoltages(crossbar, many, count);
    for (let k = 0; k < count; k++) {
      const one = solveVoltages(
        crossbar,
        many.filter((_, i) => i % count === k),
      );
      one.volts.forEach((value, node) => {
        expect(together.volts[node * count + k]).toBeCloseTo(value, 13);
      });
    }
  });

  test('an array of many blocks obeys Kirchhoff as well, for more vectors than are solved together', () => {
    const [rows, columns, count] = [37, 53, 11];
    const array = uniform(rows, columns);
    array.cellSiemens.forEach((_, cell) => {
      array.cellSiemens[cell] = cell % 13 === 5 ? 0 : (1 + Math.sin(cell)) / 15e3;
    });
    array.cellSiemens[700] = 1 / 200;
    for (const pitchOhms of [0.05, 2]) {
      const terminals = [...ends('row', rows, 'first'), ...ends('column', columns, 'last')];
      const stiff = { ...array, rowPitchOhms: pitchOhms, columnPitchOhms: pitchOhms };
      const crossbar = prepareCrossbar(stiff, terminals) as SolvableCrossbar;
      const volts = Float64Array.from({ length: terminals.length * count }, (_, i) => Math.cos(i));
      const solved = solveVoltages(crossbar, volts, count);
      const injected = new Float64Array(2 * rows * columns * count);
      terminals.forEach(({ ohms }, i) => {
        for (let k = 0; k < count; k++) injected[crossbar.terminalNodes[i] * count + k] += volts[i * count + k] / ohms;
      });
      const missing = residual(crossbar, solved.volts, injected, count);
      const scale = 1 / pitchOhms + 1;
      expect(missing.reduce((worst, amps) => Math.max(worst, Math.abs(amps)), 0)).toBeLessThanOrEqual(1e-12 * scale);
    }
  });

  test('keeps the factors of several arrays apart, of the same shape and of others', () => {
    const make = (rows: number, columns: number, ohms: number) => {
      const terminals = [...ends('row', rows, 'first'), ...ends('column', columns, 'last')];
      const crossbar = prepareCrossbar(uniform(rows, columns, 1 / ohms), terminals) as SolvableCrossbar;
      const volts = Float64Array.from(terminals, (_, i) => i / 10);
      return { solve: () => solveVoltages(crossbar, volts).volts };
    };
    const circuits = [make(20, 30, 18e3), make(20, 30, 500), make(6, 5, 18e3)];
    const before = circuits.map(({ solve }) => solve());
    for (const order of [
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      for (const i of order) expect(circuits[i].solve()).toEqual(before[i]);
    }
    expect(before[0]).not.toEqual(before[1]);
  });

  test('names the lines that nothing reaches instead of failing on a singular matrix', () => {
    const array = uniform(3, 4);
    for (let column = 0; column < 4; column++) array.cellSiemens[1 * 4 + column] = 0;
    for (let row = 0; row < 3; row++) array.cellSiemens[row * 4 + 2] = 0;
    const result = prepareCrossbar(array, ends('row', 1, 'first'));
    expect(result).toEqual({ kind: 'isolated', rows: [1], columns: [2] });
  });

  test('a floating neighbour column is a sneak path: an 18 kΩ cell between 40 kΩ cells reads about 12.5 kΩ', () => {
    const array = uniform(100, 2, 1 / 40e3);
    array.cellSiemens[0] = 1 / 18e3;
    const terminals: Terminal[] = [
      { line: 'column', index: 0, end: 'first', ohms: 1e-3 },
      { line: 'row', index: 0, end: 'first', ohms: 1e-3 },
    ];
    const crossbar = prepareCrossbar(array, terminals) as SolvableCrossbar;
    const volts = Float64Array.of(0.05, 0);
    const [amps] = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts));
    expect(0.05 / amps).toBeGreaterThan(12.3e3);
    expect(0.05 / amps).toBeLessThan(12.7e3);
  });
});

function uniform(rows: number, columns: number, siemens = 1 / 18e3): CrossbarArray {
  const cellSiemens = new Float64Array(rows * columns).fill(siemens);
  return { rows, columns, cellSiemens, rowPitchOhms: 0.05, columnPitchOhms: 0.05 };
}

function ends(line: 'row' | 'column', count: number, end: 'first' | 'last'): Terminal[] {
  return Array.from({ length: count }, (_, index) => ({ line, index, end, ohms: 1 }));
}
