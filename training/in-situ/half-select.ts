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
      const byRow = exposure.rowPulses[2 * i] + exposure.rowPulses[2 * i + 1] - ownPulse;
      const byColumn = (raises ? exposure.columnUp[j] : exposure.columnDown[j]) - ownPulse;
      ledger.halfSelects += byRow + byColumn;
      if (byRow + byColumn === 0) continue;
      const rowVolts = volts * this.#rowShare[cell];
      const columnVolts = volts * this.#columnShare[cell];
      const hazard =
        byRow * this.#hazard(rowVolts, delta[d], vC0[d], population.exponent) +
        Math.max(0, byColumn) * this.#hazard(columnVolts, delta[d], vC0[d], population.exponent);
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
