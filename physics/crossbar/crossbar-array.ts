import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** A crossbar of linear cells between resistive lines. */
export interface CrossbarArray {
  readonly rows: number;
  readonly columns: number;
  /** Cell conductances in siemens, index row × columns + column; 0 is an open cell. */
  readonly cellSiemens: Float64Array;
  /** Line resistance per cell pitch in ohms, > 0. */
  readonly rowPitchOhms: number;
  readonly columnPitchOhms: number;
}

/**
 * Where lines meet the outside. A line end that is not named floats; a line may be driven at both ends. Grounded is
 * driven at 0 V. The resistance is that of source and contact together, > 0.
 */
export interface Terminal {
  readonly line: 'row' | 'column';
  readonly index: number;
  readonly end: 'first' | 'last';
  readonly ohms: number;
}

/** Throws TB_GEOMETRY_INVALID on numbers that do not describe an array. */
export function checkArray(array: CrossbarArray, terminals: readonly Terminal[]): void {
  const { rows, columns, cellSiemens, rowPitchOhms, columnPitchOhms } = array;
  if (cellSiemens.length !== rows * columns) {
    invalid('the number of conductances', `${cellSiemens.length}`, `${rows} × ${columns} = ${rows * columns}`);
  }
  const bad = cellSiemens.findIndex((siemens) => !(siemens >= 0 && Number.isFinite(siemens)));
  if (bad >= 0) invalid(`the conductance of cell ${bad}`, `${cellSiemens[bad]} S`, 'a finite number from 0');
  for (const ohms of [rowPitchOhms, columnPitchOhms]) {
    if (!(ohms > 0 && Number.isFinite(ohms))) invalid('a line resistance per pitch', `${ohms} Ω`, 'above 0 Ω');
  }
  for (const { line, index, ohms } of terminals) {
    const lines = line === 'row' ? rows : columns;
    if (!(Number.isInteger(index) && index >= 0 && index < lines)) {
      invalid(`terminal on ${line}`, `${index}`, `0 to ${lines - 1}`);
    }
    if (!(ohms > 0 && Number.isFinite(ohms))) invalid(`terminal on ${line} ${index}`, `${ohms} Ω`, 'above 0 Ω');
  }
}

function invalid(what: string, value: string, expected: string): never {
  throw new TunnelbenchError('TB_GEOMETRY_INVALID', {
    thing: 'crossbar circuit',
    what: `${what} is not usable`,
    value,
    expected,
    remedy: 'Correct the description of the array.',
  });
}
