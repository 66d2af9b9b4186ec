import type { CrossbarGeometry } from '../wafer/geometry.ts';
import type { CrossbarArray, Terminal } from './crossbar/crossbar-array.ts';
import { prepareCrossbar, solveVoltages, terminalCurrents } from './crossbar/crossbar-network.ts';

/** What lies between source channels and junctions, ohms. */
export interface CardWiring {
  /** Needle to pad with the lead to it, each line; what remains of it where the channel senses at the pad. */
  readonly contactOhms: number;
  /** Both access transistors of a cell. */
  readonly transistorOhms: number;
  /** Line per cell pitch. */
  readonly ohmsPerPitch: number;
}

/**
 * How several cells of the two open columns are measured at once. `pair`: one row, both columns at one potential, current
 * sensed at each column. `rowsOfColumn`: one column driven, the other held at the rows' potential, current sensed at each
 * row. (Both columns driven and several rows at once is no way: k rows and 2 columns give k + 1 independent currents for 2k
 * cells.)
 */
export type ParallelScheme = 'pair' | 'rowsOfColumn';

/** What the other cells measured at the same time are like. */
export const PARTNERS = ['healthy', 'open', 'shorted'] as const;
export type Partner = (typeof PARTNERS)[number];

export interface CrossTalk {
  readonly scheme: ParallelScheme;
  readonly rows: number;
  /** Source channels it takes: two columns and each row. */
  readonly channels: number;
  readonly cellsAtOnce: number;
  /** |R read with these partners ÷ R read with all other cells open − 1|, at the worst place of the die. */
  readonly deviation: Readonly<Record<Partner, number>>;
}

/** Measured resistances: a healthy cell in P, an open one far above any threshold, and the lowest short met. */
const CELL_OHMS: Readonly<Record<Partner, number>> = { healthy: 18e3, open: 1e9, shorted: 100 };
const READ_VOLTS = 0.05;

/**
 * Cross-talk of reading so many rows at once, from Kirchhoff's laws of the two open columns with all rows (the exact
 * solver of physics/crossbar), cells linear as they are at the read voltage. The place is the far corner of the die, where
 * the most line resistance is shared; the cells that are not measured are healthy and in P, and their rows float.
 */
export function crossTalkOf(
  scheme: ParallelScheme,
  rowsAtOnce: number,
  geometry: CrossbarGeometry,
  wiring: CardWiring,
): CrossTalk {
  const alone = readVictim(scheme, rowsAtOnce, geometry, wiring, 'open', CELL_OHMS.open);
  const deviation = Object.fromEntries(
    PARTNERS.map((partner) => {
      const ohms = readVictim(scheme, rowsAtOnce, geometry, wiring, partner, CELL_OHMS.healthy);
      return [partner, Math.abs(ohms / alone - 1)];
    }),
  ) as Record<Partner, number>;
  return {
    scheme,
    rows: rowsAtOnce,
    channels: 2 + rowsAtOnce,
    cellsAtOnce: scheme === 'pair' ? 2 * rowsAtOnce : rowsAtOnce,
    deviation,
  };
}

/** Resistance read on the last selected row in column A; its partners as named, the cells not measured of `otherOhms`. */
function readVictim(
  scheme: ParallelScheme,
  rowsAtOnce: number,
  { rows, columns }: CrossbarGeometry,
  { contactOhms, transistorOhms, ohmsPerPitch }: CardWiring,
  partner: Partner,
  otherOhms: number,
): number {
  const firstRow = rows - rowsAtOnce;
  const victim = rows - 1;
  const cellSiemens = new Float64Array(rows * 2).fill(1 / otherOhms);
  const set = (row: number, column: number, ohms: number) => {
    cellSiemens[row * 2 + column] = 1 / (ohms + transistorOhms);
  };
  set(victim, 0, CELL_OHMS.healthy);
  if (scheme === 'pair') set(victim, 1, CELL_OHMS[partner]);
  else for (let row = firstRow; row < victim; row++) set(row, 0, CELL_OHMS[partner]);

  const array: CrossbarArray = {
    rows,
    columns: 2,
    cellSiemens,
    rowPitchOhms: ohmsPerPitch,
    columnPitchOhms: ohmsPerPitch,
  };
  // The rows' pads lie at column 0: the line to the last enable line's columns belongs to both of their cells.
  const rowOhms = contactOhms + ohmsPerPitch * (columns - 2);
  const terminals: Terminal[] = [
    { line: 'column', index: 0, end: 'first', ohms: contactOhms },
    { line: 'column', index: 1, end: 'first', ohms: contactOhms },
    ...Array.from(
      { length: rowsAtOnce },
      (_, i): Terminal => ({ line: 'row', index: firstRow + i, end: 'first', ohms: rowOhms }),
    ),
  ];
  const volts = new Float64Array(terminals.length);
  volts[0] = READ_VOLTS;
  if (scheme === 'pair') volts[1] = READ_VOLTS;
  const crossbar = prepareCrossbar(array, terminals);
  if (crossbar.kind === 'isolated') throw new RangeError('every cell conducts a little, so no line can be isolated');
  const amps = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts));
  return READ_VOLTS / Math.abs(scheme === 'pair' ? amps[0] : amps[terminals.length - 1]);
}
