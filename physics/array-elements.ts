import type { BiasLaw } from './junction-law.ts';

/**
 * The cells of the enabled columns as circuit elements: junction in parallel with an ohmic shunt, in series with the
 * access path. Element index = row × columns + place of the column among the enabled ones.
 *
 * I(v) = v · (gP · (1 + (v/V_p)²) / (1 + t / (1 + (v/V_h)²)) + gShunt), v the voltage across the junction, t the
 * zero-bias TMR in the antiparallel state and 0 in the parallel one. A short, a broken junction and an open cell are
 * a shunt alone (gP = 0).
 */
export class ArrayElements {
  readonly rows: number;
  readonly columns: number;
  /** Zero-bias parallel conductance of the junction, siemens. */
  readonly gP: Float64Array;
  /** Zero-bias TMR while antiparallel, else 0. */
  readonly tmr: Float64Array;
  readonly gShunt: Float64Array;
  /** Access path of the cell, ohms: transistors and lines, without the contacts. */
  readonly seriesOhms: Float64Array;
  readonly #inverseHalfSquared: number;
  readonly #inverseParabolaSquared: number;

  /** Bound of the relative change of a junction's resistance with the square of its voltage, 1/V². */
  readonly curvature: number;

  /** Results of the last `evaluate`: kept in fields because the solver calls it some hundred times a point. */
  amps = 0;
  /** dI/dV of the whole element, siemens. */
  slope = 0;
  /** Voltage across the junction, without the access path. */
  junctionVolts = 0;

  constructor(rows: number, columns: number, law: BiasLaw) {
    this.rows = rows;
    this.columns = columns;
    const count = rows * columns;
    this.gP = new Float64Array(count);
    this.tmr = new Float64Array(count);
    this.gShunt = new Float64Array(count);
    this.seriesOhms = new Float64Array(count);
    this.#inverseHalfSquared = 1 / law.tmrHalfVolts ** 2;
    this.#inverseParabolaSquared = 1 / law.parabolaVolts ** 2;
    this.curvature = this.#inverseHalfSquared + this.#inverseParabolaSquared;
  }

  /** Conductance of junction and shunt at zero bias, access path included, siemens. */
  zeroBiasSiemens(element: number): number {
    const junction = this.gP[element] / (1 + this.tmr[element]) + this.gShunt[element];
    return junction / (1 + junction * this.seriesOhms[element]);
  }

  /** Current and slope of the element under `volts` from column line to row line; Newton on the junction's share. */
  evaluate(element: number, volts: number): void {
    const gP = this.gP[element];
    const tmr = this.tmr[element];
    const gShunt = this.gShunt[element];
    const series = this.seriesOhms[element];
    let v = volts / (1 + series * (gP / (1 + tmr) + gShunt));
    let amps = 0;
    let slope = 0;
    for (let iteration = 0; iteration < 30; iteration++) {
      const square = v * v;
      const p = 1 + square * this.#inverseParabolaSquared;
      const h = 1 / (1 + square * this.#inverseHalfSquared);
      const d = 1 / (1 + tmr * h);
      const conductance = gP * p * d + gShunt;
      amps = v * conductance;
      // v · dG/dv, from dP/dv = 2v/V_p² and dD/dv = −t · 2v/V_h² · h².
      slope =
        conductance +
        2 * square * gP * d * (this.#inverseParabolaSquared + p * d * tmr * h * h * this.#inverseHalfSquared);
      const change = (volts - v - series * amps) / (1 + series * slope);
      v += change;
      amps += slope * change;
      if (Math.abs(change) <= 1e-12 * Math.abs(v)) break;
    }
    this.amps = amps;
    this.slope = slope / (1 + series * slope);
    this.junctionVolts = v;
  }
}
