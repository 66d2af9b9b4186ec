import type { CrossbarArray, Terminal } from '../../physics/crossbar/crossbar-array.ts';
import { prepareCrossbar, type SolvableCrossbar } from '../../physics/crossbar/crossbar-network.ts';
import { transferMatrix } from '../../physics/crossbar/transfer-matrix.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Junctions } from './junctions.ts';

/** Lines of an array without access transistors. Rows are driven at their first end, columns held at their last. */
export interface PassiveLines {
  readonly pitchOhms: number;
  /** Source and contact together. */
  readonly contactOhms: number;
  /** Whether reads go through the solved circuit. False leaves line drops out of the reads alone; columns are virtual grounds either way. */
  readonly solvedReads: boolean;
}

/** Conductances of one replica as they are now: rows × 2·columns, the two sides of a pair next to each other. */
export function replicaSiemens(
  { siemensP, siemensAp, parallel }: Junctions,
  replica: number,
  cells: number,
): Float64Array {
  const first = replica * cells;
  return Float64Array.from({ length: cells }, (_, cell) => {
    const d = first + cell;
    return parallel[d] === 1 ? siemensP[d] : siemensAp[d];
  });
}

/** The circuit of one replica: terminals 0 … rows − 1 are rows, then the physical columns. */
export function passiveCircuit(
  rows: number,
  physicalColumns: number,
  cellSiemens: Float64Array,
  { pitchOhms, contactOhms }: PassiveLines,
): SolvableCrossbar {
  const array: CrossbarArray = {
    rows,
    columns: physicalColumns,
    cellSiemens,
    rowPitchOhms: pitchOhms,
    columnPitchOhms: pitchOhms,
  };
  const circuit = prepareCrossbar(array, lineTerminals(rows, physicalColumns, contactOhms));
  if (circuit.kind === 'solvable') return circuit;
  throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
    thing: 'passive array',
    what: 'lines are not reached by any terminal',
    value: `rows ${circuit.rows.join(', ')}; columns ${circuit.columns.join(', ')}`,
    remedy: 'Give every line a terminal.',
  });
}

/** Rows driven at their first end, columns held at their last. */
export function lineTerminals(rows: number, physicalColumns: number, ohms: number): Terminal[] {
  return [
    ...Array.from({ length: rows }, (_, index) => ({ line: 'row', index, end: 'first', ohms }) as const),
    ...Array.from({ length: physicalColumns }, (_, index) => ({ line: 'column', index, end: 'last', ohms }) as const),
  ];
}

/**
 * Weights of an array as its terminals show them, sneak paths and line drops included: the exact transfer from row
 * voltages to column currents, all columns at virtual ground, one side of a pair less the other. `circuitOf` builds the circuit of
 * a replica from its conductances, terminals as in `lineTerminals`.
 */
export function readThroughLines(
  { rows, columns, pairsPerWeight }: { rows: number; columns: number; pairsPerWeight: number },
  junctions: Junctions,
  circuitOf: (siemens: Float64Array) => SolvableCrossbar,
  unitSiemens: number,
  weights: Float32Array,
): void {
  const physical = 2 * columns;
  const rowTerminals = Array.from({ length: rows }, (_, i) => i);
  const columnTerminals = Array.from({ length: physical }, (_, j) => rows + j);
  weights.fill(0);
  for (let replica = 0; replica < pairsPerWeight; replica++) {
    const siemens = replicaSiemens(junctions, replica, rows * physical);
    const transfer = transferMatrix(circuitOf(siemens), rowTerminals, columnTerminals);
    // Currents out of a grounded terminal are negative: minus the transfer is the conductance seen.
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const plus = -transfer[2 * j * rows + i];
        const minus = -transfer[(2 * j + 1) * rows + i];
        weights[i * columns + j] += (plus - minus) / (unitSiemens * pairsPerWeight);
      }
    }
  }
}
