import { solveVoltages } from '../../physics/crossbar/crossbar-network.ts';
import { type GatedCrossbar, junctionVoltages, prepareGated } from '../../physics/crossbar/gated-array.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Junctions } from './junctions.ts';
import { lineTerminals, replicaSiemens } from './passive-lines.ts';

/**
 * Lines of an array with access transistors: each junction between two of them, both gated by one enable line per physical
 * column. All columns are on for reads, one for writes.
 */
export interface GatedLines {
  readonly pitchOhms: number;
  /** Source and contact together. */
  readonly contactOhms: number;
  /** Of one transistor. */
  readonly onOhms: number;
  readonly offSiemens: number;
}

/** The circuit of one replica with `on` columns enabled: terminals 0 … rows − 1 are rows, then the physical columns. */
export function gatedCircuit(
  rows: number,
  physicalColumns: number,
  junctionSiemens: Float64Array,
  { pitchOhms, contactOhms, onOhms, offSiemens }: GatedLines,
  on: (column: number) => boolean,
): GatedCrossbar {
  const enabled = Array.from({ length: physicalColumns }, (_, column) => on(column));
  const transistor = { gateLines: 'column', on: enabled, onOhms, offSiemens } as const;
  const circuit = prepareGated(
    {
      rows,
      columns: physicalColumns,
      junctionSiemens,
      rowPitchOhms: pitchOhms,
      columnPitchOhms: pitchOhms,
      transistors: [
        { side: 'row', ...transistor },
        { side: 'column', ...transistor },
      ],
    },
    lineTerminals(rows, physicalColumns, contactOhms),
  );
  if (circuit.kind === 'gated') return circuit;
  throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
    thing: 'gated array',
    what: 'lines are not reached by any terminal',
    value: `rows ${circuit.rows.join(', ')}; columns ${circuit.columns.join(', ')}`,
    remedy: 'Give every line a terminal.',
  });
}

/**
 * Share of the voltage between a column and all rows that reaches each junction while its column alone is enabled, solved in the state
 * at the start. Rows that shall not be pulsed stand at the column's voltage, so that nothing is half-selected.
 */
export function writeShares(
  junctions: Junctions,
  rows: number,
  physicalColumns: number,
  lines: GatedLines,
): Float32Array {
  const siemens = replicaSiemens(junctions, 0, rows * physicalColumns);
  const shares = new Float32Array(rows * physicalColumns);
  for (let column = 0; column < physicalColumns; column++) {
    const circuit = gatedCircuit(rows, physicalColumns, siemens, lines, (each) => each === column);
    const volts = new Float64Array(circuit.crossbar.terminals.length);
    volts[rows + column] = 1;
    const across = junctionVoltages(circuit, solveVoltages(circuit.crossbar, volts));
    for (let row = 0; row < rows; row++) {
      const cell = row * physicalColumns + column;
      shares[cell] = across[cell];
    }
  }
  return shares;
}
