import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { CrossbarArray, Terminal } from './crossbar-array.ts';
import {
  cellVoltages,
  type IsolatedCrossbar,
  type NodeVoltages,
  prepareCrossbar,
  type SolvableCrossbar,
} from './crossbar-network.ts';

/** The access transistor of every cell on one side of its junction, a switch with an on-resistance and a leak. */
export interface AccessTransistor {
  /** The line that it joins the junction to. */
  readonly side: 'row' | 'column';
  /** Which way its gate lines run, and which of them are on. */
  readonly gateLines: 'row' | 'column';
  readonly on: readonly boolean[];
  readonly onOhms: number;
  /** Conductance while off; 0 cuts the cell off. */
  readonly offSiemens: number;
}

/** Junctions between resistive lines, each in series with one (1T) or two (2T) access transistors. */
export interface GatedArray {
  readonly rows: number;
  readonly columns: number;
  /** Conductances of the junctions alone, index row × columns + column; 0 is an open one. */
  readonly junctionSiemens: Float64Array;
  readonly rowPitchOhms: number;
  readonly columnPitchOhms: number;
  /** One, or two on different sides. */
  readonly transistors: readonly AccessTransistor[];
}

/** A node between a junction and its transistor that no conducting path reaches: it has no defined potential. */
export interface IsolatedInnerNode {
  readonly cell: number;
  readonly side: 'row' | 'column';
}

export interface GatedCrossbar {
  readonly kind: 'gated';
  readonly array: GatedArray;
  /** The same lines with each cell's elements in series as one conductance: solve this one. */
  readonly crossbar: SolvableCrossbar;
  readonly isolatedInnerNodes: readonly IsolatedInnerNode[];
}

/**
 * Factorises a gated array. The nodes between junction and transistors carry no other current than their cell's, so they are
 * eliminated by hand (series conductance) and the circuit is that of a passive array. Lines that no terminal reaches through
 * conducting cells are a result, as for a passive array. Throws TB_GEOMETRY_INVALID.
 */
export function prepareGated(array: GatedArray, terminals: readonly Terminal[]): GatedCrossbar | IsolatedCrossbar {
  checkTransistors(array);
  const { rows, columns, rowPitchOhms, columnPitchOhms, junctionSiemens } = array;
  if (junctionSiemens.length !== rows * columns) {
    invalid('the number of junctions', `${junctionSiemens.length}`, `${rows} × ${columns} = ${rows * columns}`);
  }
  const cellSiemens = junctionSiemens.map((junction, cell) =>
    inSeries(transistorSiemens(array, 'row', cell), junction, transistorSiemens(array, 'column', cell)),
  );
  const lines: CrossbarArray = { rows, columns, cellSiemens, rowPitchOhms, columnPitchOhms };
  const crossbar = prepareCrossbar(lines, terminals);
  if (crossbar.kind === 'isolated') return crossbar;
  return { kind: 'gated', array, crossbar, isolatedInnerNodes: isolatedInnerNodes(array) };
}

/**
 * Potential of every junction's two ends for vector k, volts. NaN at isolated inner nodes; without a transistor on a side that end is
 * the line itself.
 */
export function junctionEnds(
  { array, crossbar }: GatedCrossbar,
  { volts, count }: NodeVoltages,
  k = 0,
): { readonly row: Float64Array; readonly column: Float64Array } {
  const cells = array.rows * array.columns;
  const row = new Float64Array(cells);
  const column = new Float64Array(cells);
  const across = cellVoltages(crossbar, { volts, count }, k);
  for (let cell = 0; cell < cells; cell++) {
    const share = shares(array, cell);
    row[cell] = volts[cell * count + k] + share.row * across[cell];
    column[cell] = volts[(cells + cell) * count + k] - share.column * across[cell];
  }
  return { row, column };
}

/** Voltage across every junction itself, column side minus row side, for vector k; NaN where an end is isolated. */
export function junctionVoltages(gated: GatedCrossbar, nodes: NodeVoltages, k = 0): Float64Array {
  const across = cellVoltages(gated.crossbar, nodes, k);
  return across.map((volts, cell) => {
    const { row, junction, column } = shares(gated.array, cell);
    return Number.isNaN(row + column) ? Number.NaN : junction * volts;
  });
}

/** What part of a cell's voltage lies across each of its elements; NaN for a transistor whose inner node is isolated. */
function shares(array: GatedArray, cell: number): { row: number; junction: number; column: number } {
  const row = transistorSiemens(array, 'row', cell);
  const junction = array.junctionSiemens[cell];
  const column = transistorSiemens(array, 'column', cell);
  const siemens = inSeries(row, junction, column);
  if (siemens > 0) return { row: siemens / row, junction: siemens / junction, column: siemens / column };
  // No current: the whole voltage lies across whatever is open, if that is one element only.
  const open = [row, junction, column].filter((each) => each === 0).length;
  const share = (own: number) => (own === 0 ? 1 : 0);
  if (open === 1) return { row: share(row), junction: share(junction), column: share(column) };
  const reached = innerReached(row, junction, column);
  return {
    row: reached.row ? share(row) : Number.NaN,
    junction: Number.NaN,
    column: reached.column ? share(column) : Number.NaN,
  };
}

function isolatedInnerNodes(array: GatedArray): IsolatedInnerNode[] {
  const sides = array.transistors.map(({ side }) => side);
  return Array.from(array.junctionSiemens).flatMap((junction, cell) => {
    const reached = innerReached(
      transistorSiemens(array, 'row', cell),
      junction,
      transistorSiemens(array, 'column', cell),
    );
    return sides.filter((side) => !reached[side]).map((side) => ({ cell, side }));
  });
}

/** An inner node is reached through its transistor, or through the junction from the other side. */
function innerReached(row: number, junction: number, column: number): { row: boolean; column: boolean } {
  return { row: row > 0 || (junction > 0 && column > 0), column: column > 0 || (junction > 0 && row > 0) };
}

/** Infinity on a side without a transistor. */
function transistorSiemens({ columns, transistors }: GatedArray, side: 'row' | 'column', cell: number): number {
  const transistor = transistors.find((each) => each.side === side);
  if (transistor === undefined) return Number.POSITIVE_INFINITY;
  const { gateLines, on, onOhms, offSiemens } = transistor;
  const gate = gateLines === 'row' ? Math.floor(cell / columns) : cell % columns;
  return on[gate] ? 1 / onOhms : offSiemens;
}

function inSeries(...siemens: readonly number[]): number {
  return 1 / siemens.reduce((ohms, each) => ohms + 1 / each, 0);
}

function checkTransistors({ rows, columns, transistors }: GatedArray): void {
  const sides = new Set(transistors.map(({ side }) => side));
  if (transistors.length < 1 || sides.size !== transistors.length) {
    invalid('the transistors of a cell', `${transistors.length}`, 'one, or two on different sides');
  }
  for (const { gateLines, on, onOhms, offSiemens } of transistors) {
    const lines = gateLines === 'row' ? rows : columns;
    if (on.length !== lines) invalid('the number of gate lines', `${on.length}`, `${lines}`);
    if (!(onOhms > 0 && Number.isFinite(onOhms))) invalid('an on-resistance', `${onOhms} Ω`, 'above 0 Ω');
    if (!(offSiemens >= 0 && Number.isFinite(offSiemens)))
      invalid('a leak', `${offSiemens} S`, 'a finite number from 0');
  }
}

function invalid(what: string, value: string, expected: string): never {
  throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
    thing: 'gated crossbar circuit',
    what: `${what} is not usable`,
    value,
    expected,
    remedy: 'Correct the description of the array.',
  });
}
