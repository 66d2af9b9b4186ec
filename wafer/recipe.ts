import type { ClassThresholds } from './cell-class.ts';
import type { Branch, CurrentRange, Segment, SweepProgramme } from './sweep.ts';

/** How an adaptive plan decides which cells need a loop. */
export interface AdaptiveRecipe {
  /** The quick read's segments, in the order of SweepProgramme.quick. */
  readonly quick: readonly Segment[];
  /** Share of the pairs that get their loop whatever a quick read would say, for unbiased means. */
  readonly sampleFraction: number;
  readonly seed: number;
  /** A resistance or TMR within this fraction of a class boundary is settled by a loop. */
  readonly guardFraction: number;
  /** Most pairs of a die that may be given a loop beyond the sample; the rest of the uncertain stay undetermined. */
  readonly mostLoopsFraction: number;
}

/** How single cells are written to a state, and how often they may be pulsed. */
export interface ProgrammingRecipe {
  /** Pulse amplitudes, volts, rising: tried one after the other until the cell reads right. */
  readonly amplitudes: readonly number[];
  /** Pulses at each amplitude before the next one is tried. */
  readonly pulsesPerAmplitude: number;
  /** Reads before and after, at both polarities; too low to disturb a state. */
  readonly read: { readonly volts: number; readonly nplc: number; readonly limitAmps: number };
  /** Stress budget: no cell is given more pulses than this in one run, interruptions included. */
  readonly mostPulsesPerCell: number;
}

/** What to do to a cell, and under which conditions: the validated content of a recipe file (YAML). SI units. */
export interface Recipe {
  readonly name: string;
  readonly access: 'pair' | 'single';
  /** Sign of column − row that sets a cell from AP to P; a property of the bench, measured on reference cells. */
  readonly apToP: 'positive' | 'negative';
  readonly supplies: { readonly vddVolts: number; readonly limitAmps: number };
  readonly enable: { readonly volts: number; readonly settleSeconds: number; readonly leakageAlarmAmps: number };
  readonly limits: {
    readonly junctionVolts: number;
    readonly padVolts: { readonly min: number; readonly max: number };
  };
  readonly programme: SweepProgramme;
  readonly repeatSample: { readonly cellsPerDie: number; readonly loops: number; readonly seed: number };
  readonly thresholds: ClassThresholds;
  readonly environment: {
    readonly chuckCelsius: number;
    readonly toleranceCelsius: number;
    readonly fieldMilliTesla: number;
    readonly fieldMeasured: boolean;
  };
  readonly contact: ContactRecipe;
  readonly reference: { readonly cellsPerDie: number; readonly everySeconds: number; readonly driftAlarm: number };
  /** The run pauses when more than this fraction of a die's cells broke in the test. */
  readonly lossPauseFraction: number;
  /** Absent: the recipe has no adaptive plan. */
  readonly adaptive?: AdaptiveRecipe;
  /** Absent: cells are not written one by one under this recipe. */
  readonly programming?: ProgrammingRecipe;
}

/** The contact check of a die and what may be done when it fails. */
export interface ContactRecipe {
  readonly settleSeconds: number;
  readonly maxTouchdownsPerDie: number;
  /** Cells on distinct rows and columns that are read at low bias. */
  readonly sampleCells: number;
  /** The needles touch when at least this fraction of the sample conducts. */
  readonly minConductingFraction: number;
  /** Largest current with every crosspoint open. */
  readonly leakageAlarmAmps: number;
  /** Overdrive added once when the check fails, and the cap it never passes. */
  readonly moreOverdriveMicrometres: number;
  readonly maxOverdriveMicrometres: number;
}

/** The loop's amplitude: the largest |V| of its segments. */
export function loopAmplitude(programme: SweepProgramme): number {
  return Math.max(...programme.loop.flatMap(({ volts }) => volts.map(Math.abs)));
}

/** Range and limit that a segment runs under when the given branch was chosen; null where the branch runs no loop. */
export function rangeOf(segment: Segment, branch: Branch): CurrentRange | null {
  return segment.fixed ?? branch.range;
}
