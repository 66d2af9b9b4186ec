import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayElements } from '../../physics/array-elements.ts';
import { solveNonlinear } from '../../physics/crossbar/nonlinear-crossbar.ts';
import type { LineDrive } from '../../physics/drive.ts';
import { DEFAULT_BIAS_LAW } from '../../physics/junction-law.ts';
import { NodalCircuit } from '../../physics/nodal-circuit.ts';
import { PairCircuit } from '../../physics/pair-circuit.ts';

/** A cell of any condition: healthy in either state, shunted, shorted, open, or cut off. */
const cell = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ ohms: fc.double({ min: 15e3, max: 22e3, noNaN: true }), antiparallel: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ shunt: fc.double({ min: 80, max: 12e3, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.record({ shunt: fc.double({ min: 1e7, max: 1e9, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.constant(true) }) },
);
type Cell = typeof cell extends fc.Arbitrary<infer T> ? T : never;

const limit = fc.constantFrom(1e-5, 1e-4, 1e-3);
const drive = fc.record({ connected: fc.boolean(), volts: fc.double({ min: -0.8, max: 1, noNaN: true }), limit });

function fill(elements: ArrayElements, cells: readonly Cell[]): void {
  cells.forEach((made, i) => {
    elements.seriesOhms[i] = 20 + 0.05 * i;
    if ('ohms' in made) {
      elements.gP[i] = 1 / made.ohms;
      elements.tmr[i] = made.antiparallel ? 1.2 : 0;
    } else if ('shunt' in made) elements.gShunt[i] = 1 / made.shunt;
  });
}

function line({ connected, volts, limit: limitAmps }: { connected: boolean; volts: number; limit: number }): LineDrive {
  return { contactSiemens: connected ? 1 : 0, volts, limitAmps };
}

/** Double precision of a node at 1 V, 1e-16 V, over a short of 80 Ω: no solver does better than this. */
const ROUNDING_AMPS = 1e-17;

/** Largest difference of channel currents beyond rounding, relative to the largest current. */
function compare(elements: ArrayElements, selectedRow: number, drives: readonly [LineDrive, LineDrive, LineDrive]) {
  const rails = { substrateVolts: 0, railVolts: 1.8 };
  const pair = new PairCircuit(elements);
  const [columnA, columnB, row] = drives;
  pair.solve({ ...rails, columnA, columnB, row, selectedRow });
  const nodal = new NodalCircuit(elements);
  const lines = [elements.rows, elements.rows + 1, selectedRow];
  nodal.solve({
    ...rails,
    channels: drives.map(({ contactSiemens, volts, limitAmps }) => ({ on: contactSiemens > 0, volts, limitAmps })),
    contacts: drives.map((_, channel) => ({ channel, line: lines[channel], siemens: 1 })),
    idleLines: 0,
  });
  const fast = [pair.columnA, pair.columnB, pair.row];
  const scale = Math.max(...nodal.channels.map(({ amps }) => Math.abs(amps)), ROUNDING_AMPS);
  const differences = fast.map(
    ({ amps }, i) => Math.max(0, Math.abs(amps - nodal.channels[i].amps) - ROUNDING_AMPS) / scale,
  );
  return { difference: Math.max(...differences), fast, general: nodal.channels, pair, nodal };
}

describe('the fast circuit of a pair and the general nodal circuit', () => {
  it('give the same currents whatever the cells and the drive, to 1e-9 of the largest', () => {
    const rows = 6;
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 2 * rows, maxLength: 2 * rows }),
        fc.nat(rows - 1),
        drive,
        drive,
        drive,
        (cells, selectedRow, a, b, r) => {
          const elements = new ArrayElements(rows, 2, DEFAULT_BIAS_LAW);
          fill(elements, cells);
          const { difference } = compare(elements, selectedRow, [line(a), line(b), line({ ...r, connected: true })]);
          expect(difference).toBeLessThan(1e-9);
        },
      ),
      { numRuns: 5_000, seed: 1 },
    );
  });

  it('agree with the crossbar solver where no limit is reached and lines have next to no resistance', () => {
    const rows = 30;
    const elements = new ArrayElements(rows, 2, DEFAULT_BIAS_LAW);
    const cells = Array.from({ length: 2 * rows }, (_, i): Cell => {
      if (i % 17 === 4) return { shunt: 300 };
      return i % 13 === 6 ? { cut: true } : { ohms: 15e3 + 100 * i, antiparallel: i % 3 > 0 };
    });
    fill(elements, cells);
    const volts = [0.5, 0.1, 0.02];
    const drives = volts.map((each) => line({ connected: true, volts: each, limit: 1e-2 }));
    const { fast } = compare(elements, 7, drives as [LineDrive, LineDrive, LineDrive]);
    const terminals = [
      { line: 'column', index: 0, end: 'first', ohms: 1 },
      { line: 'column', index: 1, end: 'first', ohms: 1 },
      { line: 'row', index: 7, end: 'first', ohms: 1 },
    ] as const;
    // As low as leaves the rounding of node voltages, times the lines' conductance, far below the currents.
    const pitch = { rowPitchOhms: 1e-5, columnPitchOhms: 1e-5 };
    const cellSiemens = Float64Array.from(cells, (_, element) => elements.zeroBiasSiemens(element));
    const solved = solveNonlinear(
      { rows, columns: 2, cellSiemens, ...pitch },
      terminals,
      Float64Array.from(volts),
      (element, across) => {
        elements.evaluate(element, across);
        return { amps: elements.amps, siemens: elements.slope };
      },
    );
    if (solved.kind === 'isolated') throw new Error('every line has a conducting cell');
    expect(solved.residualAmps).toBeLessThan(1e-10);
    const nodes = [2 * rows, 2 * rows + 1, 2 * 7];
    fast.forEach(({ amps, inCompliance }, i) => {
      expect(inCompliance).toBe(false);
      expect(Math.abs(volts[i] - solved.nodes.volts[nodes[i]] - amps)).toBeLessThan(3e-6 * Math.abs(fast[0].amps));
    });
  });
});
