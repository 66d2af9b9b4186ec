import type { SolvableCrossbar } from '../../physics/crossbar/crossbar-network.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type SeededStream, seededStream } from '../seeded-stream.ts';
import { amplitudeScales, junctionProbability, NominalAmplitude, type PulseSettings } from './amplitude.ts';
import { type ArrayAccess, type ArrayLedger, newLedger } from './array-access.ts';
import { type GatedLines, gatedCircuit, writeShares } from './gated-lines.ts';
import { HalfSelect } from './half-select.ts';
import { drawJunctions, type JunctionPopulation, type Junctions, STUCK_VOLTS } from './junctions.ts';
import { type PassiveLines, passiveCircuit, readThroughLines } from './passive-lines.ts';

export interface SoftwareArrayOptions {
  readonly rows: number;
  readonly columns: number;
  readonly pairsPerWeight: number;
  readonly junctions: JunctionPopulation;
  readonly pulses: PulseSettings;
  /** Lines without access transistors: half-select voltages when pulsed, sneak paths when read. Null with transistors. */
  readonly passive: PassiveLines | null;
  /** Lines and transistors solved as a circuit, not with `passive`. Ideal ones where neither is given. */
  readonly gated?: GatedLines;
  /** Key of the array's random streams: devices, and what happens to them. */
  readonly key: readonly number[];
}

/** Simulated junctions behind the port. Junction index: ((replica · rows + row) · columns + column) · 2 + side, side 0 is G₊. */
export class SoftwareArray implements ArrayAccess {
  readonly rows: number;
  readonly columns: number;
  readonly pairsPerWeight: number;
  readonly ledger: ArrayLedger = newLedger();
  readonly junctions: Junctions;
  readonly #pulses: PulseSettings;
  readonly #passive: PassiveLines | null;
  readonly #halfSelect: HalfSelect | null;
  readonly #gated: GatedLines | null;
  /** Share of a write's voltage that reaches each junction of a replica; null where all of it does. */
  readonly #writeShares: Float32Array | null;
  readonly #scales: Float32Array;
  readonly #nominal: NominalAmplitude;
  readonly #stream: SeededStream;
  readonly #unitSiemens: number;

  constructor({ rows, columns, pairsPerWeight, junctions, pulses, passive, gated, key }: SoftwareArrayOptions) {
    this.rows = rows;
    this.columns = columns;
    this.pairsPerWeight = pairsPerWeight;
    const devices = seededStream(...key, 1);
    this.junctions = drawJunctions(2 * pairsPerWeight * rows * columns, junctions, devices);
    this.#scales = amplitudeScales(this.junctions, pulses, devices);
    this.#pulses = pulses;
    this.#passive = passive;
    this.#halfSelect =
      passive === null ? null : new HalfSelect(this.junctions, rows, columns, pairsPerWeight, pulses.seconds, passive);
    this.#gated = gated ?? null;
    this.#writeShares = gated === undefined ? null : writeShares(this.junctions, rows, 2 * columns, gated);
    if (pulses.policy === 'calibrated') this.#calibrateInPlace();
    this.#nominal = new NominalAmplitude(this.junctions, pulses.seconds);
    this.#stream = seededStream(...key, 2);
    this.#unitSiemens = meanContrast(this.junctions);
  }

