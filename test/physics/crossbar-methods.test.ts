import { describe, expect, test } from 'vitest';
import { cellGradient } from '../../physics/crossbar/cell-gradient.ts';
import { type ChangedCell, changedCells } from '../../physics/crossbar/changed-cells.ts';
import type { CrossbarArray, Terminal } from '../../physics/crossbar/crossbar-array.ts';
import {
  cellVoltages,
  prepareCrossbar,
  type SolvableCrossbar,
  solveVoltages,
  terminalCurrents,
} from '../../physics/crossbar/crossbar-network.ts';
import { solveNonlinear } from '../../physics/crossbar/nonlinear-crossbar.ts';
import { transferMatrix } from '../../physics/crossbar/transfer-matrix.ts';

const ROWS = 12;
const COLUMNS = 17;
const terminals: Terminal[] = [
  ...Array.from({ length: ROWS }, (_, index) => ({ line: 'row', index, end: 'first', ohms: 5 }) as const),
  ...Array.from({ length: COLUMNS }, (_, index) => ({ line: 'column', index, end: 'last', ohms: 3 }) as const),
];
const volts = Float64Array.from(terminals, ({ line, index }) => (line === 'row' ? 0.2 * Math.sin(1 + index) : 0));

function array(): CrossbarArray {
  const cellSiemens = Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => 1 / (i % 3 === 0 ? 18e3 : 40e3));
  cellSiemens[31] = 1 / 200;
  cellSiemens[77] = 0;
  return { rows: ROWS, columns: COLUMNS, cellSiemens, rowPitchOhms: 0.5, columnPitchOhms: 0.7 };
}

function prepared(changed: CrossbarArray): SolvableCrossbar {
  const crossbar = prepareCrossbar(changed, terminals);
  if (crossbar.kind === 'isolated') throw new Error('the test array is connected');
  return crossbar;
}

describe('what follows from one factorisation', () => {
  test('the transfer matrix gives the terminal currents of any input', () => {
    const crossbar = prepared(array());
    const inputs = Array.from({ length: ROWS }, (_, i) => i);
    const outputs = Array.from({ length: COLUMNS }, (_, i) => ROWS + i);
    const siemens = transferMatrix(crossbar, inputs, outputs);
    const amps = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts));
    outputs.forEach((terminal, row) => {
      const product = inputs.reduce((sum, input, k) => sum + siemens[row * ROWS + k] * volts[input], 0);
      expect(product).toBeCloseTo(amps[terminal], 15);
    });
  });

  test('the adjoint gradient is the finite difference, for every cell, short and open included', () => {
    const weights = Float64Array.from(terminals, (_, i) => Math.cos(3 * i));
    const loss = (changed: CrossbarArray) => {
      const crossbar = prepared(changed);
      const amps = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts));
      return amps.reduce((sum, value, i) => sum + weights[i] * value, 0);
    };
    const crossbar = prepared(array());
    const gradient = cellGradient(crossbar, solveVoltages(crossbar, volts), weights);
    for (let cell = 0; cell < ROWS * COLUMNS; cell++) {
      const step = Math.max(array().cellSiemens[cell] * 1e-3, 1e-8);
      const shifted = (by: number) => {
        const changed = array();
        changed.cellSiemens[cell] += by;
        return loss(changed);
      };
      // An open cell cannot lose conductance: a one-sided difference of second order.
      const difference =
        cell === 77
          ? (-3 * shifted(0) + 4 * shifted(step) - shifted(2 * step)) / (2 * step)
          : (shifted(step) - shifted(-step)) / (2 * step);
      expect(Math.abs(gradient[cell] - difference)).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(difference), 1e-3));
    }
  });

  test('changed cells by low-rank update equal a fresh factorisation', () => {
    const before = prepared(array());
    const changes: ChangedCell[] = [
      { cell: 3, siemens: 1 / 150 },
      { cell: 77, siemens: 1 / 18e3 },
      { cell: 100, siemens: 0 },
      { cell: 31, siemens: 1 / 18e3 },
    ];
    const update = changedCells(before, changes);
    if (typeof update !== 'function') throw new Error('the test array stays connected');
    const after = array();
    for (const { cell, siemens } of changes) after.cellSiemens[cell] = siemens;
    const expected = solveVoltages(prepared(after), volts).volts;
    const updated = update(solveVoltages(before, volts)).volts;
    expected.forEach((value, node) => {
      expect(Math.abs(updated[node] - value)).toBeLessThanOrEqual(1e-11);
    });
  });

  test('opening the last cells of a floating line is named, not computed', () => {
    const floating = array();
    const onlyRows = terminals.filter(({ line }) => line === 'row');
    const crossbar = prepareCrossbar(floating, onlyRows) as SolvableCrossbar;
    const column = Array.from({ length: ROWS }, (_, row) => ({ cell: row * COLUMNS + 4, siemens: 0 }));
    expect(changedCells(crossbar, column)).toEqual({ kind: 'isolated', rows: [], columns: [4] });
  });
});

describe('cells that depend on their voltage', () => {
  const law = (cell: number, across: number) => {
    // G(V) = G0·(1 + (V/0.5)²): stronger than any junction, to make Newton work.
    const g0 = array().cellSiemens[cell];
    return { amps: g0 * (across + across ** 3 / 0.25), siemens: g0 * (1 + (3 * across ** 2) / 0.25) };
  };

  test('Newton reaches a solution in which every cell carries its own current', () => {
    const strong = volts.map((value) => 3 * value);
    const result = solveNonlinear(array(), terminals, strong, law);
    if (result.kind === 'isolated') throw new Error('the test array is connected');
    expect(result.converged).toBe(true);
    expect(result.iterations).toBeGreaterThan(1);
    // The converged cells as linear ones, chord conductance I/V, give the same voltages.
    const linear = array();
    const across = cellVoltages(prepared(linear), result.nodes);
    across.forEach((value, cell) => {
      if (linear.cellSiemens[cell] > 0 && value !== 0) linear.cellSiemens[cell] = law(cell, value).amps / value;
    });
    const check = solveVoltages(prepared(linear), strong);
    check.volts.forEach((value, node) => {
      expect(Math.abs(result.nodes.volts[node] - value)).toBeLessThanOrEqual(1e-10);
    });
  });

  test('linear cells are solved without a step', () => {
    const linearLaw = (cell: number, across: number) => {
      const siemens = array().cellSiemens[cell];
      return { amps: siemens * across, siemens };
    };
    const result = solveNonlinear(array(), terminals, volts, linearLaw);
    expect(result).toMatchObject({ kind: 'solved', iterations: 0, converged: true });
  });
});
