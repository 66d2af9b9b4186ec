import type { ArrayElements } from './array-elements.ts';
import { finishLine, LEAKAGE_SIEMENS, type LineDrive, newLineState, type PairDrive } from './drive.ts';
import { LimitedSource, walkToCorner } from './limited-source.ts';
import { padAmps, padSiemens } from './pad-diode.ts';

/**
 * Floating rows are summed as zero-bias conductances while what that neglects, their current times the relative change
 * of resistance under the whole difference of the columns, stays below this part of the cells' currents.
 */
const LINEAR_ERROR = 1e-10;
/** Newton converges quadratically: after a step of 1 nV what is left is 40/V · (1 nV)², far below rounding. */
const STEP_TOLERANCE_VOLTS = 1e-9;
const MAX_ITERATIONS = 200;

/**
 * The exact circuit of one enabled pair of columns with one row selected: the two columns and the row are nodes, every
 * other row floats and joins its two cells in series between the columns. Newton's method on the three nodes; the
 * floating rows are eliminated one by one, or summed once while the columns are at one potential.
 *
 * Left out, here and in `NodalCircuit`: line resistance shared between cells, leakage of cells whose enable line is
 * low, diodes of pads that no channel is connected to, capacitance (every solution is the settled one).
 *
 * The sparse solver of crossbar/ does not take its place, because something would be lost: its terminals are linear, without current
 * limits (LimitedSource) and pad diodes, and eliminating the floating rows in closed form is some five times faster on 100 rows, hundreds
 * of times while the columns are at one potential, which is most of a sweep. `NodalCircuit` stays for the same limits and diodes on
 * any connection of channels to a few lines. Where no limit is reached and lines have no resistance, test/physics holds all three to
 * the same currents.
 */
export class PairCircuit {
  readonly #elements: ArrayElements;
  /** Zero-bias conductance of each row's series pair, and their sum. */
  readonly #rowSiemens: Float64Array;
  #sumSiemens = 0;
  /** Voltages of the floating rows; valid after a solution with the columns apart. */
  readonly #rowVolts: Float64Array;
  readonly #rowChange: Float64Array;
  readonly #rowShareA: Float64Array;
  readonly #rowShareB: Float64Array;
  #junctionVoltsRow = -1;

  readonly columnA = newLineState();
  readonly columnB = newLineState();
  readonly row = newLineState();
  /** Voltage across each junction (access path excluded) after `solve`; zero for floating rows in the linear case. */
  readonly junctionVolts: Float64Array;
  /** Whether the floating rows were summed as linear conductances in the last solution. */
  linear = true;
  /** Number of Newton steps of the last solution. */
  iterations = 0;

  readonly #sources = [new LimitedSource(), new LimitedSource(), new LimitedSource()] as const;
  /** Voltages of column A, column B and the row, and the step being taken. */
  readonly #v = new Float64Array(3);
  readonly #step = new Float64Array(3);
  readonly #voltsAt = (i: number) => this.#v[i];
  readonly #stepAt = (i: number) => this.#step[i];
  /** Larger of the selected cells' currents. */
  #cellAmps = 0;
  #sneakAmpsA = 0;
  #sneakAmpsB = 0;
  #sneakSiemens = 0;

  /** Takes elements of two columns; call `refresh` after any of them changed. */
  constructor(elements: ArrayElements) {
    this.#elements = elements;
    this.#rowSiemens = new Float64Array(elements.rows);
    this.#rowVolts = new Float64Array(elements.rows);
    this.#rowChange = new Float64Array(elements.rows);
    this.#rowShareA = new Float64Array(elements.rows);
    this.#rowShareB = new Float64Array(elements.rows);
    this.junctionVolts = new Float64Array(elements.rows * 2);
    this.refreshAll();
  }

  /** Recomputes the sum of the floating rows from scratch. */
  refreshAll(): void {
    this.#sumSiemens = 0;
    for (let row = 0; row < this.#elements.rows; row++) {
      this.#rowSiemens[row] = this.#seriesSiemens(row);
      this.#sumSiemens += this.#rowSiemens[row];
    }
  }

  /** Brings the sum up to date after a cell of this row changed. */
  refresh(row: number): void {
    const siemens = this.#seriesSiemens(row);
    this.#sumSiemens += siemens - this.#rowSiemens[row];
    this.#rowSiemens[row] = siemens;
  }

