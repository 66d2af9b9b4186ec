import { type CrossbarGeometry, cellAt, cellCount } from '../../../wafer/geometry.ts';

export const VIOLATION_KINDS = [
  'hotSwitch',
  'motionInContact',
  'contactUnderBias',
  'separationUnderBias',
  'supplyOrder',
  'junctionOverCeiling',
  'padOutOfRange',
] as const;
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

export type LedgerFacts = Readonly<Record<string, number | string | boolean>>;

/** Something the bench must never do. */
export interface Violation {
  /** Simulated time. */
  readonly seconds: number;
  readonly kind: ViolationKind;
  readonly what: string;
  readonly facts: LedgerFacts;
}

/** A junction that broke. Not necessarily anyone's fault: a real wafer has some that break below the ceiling. */
export interface Loss {
  readonly seconds: number;
  readonly dieOrdinal: number;
  readonly cell: number;
  readonly row: number;
  readonly column: number;
  /** Voltage across the junction when it broke. */
  readonly volts: number;
  /** Resistance left behind, as measured. */
  readonly ohms: number;
}

/** What the cells of a die have gone through, one element per cell. */
export interface CellStress {
  /** Times the cell was routed and then biased above 10 mV: an initialise–loop–read sequence on one route is one. */
  readonly sweeps: Uint32Array;
  readonly maxAbsVolts: Float32Array;
  /** Routes under which the cell was not selected and still saw more than 10 mV. */
  readonly halfSelectExposures: Uint32Array;
}

/** The two books of damage, with touchdowns and stress beside them. Only the simulated world writes it. */
export class DamageLedger {
  readonly violations: Violation[] = [];
  readonly losses: Loss[] = [];
  /** Touchdowns per die ordinal; −1 counts those beside the dies. */
  readonly touchdowns = new Map<number, number>();
  readonly #stress = new Map<number, CellStress>();
  readonly #geometry: CrossbarGeometry;

  constructor(geometry: CrossbarGeometry) {
    this.#geometry = geometry;
  }

  violate(seconds: number, kind: ViolationKind, what: string, facts: LedgerFacts): void {
    this.violations.push({ seconds, kind, what, facts });
  }

  lose(seconds: number, dieOrdinal: number, cell: number, volts: number, ohms: number): void {
    this.losses.push({ seconds, dieOrdinal, cell, ...cellAt(this.#geometry, cell), volts, ohms });
  }

  touchDown(dieOrdinal: number): void {
    this.touchdowns.set(dieOrdinal, (this.touchdowns.get(dieOrdinal) ?? 0) + 1);
  }

  stress(dieOrdinal: number): CellStress {
    let stress = this.#stress.get(dieOrdinal);
    if (stress === undefined) {
      const cells = cellCount(this.#geometry);
      stress = {
        sweeps: new Uint32Array(cells),
        maxAbsVolts: new Float32Array(cells),
        halfSelectExposures: new Uint32Array(cells),
      };
      this.#stress.set(dieOrdinal, stress);
    }
    return stress;
  }

  /** Plain data for a control port: both books, touchdowns, and the stress of each die in sums and extremes. */
  summary(): LedgerSummary {
    const dies = [...this.#stress].map(([dieOrdinal, { sweeps, maxAbsVolts, halfSelectExposures }]) => ({
      dieOrdinal,
      touchdowns: this.touchdowns.get(dieOrdinal) ?? 0,
      sweeps: sweeps.reduce((sum, count) => sum + count, 0),
      cellsSwept: sweeps.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
      maxAbsVolts: maxAbsVolts.reduce((most, volts) => Math.max(most, volts), 0),
      halfSelectExposures: halfSelectExposures.reduce((sum, count) => sum + count, 0),
    }));
    return { violations: [...this.violations], losses: [...this.losses], touchdowns: [...this.touchdowns], dies };
  }
}

export interface LedgerSummary {
  readonly violations: readonly Violation[];
  readonly losses: readonly Loss[];
  readonly touchdowns: readonly (readonly [dieOrdinal: number, count: number])[];
  readonly dies: readonly {
    readonly dieOrdinal: number;
    readonly touchdowns: number;
    readonly sweeps: number;
    readonly cellsSwept: number;
    readonly maxAbsVolts: number;
    readonly halfSelectExposures: number;
  }[];
}
