import type { CellClass, ClassThresholds } from '../wafer/cell-class.ts';

/** What a cell showed, as far as its class depends on it. */
export interface Verdict {
  /** False where the cell has no sweep. */
  readonly measured: boolean;
  /** Resistance of the lower state, or the only resistance; Infinity for no current; null where none could be fitted. */
  readonly rLow: number | null;
  /** Resistance of the higher state; equal to rLow where the cell does not switch. */
  readonly rHigh: number | null;
  /** Both transitions, no transition, or something in between (one only, or of the wrong sign). */
  readonly switched: 'yes' | 'no' | 'contradictory';
  /** The loop was in compliance, or its measured |V| did not reach the planned amplitude. */
  readonly limited: boolean;
  readonly stable: boolean;
}

/** The finite dimensions of the table; every verdict falls into exactly one value of each. */
export const DIMENSIONS = {
  sweep: ['none', 'present'],
  rLow: ['unknown', 'short', 'low', 'normal', 'open'],
  switched: ['yes', 'no', 'contradictory'],
  limited: ['no', 'yes'],
  contrast: ['below', 'enough'],
  stable: ['yes', 'no'],
} as const;

export type Dimension = keyof typeof DIMENSIONS;
export type Situation = { readonly [D in Dimension]: (typeof DIMENSIONS)[D][number] };

/** One row: the values allowed in each dimension; a dimension not named allows all. */
export interface DecisionRow {
  readonly class: CellClass;
  readonly when: { readonly [D in Dimension]?: readonly Situation[D][] };
  readonly why: string;
}

/**
 * The decision table. Rows do not overlap and together cover every situation (property-tested), so their order carries
 * no meaning. docs/classes.md is printed from it.
 */
export const DECISION_TABLE: readonly DecisionRow[] = [
  {
    class: 'healthy',
    when: {
      sweep: ['present'],
      rLow: ['normal'],
      switched: ['yes'],
      limited: ['no'],
      contrast: ['enough'],
      stable: ['yes'],
    },
    why: 'switches, R_P at or above the subpar bound, TMR at or above the minimum, stable',
  },
  {
    class: 'weak',
    when: {
      sweep: ['present'],
      rLow: ['normal'],
      switched: ['yes'],
      limited: ['no'],
      contrast: ['below'],
      stable: ['yes'],
    },
    why: 'switches, R_P at or above the subpar bound, TMR below the minimum',
  },
  {
    class: 'weak',
    when: { sweep: ['present'], rLow: ['normal'], switched: ['yes'], limited: ['no'], stable: ['no'] },
    why: 'switches, R_P at or above the subpar bound, unstable (telegraph noise or back-hopping)',
  },
  {
    class: 'subpar',
    when: { sweep: ['present'], rLow: ['short', 'low'], switched: ['yes'], limited: ['no'] },
    why: 'switches, R_P below the subpar bound (below the short bound included)',
  },
  {
    class: 'shorted',
    when: { sweep: ['present'], rLow: ['short'], switched: ['no'] },
    why: 'does not switch, R below the short bound; compliance does not matter, the resistance is known without the loop',
  },
  {
    class: 'stuck',
    when: { sweep: ['present'], rLow: ['low', 'normal'], switched: ['no'], limited: ['no'] },
    why: 'does not switch at full amplitude, R between the short and the open bound',
  },
  {
    class: 'open',
    when: { sweep: ['present'], rLow: ['open'] },
    why: 'R above the open bound',
  },
  {
    class: 'undetermined',
    when: { sweep: ['present'], rLow: ['unknown'] },
    why: 'no usable reading to take a resistance from',
  },
  {
    class: 'undetermined',
    when: { sweep: ['present'], rLow: ['short', 'low', 'normal'], switched: ['yes'], limited: ['yes'] },
    why: 'the loop was in compliance or did not reach its amplitude',
  },
  {
    class: 'undetermined',
    when: { sweep: ['present'], rLow: ['low', 'normal'], switched: ['no'], limited: ['yes'] },
    why: 'no transition seen, but the loop was in compliance or did not reach its amplitude',
  },
  {
    class: 'undetermined',
    when: { sweep: ['present'], rLow: ['short', 'low', 'normal'], switched: ['contradictory'] },
    why: 'one transition only, or transitions of the wrong sign',
  },
  { class: 'unmeasured', when: { sweep: ['none'] }, why: 'no sweep' },
];

