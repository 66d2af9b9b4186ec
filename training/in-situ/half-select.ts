import { cellVoltages, type SolvableCrossbar, solveVoltages } from '../../physics/crossbar/crossbar-network.ts';
import { ATTEMPT_SECONDS, switchingExponent } from '../../physics/switching.ts';
import type { SeededStream } from '../seeded-stream.ts';
import type { ArrayLedger } from './array-access.ts';
import type { Junctions } from './junctions.ts';
import { type PassiveLines, passiveCircuit, replicaSiemens } from './passive-lines.ts';

/**
 * Writing without access transistors: the selected column stands at +V/2, the rows to be pulsed at −V/2, everything else at
 * 0 V. The other cells of those rows and of that column see about half the voltage, exactly the share that the solved circuit
 * leaves them. V is the highest amplitude of an update, an upper bound where rows are driven at less.
 */
export class HalfSelect {
  readonly #junctions: Junctions;
  readonly #rows: number;
  readonly #physical: number;
  readonly #replicas: number;
  readonly #lnAttempts: number;
  /** Cell voltage (towards its own column) per volt of V while its row, and while its column, is driven. */
  readonly #rowShare: Float32Array;
  readonly #columnShare: Float32Array;

  constructor(
    junctions: Junctions,
    rows: number,
    columns: number,
    replicas: number,
    seconds: number,
    lines: PassiveLines,
  ) {
    this.#junctions = junctions;
    this.#rows = rows;
    this.#physical = 2 * columns;
    this.#replicas = replicas;
    this.#lnAttempts = Math.log(seconds / ATTEMPT_SECONDS);
    const cells = rows * this.#physical;
    // Solved once, in the state at the start: half of the junctions parallel, as on average during training.
    const circuit = passiveCircuit(rows, this.#physical, replicaSiemens(junctions, 0, cells), lines);
    this.#rowShare = rowShares(circuit);
    this.#columnShare = columnShares(circuit);
  }

  /** Share of V that arrives at the selected cell: drops along both lines taken off. */
  selectedShare(d: number): number {
    const cell = d % (this.#rows * this.#physical);
    return this.#rowShare[cell] + this.#columnShare[cell];
  }

  /** Draws what the half-selected junctions do during an update. `wanted` as in ArrayAccess.pulse. */
  disturb(wanted: Float32Array, columns: number, volts: number, stream: SeededStream, ledger: ArrayLedger): void {
    const exposure = countExposures(wanted, this.#rows, columns);
    const { delta, vC0, parallel, population } = this.#junctions;
    const cells = this.#rows * this.#physical;
    for (let d = 0; d < cells * this.#replicas; d++) {
      const cell = d % cells;
      const i = Math.floor(cell / this.#physical);
      const c = cell % this.#physical;
      const j = c >> 1;
      const side = c & 1;
      // Towards parallel: side 0 when a weight is raised, side 1 when it is lowered. A parallel junction fears the other.
      const towardsParallel = parallel[d] === 0;
      const raises = (side === 0) === towardsParallel;
      const direction = wanted[i * columns + j];
      const ownPulse = direction !== 0 && direction > 0 === raises ? 1 : 0;
      const byRow = exposure.rows[i] - ownPulse;
      const byColumn = (raises ? exposure.raised[j] : exposure.lowered[j]) - ownPulse;
      ledger.halfSelects += byRow + byColumn;
      if (byRow + byColumn === 0) continue;
      const rowVolts = volts * this.#rowShare[cell];
      const columnVolts = volts * this.#columnShare[cell];
      const hazard =
        byRow * this.#hazard(rowVolts, delta[d], vC0[d], population.exponent) +
        byColumn * this.#hazard(columnVolts, delta[d], vC0[d], population.exponent);
      if (stream.uniform() < -Math.expm1(-hazard)) {
        parallel[d] = towardsParallel ? 1 : 0;
        ledger.disturbed += 1;
      }
    }
  }

  #hazard(volts: number, delta: number, vC0: number, exponent: 1 | 2): number {
    return Math.exp(this.#lnAttempts + switchingExponent(volts, delta, vC0, exponent));
  }
}

interface Exposures {
  /** Pulses per row in either polarity: every weight that is moved has one towards parallel, one towards antiparallel. */
  readonly rows: Uint32Array;
  /** 1 where a column has a weight to raise, and where it has one to lower: its line is driven for those. */
  readonly raised: Uint8Array;
  readonly lowered: Uint8Array;
}

function countExposures(wanted: Float32Array, rows: number, columns: number): Exposures {
  const counts = { rows: new Uint32Array(rows), raised: new Uint8Array(columns), lowered: new Uint8Array(columns) };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = wanted[i * columns + j];
      if (value === 0) continue;
      counts.rows[i] += 1;
      if (value > 0) counts.raised[j] = 1;
      else counts.lowered[j] = 1;
    }
  }
  return counts;
}

/** All rows at −1/2, all columns at 0. */
function rowShares(circuit: SolvableCrossbar): Float32Array {
  const { rows } = circuit.array;
  const volts = Float64Array.from(circuit.terminals, (_, i) => (i < rows ? -0.5 : 0));
  return Float32Array.from(cellVoltages(circuit, solveVoltages(circuit, volts)));
}

/** Columns solved together: some megabytes of node voltages. */
const COLUMNS_AT_ONCE = 16;

/** One column after another at +1/2, everything else at 0; of each solution the cells of that column. */
function columnShares(circuit: SolvableCrossbar): Float32Array {
  const { rows, columns } = circuit.array;
  const shares = new Float32Array(rows * columns);
  for (let first = 0; first < columns; first += COLUMNS_AT_ONCE) {
    const count = Math.min(COLUMNS_AT_ONCE, columns - first);
    const volts = new Float64Array(circuit.terminals.length * count);
    for (let k = 0; k < count; k++) volts[(rows + first + k) * count + k] = 0.5;
    const solved = solveVoltages(circuit, volts, count);
    for (let k = 0; k < count; k++) {
      const across = cellVoltages(circuit, solved, k);
      for (let i = 0; i < rows; i++) shares[i * columns + first + k] = across[i * columns + first + k];
    }
  }
  return shares;
}