  #seriesSiemens(row: number): number {
    const a = this.#elements.zeroBiasSiemens(2 * row);
    const b = this.#elements.zeroBiasSiemens(2 * row + 1);
    return a + b === 0 ? 0 : (a * b) / (a + b);
  }

  /** Solves for the three lines; results in `columnA`, `columnB`, `row`, `junctionVolts`. */
  solve(drive: PairDrive): void {
    const { columnA, columnB, row, selectedRow } = drive;
    const v = this.#v;
    setSource(this.#sources[0], columnA);
    setSource(this.#sources[1], columnB);
    setSource(this.#sources[2], row);
    v[0] = startVolts(columnA, columnB);
    v[1] = startVolts(columnB, columnA);
    v[2] = row.contactSiemens > 0 ? row.volts : 0;
    let exact = false;
    for (this.iterations = 1; this.iterations <= MAX_ITERATIONS; this.iterations++) {
      if (exact) this.#eliminate(selectedRow, v[0], v[1]);
      else this.#sum(selectedRow, v[0], v[1]);
      this.#newtonStep(drive);
      if (!exact && this.#sneaksTooMuch()) {
        exact = true;
        this.#placeFloatingRows(selectedRow, v[0], v[1]);
        continue;
      }
      const step = this.#step;
      const largest = Math.max(Math.abs(step[0]), Math.abs(step[1]), Math.abs(step[2]));
      const fraction = walkToCorner(this.#sources, this.#voltsAt, this.#stepAt, largest);
      for (let i = 0; i < 3; i++) v[i] += fraction * step[i];
      if (exact) this.#moveFloatingRows(selectedRow, fraction);
      if (fraction === 1 && largest < STEP_TOLERANCE_VOLTS) break;
    }
    this.linear = !exact;
    this.#finish(drive);
  }

  #sneaksTooMuch(): boolean {
    const apart = this.#v[0] - this.#v[1];
    const neglected = Math.abs(this.#sneakAmpsA) * this.#elements.curvature * apart * apart;
    return neglected > LINEAR_ERROR * this.#cellAmps;
  }

  /** Newton's step of the three nodes (a, b, r): currents out of each node against the symmetric slope matrix. */
  #newtonStep(drive: PairDrive): void {
    const a = this.#v[0];
    const b = this.#v[1];
    const r = this.#v[2];
    const sourceA = this.#sources[0];
    const sourceB = this.#sources[1];
    const sourceR = this.#sources[2];
    const elements = this.#elements;
    elements.evaluate(2 * drive.selectedRow, a - r);
    const ampsA = elements.amps;
    const slopeA = elements.slope;
    elements.evaluate(2 * drive.selectedRow + 1, b - r);
    const ampsB = elements.amps;
    const slopeB = elements.slope;
    this.#cellAmps = Math.max(Math.abs(ampsA), Math.abs(ampsB));
    const g = this.#sneakSiemens;
    const outA = ampsA + this.#sneakAmpsA + padAmps(a, drive) + LEAKAGE_SIEMENS * a - sourceA.amps(a);
    const outB = ampsB - this.#sneakAmpsB + padAmps(b, drive) + LEAKAGE_SIEMENS * b - sourceB.amps(b);
    const outR = -ampsA - ampsB + padAmps(r, drive) + LEAKAGE_SIEMENS * r - sourceR.amps(r);
    const gA = slopeA + g + padSiemens(a, drive) + LEAKAGE_SIEMENS + sourceA.slope;
    const gB = slopeB + g + padSiemens(b, drive) + LEAKAGE_SIEMENS + sourceB.slope;
    const gR = slopeA + slopeB + padSiemens(r, drive) + LEAKAGE_SIEMENS + sourceR.slope;
    // Elimination of a, then b, from (gA, −g, −slopeA), (−g, gB, −slopeB), (−slopeA, −slopeB, gR).
    const p = g / gA;
    const q = slopeA / gA;
    const bb = gB - p * g;
    const br = slopeB + q * g;
    const s = br / bb;
    const rightB = -outB - p * outA;
    const dr = (-outR - q * outA + s * rightB) / (gR - q * slopeA - s * br);
    const db = (rightB + br * dr) / bb;
    this.#step[0] = (-outA + g * db + slopeA * dr) / gA;
    this.#step[1] = db;
    this.#step[2] = dr;
  }

  /** Final currents from the elements, which keep their precision where contact drops are lost in the voltages. */
  #finish(drive: PairDrive): void {
    const { selectedRow } = drive;
    const a = this.#v[0];
    const b = this.#v[1];
    const r = this.#v[2];
    const elements = this.#elements;
    if (this.linear) {
      this.#sum(selectedRow, a, b);
      this.#restFloatingRows(selectedRow);
    } else {
      this.#eliminate(selectedRow, a, b);
      this.#junctionVoltsRow = -1;
    }
    elements.evaluate(2 * selectedRow, a - r);
    const ampsA = elements.amps;
    this.junctionVolts[2 * selectedRow] = elements.junctionVolts;
    elements.evaluate(2 * selectedRow + 1, b - r);
    const ampsB = elements.amps;
    this.junctionVolts[2 * selectedRow + 1] = elements.junctionVolts;
    const sourceA = this.#sources[0];
    const sourceB = this.#sources[1];
    const sourceR = this.#sources[2];
    finishLine(this.columnA, sourceA, a, ampsA + this.#sneakAmpsA + padAmps(a, drive) + LEAKAGE_SIEMENS * a);
    finishLine(this.columnB, sourceB, b, ampsB - this.#sneakAmpsB + padAmps(b, drive) + LEAKAGE_SIEMENS * b);
    finishLine(this.row, sourceR, r, -ampsA - ampsB + padAmps(r, drive) + LEAKAGE_SIEMENS * r);
  }

  #sum(selectedRow: number, a: number, b: number): void {
    this.#sneakSiemens = Math.max(0, this.#sumSiemens - this.#rowSiemens[selectedRow]);
    this.#sneakAmpsA = this.#sneakSiemens * (a - b);
    this.#sneakAmpsB = this.#sneakAmpsA;
  }

  /** Starts each floating row at the divider of its zero-bias conductances. */
  #placeFloatingRows(selectedRow: number, a: number, b: number): void {
    for (let row = 0; row < this.#elements.rows; row++) {
      if (row === selectedRow) continue;
      const gA = this.#elements.zeroBiasSiemens(2 * row);
      const gB = this.#elements.zeroBiasSiemens(2 * row + 1);
      this.#rowVolts[row] = gA + gB === 0 ? 0 : (gA * a + gB * b) / (gA + gB);
    }
  }

  /** Schur complement of the floating rows on the two columns, residuals included: the full system's Newton step. */
  #eliminate(selectedRow: number, a: number, b: number): void {
    const elements = this.#elements;
    this.#sneakSiemens = 0;
    this.#sneakAmpsA = 0;
    this.#sneakAmpsB = 0;
    for (let row = 0; row < elements.rows; row++) {
      if (row === selectedRow) continue;
      const volts = this.#rowVolts[row];
      elements.evaluate(2 * row, a - volts);
      const ampsA = elements.amps;
      const gA = elements.slope;
      this.junctionVolts[2 * row] = elements.junctionVolts;
      elements.evaluate(2 * row + 1, b - volts);
      const ampsB = elements.amps;
      const gB = elements.slope;
      this.junctionVolts[2 * row + 1] = elements.junctionVolts;
      // Two open cells leave the row nowhere to go: any voltage solves it.
      const total = gA + gB || 1;
      const surplus = (ampsA + ampsB) / total;
      this.#rowChange[row] = surplus;
      this.#rowShareA[row] = gA / total;
      this.#rowShareB[row] = gB / total;
      this.#sneakSiemens += (gA * gB) / total;
      this.#sneakAmpsA += ampsA - gA * surplus;
      this.#sneakAmpsB -= ampsB - gB * surplus;
    }
  }

  /** Floating rows between columns at one potential see nothing; their entries are cleared when they were not. */
  #restFloatingRows(selectedRow: number): void {
    if (this.#junctionVoltsRow !== selectedRow) this.junctionVolts.fill(0);
    this.#junctionVoltsRow = selectedRow;
  }

  #moveFloatingRows(selectedRow: number, fraction: number): void {
    const da = this.#step[0];
    const db = this.#step[1];
    for (let row = 0; row < this.#elements.rows; row++) {
      if (row === selectedRow) continue;
      this.#rowVolts[row] += fraction * (this.#rowChange[row] + this.#rowShareA[row] * da + this.#rowShareB[row] * db);
    }
  }
}

function setSource(source: LimitedSource, { contactSiemens, volts, limitAmps }: LineDrive): void {
  source.set(contactSiemens, volts, limitAmps);
}

/** A driven line starts at its source, a floating one at its neighbour, to which many sneak paths tie it. */
function startVolts(line: LineDrive, neighbour: LineDrive): number {
  if (line.contactSiemens > 0) return line.volts;
  return neighbour.contactSiemens > 0 ? neighbour.volts : 0;
}
