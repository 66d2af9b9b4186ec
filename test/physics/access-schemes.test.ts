import { describe, expect, it } from 'vitest';
import { ArrayElements } from '../../physics/array-elements.ts';
import { DEFAULT_BIAS_LAW } from '../../physics/junction-law.ts';
import { PairCircuit } from '../../physics/pair-circuit.ts';

const ROWS = 100;
const ROW = 40;
const SERIES = 25;
const RAILS = { substrateVolts: 0, railVolts: 1.8 };
const FLOATING = { contactSiemens: 0, volts: 0, limitAmps: 0 };
const VOLTS = 0.02;

/** 18 kΩ (P) at (ROW, A) as measured, 40 kΩ (AP) everywhere else. */
function pairOfColumns(): ArrayElements {
  const elements = new ArrayElements(ROWS, 2, DEFAULT_BIAS_LAW);
  elements.seriesOhms.fill(SERIES);
  elements.gP.fill(1 / (18_000 - SERIES - 2));
  elements.tmr.fill((40_000 - 18_000) / (18_000 - SERIES - 2));
  elements.tmr[2 * ROW] = 0;
  return elements;
}

function held(volts: number, limitAmps = 1e-3) {
  return { contactSiemens: 1, volts, limitAmps };
}

describe('what a measurement of one cell reads', () => {
  it('is the cell when both columns are held at one potential, in both halves of a loop', () => {
    const circuit = new PairCircuit(pairOfColumns());
    circuit.solve({ ...RAILS, columnA: held(VOLTS), columnB: held(VOLTS), row: held(0), selectedRow: ROW });
    // Different currents drop differently over the two columns' contacts (1 Ω): that much cross-talk remains.
    expect(Math.abs(VOLTS / circuit.columnA.amps / 18_000 - 1)).toBeLessThan(1e-3);
    expect(Math.abs(VOLTS / circuit.columnB.amps / 40_000 - 1)).toBeLessThan(3e-3);
    expect(Math.abs(circuit.columnA.amps + circuit.columnB.amps + circuit.row.amps)).toBeLessThan(1e-13);
    circuit.solve({ ...RAILS, columnA: held(0), columnB: held(0), row: held(VOLTS), selectedRow: ROW });
    expect(Math.abs(-VOLTS / circuit.columnA.amps / 18_000 - 1)).toBeLessThan(1e-3);
  });

  it('is 12.5 kΩ instead of 18 kΩ with the neighbour column floating', () => {
    const circuit = new PairCircuit(pairOfColumns());
    circuit.solve({ ...RAILS, columnA: held(VOLTS), columnB: FLOATING, row: held(0), selectedRow: ROW });
    expect(VOLTS / circuit.columnA.amps).toBeGreaterThan(12_400);
    expect(VOLTS / circuit.columnA.amps).toBeLessThan(12_600);
  });

  it('is 12.4 kΩ when sensed at the row with both columns grounded: both cells in parallel', () => {
    const circuit = new PairCircuit(pairOfColumns());
    circuit.solve({ ...RAILS, columnA: held(0), columnB: held(0), row: held(VOLTS), selectedRow: ROW });
    expect(VOLTS / circuit.row.amps).toBeGreaterThan(12_350);
    expect(VOLTS / circuit.row.amps).toBeLessThan(12_450);
  });

  it('is off by what the shared contacts carry when the partner is shorted', () => {
    const elements = pairOfColumns();
    elements.gP[2 * ROW + 1] = 0;
    elements.gShunt[2 * ROW + 1] = 1 / (200 - SERIES - 2);
    const circuit = new PairCircuit(elements);
    circuit.solve({ ...RAILS, columnA: held(VOLTS), columnB: held(VOLTS), row: held(0), selectedRow: ROW });
    expect(Math.abs(VOLTS / circuit.columnA.amps / 18_000 - 1)).toBeGreaterThan(0.02);
  });

  it('turns into the sneak path when the shorted partner drives its column into compliance', () => {
    const elements = pairOfColumns();
    elements.gP[2 * ROW + 1] = 0;
    elements.gShunt[2 * ROW + 1] = 1 / (200 - SERIES - 2);
    const circuit = new PairCircuit(elements);
    circuit.solve({ ...RAILS, columnA: held(0.5), columnB: held(0.5, 1e-4), row: held(0), selectedRow: ROW });
    expect(circuit.columnB.inCompliance).toBe(true);
    expect(circuit.columnB.amps).toBe(1e-4);
    expect(0.5 / circuit.columnA.amps).toBeLessThan(2_000);
  });

  it('stays right when the sum over floating rows is brought up to date cell by cell', () => {
    const elements = pairOfColumns();
    const updated = new PairCircuit(elements);
    for (let row = 0; row < ROWS; row += 3) {
      elements.tmr[2 * row] = 0;
      updated.refresh(row);
    }
    const fresh = new PairCircuit(elements);
    const drive = { ...RAILS, columnA: held(0.5), columnB: held(0.5), row: held(0), selectedRow: ROW };
    updated.solve(drive);
    fresh.solve(drive);
    expect(updated.linear).toBe(true);
    expect(updated.columnA.amps / fresh.columnA.amps).toBeCloseTo(1, 12);
    expect(updated.columnB.amps / fresh.columnB.amps).toBeCloseTo(1, 12);
  });
});