/** Places a verdict in the table's finite dimensions. A boundary value belongs to the better side ("below" is strict). */
export function situationOf(verdict: Verdict, thresholds: ClassThresholds): Situation {
  return {
    sweep: verdict.measured ? 'present' : 'none',
    rLow: bandOf(verdict.rLow, thresholds),
    switched: verdict.switched,
    limited: verdict.limited ? 'yes' : 'no',
    contrast: tmrOf(verdict) >= thresholds.minTmr ? 'enough' : 'below',
    stable: verdict.stable ? 'yes' : 'no',
  };
}

/** Rows that a situation satisfies: always exactly one. */
export function matchingRows(situation: Situation): DecisionRow[] {
  return DECISION_TABLE.filter((row) => matches(row, situation));
}

/** The class of a verdict under the thresholds. Total: every verdict, however odd, has one class. */
export function decide(verdict: Verdict, thresholds: ClassThresholds): CellClass {
  return decideFor(verdict, verdict.rLow, verdict.rHigh, thresholds);
}

/** The same as if the resistances were these. */
export function decideFor(
  { measured, switched, limited, stable }: Verdict,
  rLow: number | null,
  rHigh: number | null,
  thresholds: ClassThresholds,
): CellClass {
  const place = placeOf([
    measured ? 1 : 0,
    DIMENSIONS.rLow.indexOf(bandOf(rLow, thresholds)),
    DIMENSIONS.switched.indexOf(switched),
    limited ? 1 : 0,
    contrastOf(rLow, rHigh) >= thresholds.minTmr ? 1 : 0,
    stable ? 0 : 1,
  ]);
  return CLASS_BY_PLACE[place];
}

/** Place of a situation, as indices into the values of DIMENSIONS in their order, in one list of all situations. */
function placeOf(values: readonly number[]): number {
  let place = 0;
  for (let i = 0; i < SIZES.length; i++) place = place * SIZES[i] + values[i];
  return place;
}

const SIZES = Object.values(DIMENSIONS).map(({ length }) => length);

/** The table worked out for every situation: it is asked several times a cell. */
const CLASS_BY_PLACE: readonly CellClass[] = everySituation().map(
  // The property test shows that a row is always found.
  (situation) => matchingRows(situation)[0]?.class ?? 'undetermined',
);

function everySituation(): Situation[] {
  let situations: Record<string, string>[] = [{}];
  for (const [dimension, values] of Object.entries(DIMENSIONS)) {
    situations = situations.flatMap((situation) => values.map((value) => ({ ...situation, [dimension]: value })));
  }
  return situations as unknown as Situation[];
}

/** (R_high − R_low)/R_low; 0 where either is unknown or infinite. */
export function tmrOf({ rLow, rHigh }: Pick<Verdict, 'rLow' | 'rHigh'>): number {
  return contrastOf(rLow, rHigh);
}

function contrastOf(rLow: number | null, rHigh: number | null): number {
  if (rLow === null || rHigh === null || !Number.isFinite(rLow) || !Number.isFinite(rHigh) || rLow <= 0) return 0;
  return (rHigh - rLow) / rLow;
}

function bandOf(ohms: number | null, thresholds: ClassThresholds): Situation['rLow'] {
  if (ohms === null || Number.isNaN(ohms) || ohms < 0) return 'unknown';
  if (ohms < thresholds.shortedBelowOhms) return 'short';
  if (ohms < thresholds.subparBelowOhms) return 'low';
  return ohms <= thresholds.openAboveOhms ? 'normal' : 'open';
}

function matches({ when }: DecisionRow, situation: Situation): boolean {
  for (const dimension in when) {
    const allowed = when[dimension as Dimension] as readonly string[] | undefined;
    if (allowed !== undefined && !allowed.includes(situation[dimension as Dimension])) return false;
  }
  return true;
}
