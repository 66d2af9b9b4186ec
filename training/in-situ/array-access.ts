/**
 * What in-situ training needs of the junctions, wherever they are: it raises and lowers weights with a probability and
 * reads them. One ArrayAccess holds one weight layer; each weight is the mean of n junction pairs. Software and bench implement
 * it; the methods may be asynchronous.
 */
export interface ArrayAccess {
  /** Row lines and column pairs of one replica. */
  readonly rows: number;
  readonly columns: number;
  /** Junction pairs per weight, n; replicas sit on arrays of their own and are pulsed at the same time. */
  readonly pairsPerWeight: number;

  /**
   * One update, a column after another. `wanted[row × columns + column]` in [−1, 1]: the probability with which each junction of
   * the weight shall switch towards a higher (> 0) or lower (< 0) weight; 0 leaves it alone. Junctions switch on their own:
   * only those not yet in the wanted state can.
   */
  pulse(wanted: Float32Array): void | Promise<void>;

  /**
   * One update of all cells at once, in a number of steps that does not depend on the array's size: the wanted probability is
   * rows[i] · columns[j] with its sign. Voltages add on the cell and ln P rises with the voltage, so a product is what lines can set.
   */
  pulseOuter(rows: Float32Array, columns: Float32Array): void | Promise<void>;

  /** Weights as the read-out sees them, rows × columns: Σ (G₊ − G₋) / (n · (⟨G_P⟩ − ⟨G_AP⟩)). */
  read(weights: Float32Array): void | Promise<void>;

  /** What was done to the junctions so far. */
  readonly ledger: ArrayLedger;
}

/** Sums over the life of the array. */
export interface ArrayLedger {
  updates: number;
  /** Voltage settings applied one after another: columns of a pair × polarities, of every column that had work. */
  steps: number;
  /** Pulses that reached a junction, and the energy they took, joules. */
  pulses: number;
  joules: number;
  /** Junctions that switched as wanted. */
  flips: number;
  /** Junction exposures to a half-select voltage, and junctions that it switched. */
  halfSelects: number;
  disturbed: number;
  /** Pulses that the voltage ceiling cut short. */
  limited: number;
}

export function newLedger(): ArrayLedger {
  return { updates: 0, steps: 0, pulses: 0, joules: 0, flips: 0, halfSelects: 0, disturbed: 0, limited: 0 };
}
