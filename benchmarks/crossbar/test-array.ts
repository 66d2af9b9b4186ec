import type { CrossbarArray, Terminal } from '../../physics/crossbar/crossbar-array.ts';
import { prepareCrossbar, type SolvableCrossbar, solveVoltages } from '../../physics/crossbar/crossbar-network.ts';

export const ROWS = 100;
export const COLUMNS = 200;
const PITCH_OHMS = 0.2;
export const TERMINAL_OHMS = 2;

/** A pattern of P and AP without a period, and a few shorts. */
export function testArray(): CrossbarArray {
  const cellSiemens = Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    if (i % 1999 === 7) return 1 / 300;
    return 1 / ((i * 2_654_435_761) % 4_294_967_296 < 2_147_483_648 ? 18e3 : 40e3);
  });
  return { rows: ROWS, columns: COLUMNS, cellSiemens, rowPitchOhms: PITCH_OHMS, columnPitchOhms: PITCH_OHMS };
}

/** Rows driven at their first end, columns held at their last. */
export const terminals: readonly Terminal[] = [
  ...Array.from({ length: ROWS }, (_, index) => ({ line: 'row', index, end: 'first', ohms: TERMINAL_OHMS }) as const),
  ...Array.from(
    { length: COLUMNS },
    (_, index) => ({ line: 'column', index, end: 'last', ohms: TERMINAL_OHMS }) as const,
  ),
];

export interface OneVector {
  readonly crossbar: SolvableCrossbar;
  readonly seconds: number;
  /** Of all node voltages: by this two solvers show that they solved the same system. */
  readonly sum: number;
}

/** Assembly, factorisation and solve of one vector, all rows at 1 V. */
export function oneVector(array: CrossbarArray): OneVector {
  const volts = Float64Array.from(terminals, ({ line }) => (line === 'row' ? 1 : 0));
  const started = performance.now();
  const crossbar = prepareCrossbar(array, terminals) as SolvableCrossbar;
  const solution = solveVoltages(crossbar, volts).volts;
  const seconds = (performance.now() - started) / 1000;
  return { crossbar, seconds, sum: solution.reduce((sum, value) => sum + value, 0) };
}
