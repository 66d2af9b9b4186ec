import type { CellRecord } from '../db/records.ts';
import type { ClassThresholds } from '../wafer/cell-class.ts';
import type { Access, PairSide } from '../wafer/sweep.ts';
import type { AdaptiveRules } from './adaptive-rules.ts';
import type { Classifier } from './classifier.ts';
import type { SideSweep } from './follow-up.ts';
import type { PairVisit } from './pair-meter.ts';
import type { Pair } from './pair-order.ts';
import type { Plan } from './plan.ts';
import { toRow } from './record-stream.ts';

/** Why a quick read does not settle a cell. */
export type LoopReason = 'unclear' | 'near a boundary';

/** How the pairs of a die were treated under an adaptive plan. */
export interface LoopTally {
  readonly sampled: number;
  /** By their quick read, or as shorts and opens, which have no loop under any plan. */
  readonly settled: number;
  readonly unclear: number;
  readonly nearBoundary: number;
  /** Wanted a loop when the budget was spent: undetermined. */
  readonly overBudget: number;
}

/** Decides for the pairs of one die which of them get a loop, within the plan's budget, and keeps count. */
export class LoopChoice {
  readonly #plan: Plan;
  readonly #rules: AdaptiveRules;
  readonly #classifier: Classifier;
  readonly #dieOrdinal: number;
  readonly #loopPairs: ReadonlySet<number>;
  readonly #tally = { sampled: 0, settled: 0, unclear: 0, nearBoundary: 0, overBudget: 0 };

  constructor(plan: Plan, rules: AdaptiveRules, classifier: Classifier, dieOrdinal: number) {
    this.#plan = plan;
    this.#rules = rules;
    this.#classifier = classifier;
    this.#dieOrdinal = dieOrdinal;
    this.#loopPairs = new Set(rules.loopPairs);
  }

  get tally(): LoopTally {
    return { ...this.#tally };
  }

  /** Whether a pair has its loop from the start. */
  startsWithLoop(pairIndex: number): boolean {
    const sampled = this.#loopPairs.has(pairIndex);
    if (sampled) this.#tally.sampled += 1;
    return sampled;
  }

  /** The sides on which what was found asks for a loop. */
  wantsLoop(visit: PairVisit): readonly PairSide[] {
    const wishes = visit.record
      .filter(({ reading }) => reading.kind === 'quick')
      .map((sweep) => ({ side: sweep.side, reason: this.#reasonFor(visit.pair, sweep) }))
      .filter(({ reason }) => reason !== null);
    const tally = this.#tally;
    if (wishes.length === 0) tally.settled += 1;
    else if (tally.unclear + tally.nearBoundary >= this.#rules.mostLoops) tally.overBudget += 1;
    else if (wishes.some(({ reason }) => reason === 'unclear')) tally.unclear += 1;
    else tally.nearBoundary += 1;
    return tally.overBudget === 0 ? wishes.map(({ side }) => side) : [];
  }

  #reasonFor(pair: Pair, sweep: SideSweep): LoopReason | null {
    // A loop under the same access has the same systematic error: only what it could settle counts here.
    const access: Access = sweep.access === 'single' ? 'single' : 'pair';
    const row = { ...toRow(this.#plan, pair, sweep, this.#dieOrdinal, '', 0), access };
    return loopReason(this.#classifier.classify(row), this.#plan.recipe.thresholds, this.#rules.guardFraction);
  }
}

/** Null where the class is plain: well inside its bounds. */
export function loopReason(cell: CellRecord, thresholds: ClassThresholds, guardFraction: number): LoopReason | null {
  if (cell.class === 'undetermined') return 'unclear';
  if (cell.neighbourClass !== null) return 'near a boundary';
  const near = (value: number | null, bound: number) =>
    value !== null && Math.abs(value - bound) < guardFraction * bound;
  const { rP, rStuck, tmr } = cell;
  // Below the subpar bound the TMR decides nothing.
  const byTmr = cell.class !== 'subpar' && near(tmr, thresholds.minTmr);
  const byOhms = near(rP, thresholds.subparBelowOhms) || [rP, rStuck].some((r) => near(r, thresholds.shortedBelowOhms));
  return byTmr || byOhms || near(rStuck, thresholds.openAboveOhms) ? 'near a boundary' : null;
}