  pulse(wanted: Float32Array): void {
    this.ledger.updates += 1;
    this.ledger.steps += this.#columnSteps(wanted);
    const { columns } = this;
    let strongest = 0;
    for (let weight = 0; weight < wanted.length; weight++) {
      if (wanted[weight] !== 0) strongest = Math.max(strongest, this.#pulseWeight(weight, wanted[weight]));
    }
    this.#halfSelect?.disturb(wanted, columns, strongest, this.#stream, this.ledger);
  }

  /** Brings every pair of a weight to its sign, as pulses with verification would: junctions that never switch stay. */
  write(signs: Float32Array): void {
    const { parallel, vC0 } = this.junctions;
    for (let d = 0; d < parallel.length; d++) {
      if (vC0[d] === STUCK_VOLTS) continue;
      const positive = signs[(d >> 1) % signs.length] > 0;
      parallel[d] = positive === (d % 2 === 0) ? 1 : 0;
    }
  }

  pulseOuter(rowFactors: Float32Array, columnFactors: Float32Array): void {
    if (this.#pulses.policy !== 'shared' || this.#passive !== null || this.#gated !== null) {
      throw new TunnelbenchError('TB_TRAINING_PARAMETER', {
        thing: 'in-situ update of all cells at once',
        what: 'voltages that add on the lines cannot be set cell by cell',
        value: `policy ${this.#pulses.policy}${this.#passive === null && this.#gated === null ? '' : ', lines with resistance'}`,
        expected: 'policy shared, with access transistors and ideal lines',
        remedy: 'Choose the shared amplitude or the update column by column.',
      });
    }
    this.ledger.updates += 1;
    // Two signs of the rows, two of the columns, the two sides of a pair: whatever the size.
    this.ledger.steps += 8;
    for (let i = 0; i < this.rows; i++) {
      if (rowFactors[i] === 0) continue;
      for (let j = 0; j < this.columns; j++) {
        const wanted = rowFactors[i] * columnFactors[j];
        if (Math.abs(wanted) > NEGLIGIBLE) this.#pulseWeight(i * this.columns + j, Math.max(-1, Math.min(1, wanted)));
      }
    }
  }

  read(weights: Float32Array): void {
    const circuitOf = this.#circuitOf();
    if (circuitOf !== null) {
      readThroughLines(this, this.junctions, circuitOf, this.#unitSiemens, weights);
      return;
    }
    const { siemensP, siemensAp, parallel } = this.junctions;
    const count = this.rows * this.columns;
    const unit = 1 / (this.#unitSiemens * this.pairsPerWeight);
    for (let weight = 0; weight < count; weight++) {
      let siemens = 0;
      for (let k = 0; k < this.pairsPerWeight; k++) {
        const d = 2 * (k * count + weight);
        siemens += parallel[d] === 1 ? siemensP[d] : siemensAp[d];
        siemens -= parallel[d + 1] === 1 ? siemensP[d + 1] : siemensAp[d + 1];
      }
      weights[weight] = siemens * unit;
    }
  }

  /** Both junctions of every pair of a weight; returns the highest voltage used. */
  #pulseWeight(weight: number, wanted: number): number {
    const probability = Math.abs(wanted);
    const volts = this.#nominal.volts(probability);
    const raises = wanted > 0 ? 1 : 0;
    const count = this.rows * this.columns;
    let strongest = 0;
    for (let k = 0; k < this.pairsPerWeight; k++) {
      const d = 2 * (k * count + weight);
      strongest = Math.max(
        strongest,
        this.#pulseJunction(d, raises, probability, volts),
        this.#pulseJunction(d + 1, 1 - raises, probability, volts),
      );
    }
    return strongest;
  }

  /** Towards parallel (`target` 1) or antiparallel; a junction already there gets the pulse and stays. */
  #pulseJunction(d: number, target: number, probability: number, nominalVolts: number): number {
    const { policy, ceilingVolts, seconds } = this.#pulses;
    if (policy === 'gated' && this.#stream.uniform() >= probability) return 0;
    const asked = policy === 'gated' ? ceilingVolts : nominalVolts * this.#scales[d];
    const volts = Math.min(asked, ceilingVolts);
    const { junctions, ledger } = this;
    const { parallel } = junctions;
    ledger.pulses += 1;
    junctions.pulses[d] += 1;
    if (asked > ceilingVolts) ledger.limited += 1;
    ledger.joules += volts * volts * seconds * (parallel[d] === 1 ? junctions.siemensP[d] : junctions.siemensAp[d]);
    const onCell = volts * this.#selectedShare(d);
    if (parallel[d] !== target && this.#stream.uniform() < junctionProbability(junctions, d, onCell, seconds)) {
      parallel[d] = target;
      ledger.flips += 1;
    }
    return volts;
  }

  #selectedShare(d: number): number {
    if (this.#halfSelect !== null) return this.#halfSelect.selectedShare(d);
    return this.#writeShares === null ? 1 : this.#writeShares[d % this.#writeShares.length];
  }

  /** Ramps through the lines find what a junction needs at the terminals, the lines' share included. */
  #calibrateInPlace(): void {
    for (let d = 0; d < this.#scales.length; d++) this.#scales[d] /= this.#selectedShare(d);
  }

  /** Null where reads need no circuit. */
  #circuitOf(): ((siemens: Float64Array) => SolvableCrossbar) | null {
    const physical = 2 * this.columns;
    const gated = this.#gated;
    if (gated !== null) return (siemens) => gatedCircuit(this.rows, physical, siemens, gated, () => true).crossbar;
    const passive = this.#passive;
    return passive?.solvedReads ? (siemens) => passiveCircuit(this.rows, physical, siemens, passive) : null;
  }

  /** Columns of a pair × polarities, of the column pairs with work in that polarity; replicas are pulsed at the same time. */
  #columnSteps(wanted: Float32Array): number {
    let steps = 0;
    for (let j = 0; j < this.columns; j++) {
      let up = 0;
      let down = 0;
      for (let weight = j; weight < wanted.length; weight += this.columns) {
        if (wanted[weight] > 0) up = 2;
        else if (wanted[weight] < 0) down = 2;
      }
      steps += up + down;
    }
    return steps;
  }
}

/** Below this a cell's share of an outer update is not worth drawing: less than one flip in a million exposures. */
const NEGLIGIBLE = 1e-6;

/** ⟨G_P⟩ − ⟨G_AP⟩ of the junctions that have two states. */
function meanContrast({ count, siemensP, siemensAp }: Junctions): number {
  let parallel = 0;
  let antiparallel = 0;
  let counted = 0;
  for (let d = 0; d < count; d++) {
    if (siemensP[d] === siemensAp[d]) continue;
    parallel += siemensP[d];
    antiparallel += siemensAp[d];
    counted += 1;
  }
  return parallel / counted - antiparallel / counted;
}
