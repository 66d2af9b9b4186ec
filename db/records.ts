/** The rows of a wafer file as TypeScript sees them. SQL stays in db/; other rooms know these types only. */
import type { CellCause, CellClass, CellState, ClassThresholds } from '../wafer/cell-class.ts';
import type { DieSite } from '../wafer/die.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import type { Access, PairSide, Readings, SweepKind } from '../wafer/sweep.ts';

/** Who, what, where: asked for, never silent; the text "unknown" is allowed. */
export interface SessionFields {
  readonly lot: string;
  readonly wafer: string;
  readonly notch: string;
  readonly operator: string;
  readonly station: string;
  readonly probeCard: string;
  readonly purpose: string;
}

/** Identity of the wafer file; written once when the file is made. */
export interface WaferRecord {
  readonly id: string;
  readonly lot: string;
  readonly wafer: string;
  readonly geometry: CrossbarGeometry;
  readonly dies: readonly DieSite[];
  readonly createdAt: string;
}

/** A frozen plan: canonical JSON and its SHA-256 (hex). */
export interface PlanRecord {
  readonly id: string;
  readonly sha256: string;
  readonly json: string;
}

export type SessionEnd = 'finished' | 'stopped' | 'aborted' | 'failed';

export interface SessionRecord {
  readonly id: string;
  readonly planId: string;
  readonly fields: SessionFields;
  readonly softwareVersion: string;
  /** Bench file text, instrument identities and settings read back, as JSON. */
  readonly benchJson: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly end: SessionEnd | null;
  /** State of the bench at the end as read back ("safe"), or "assumed", or "unknown". JSON with the time. */
  readonly safeStateJson: string | null;
}

/** A window of plan positions committed before the first of them is armed. */
export interface AttemptRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly dieOrdinal: number;
  /** First and last (inclusive) position in the die's pair order. */
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly reason: 'first' | 'resume' | 'retest' | 'repeatSample' | 'reference';
  readonly startedAt: string;
}

/** One cell's sweep with its bytes. `id` is assigned by the writer, ascending. */
export interface SweepRecord {
  readonly attemptId: string;
  readonly dieOrdinal: number;
  readonly cell: number;
  readonly kind: SweepKind;
  readonly access: Access;
  readonly side: PairSide;
  /** Index into the plan's branches. */
  readonly branch: number;
  /** Range and limit the loop ran under. */
  readonly rangeAmps: number;
  readonly limitAmps: number;
  /** 0 for the cell's sweep of record, 1… for the loops of the repeat sample or repeats. */
  readonly repeat: number;
  /** Unix time in milliseconds at which the trigger was sent. */
  readonly startedAtMs: number;
  readonly instrumentSeconds: number;
  readonly rawStatus: number;
  readonly residualAmps: number;
  readonly readings: Readings;
}

/** What analysis says of a cell; ordinary columns, so that everyday questions are plain SQL. */
export interface CellRecord {
  readonly dieOrdinal: number;
  readonly cell: number;
  readonly class: CellClass;
  /** Class on the other side of the boundary the cell lies near, or null. */
  readonly neighbourClass: CellClass | null;
  readonly cause: CellCause;
  readonly stuckState: CellState;
  readonly stateFound: CellState;
  readonly stateLeft: CellState;
  readonly rP: number | null;
  readonly rPUncertainty: number | null;
  readonly rAp: number | null;
  readonly rApUncertainty: number | null;
  /** Resistance of a cell that does not switch. */
  readonly rStuck: number | null;
  readonly rStuckUncertainty: number | null;
  readonly tmr: number | null;
  /** AP→P and P→AP switching voltages with sign (column − row). */
  readonly vSwitchPositive: number | null;
  readonly vSwitchNegative: number | null;
  readonly noiseAmps: number | null;
  /** Bits: see analysis/cell-flags.ts (compliance, unstable, nonlinear, …). */
  readonly flags: number;
}

/** The place reached: the next position to measure in the die's pair order. Committed with the sweeps. */
export interface CursorRecord {
  readonly planId: string;
  readonly dieOrdinal: number;
  readonly nextPosition: number;
}

/** How far a die has come. `noContact`: the contact check failed for good; `skipped`: left out, with the reason. */
export const DIE_STATES = ['untouched', 'measuring', 'measured', 'skipped', 'noContact'] as const;
export type DieState = (typeof DIE_STATES)[number];

/** What a file knows of one die besides its cells. */
export interface DieRecord extends DieSite {
  readonly state: DieState;
  /** Touchdowns on this die over the wafer's whole life; never reset. */
  readonly touchdowns: number;
  readonly chuckCelsius: number | null;
  readonly contactPassed: boolean | null;
  /** Figures of the last contact check. */
  readonly contactJson: string | null;
  /** Why the die was skipped or stopped early, or null. */
  readonly reason: string | null;
}

/** The facts of a die that change; those left out stay as they are. */
export type DieUpdate = Partial<Omit<DieRecord, keyof DieSite>>;

/** One instrument of a session: who answered, and the settings it reported. */
export interface InstrumentRecord {
  readonly sessionId: string;
  readonly name: string;
  readonly resource: string;
  readonly driver: string;
  readonly vendor: string;
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
  readonly settingsJson: string | null;
}

/** A person's remark on a session, a die or a cell; null where it is about more than that. */
export interface NoteRecord {
  readonly sessionId: string | null;
  readonly dieOrdinal: number | null;
  readonly cell: number | null;
  readonly atMs: number;
  readonly author: string;
  readonly text: string;
}

/** A sweep as read back. */
export interface StoredSweep extends SweepRecord {
  readonly id: number;
}

/** A cell's row as read back. */
export interface StoredCell extends CellRecord {
  /** The sweep the verdict rests on. */
  readonly sweepId: number | null;
  /** Class at the first verdict; `class` is the latest. First-pass yield counts this one. */
  readonly firstClass: CellClass;
  readonly thresholds: ClassThresholds | null;
}

/** Cells of a die by two denominators: those measured, and all. */
export interface DieYield {
  readonly dieOrdinal: number;
  readonly x: number;
  readonly y: number;
  readonly state: DieState;
  /** Cells of the die, measured or not. */
  readonly cells: number;
  readonly measured: number;
  readonly healthy: number;
  readonly healthyFirstPass: number;
  readonly yieldOfMeasured: number | null;
  readonly yieldOfAll: number;
}

export type EventLevel = 'info' | 'warning' | 'error';

/** Anything worth telling the operator in the morning: contact checks, retries, drift, pauses, losses, notes. */
export interface EventRecord {
  readonly sessionId: string;
  readonly atMs: number;
  readonly level: EventLevel;
  /** Stable word, e.g. "contact-check", "touchdown", "reference-drift", "note". */
  readonly kind: string;
  readonly dieOrdinal: number | null;
  readonly text: string;
  /** Figures behind the text. */
  readonly dataJson: string | null;
}
