import type { ClassThresholds } from '../../wafer/cell-class.ts';
import { cellAt, enableLineOf } from '../../wafer/geometry.ts';
import type { ProgrammingRecipe } from '../../wafer/recipe.ts';
import type { PairSide } from '../../wafer/sweep.ts';
import type { Plan } from '../plan.ts';
import { type ReadState, readState, type StateSiemens } from './cell-state.ts';
import type { DieCells, PairSiemens } from './die-cells.ts';
import { programmingOf, writeSign } from './programming-recipe.ts';

/**
 * Why a cell does not carry its state. `limited`: the source ran into its current limit and the pulses fell short.
 * `disturbed`: it was right and pulses elsewhere in its columns changed it; that befalls cells beside a short, whose floating
 * row takes the potential of the shorted column.
 */
export type WriteError = 'short' | 'stuck' | 'open' | 'undetermined' | 'retriesSpent' | 'limited' | 'disturbed';

/** A cell and the state it shall have. */
export interface CellTarget {
  readonly cell: number;
  readonly state: 'P' | 'AP';
  /** Its conductances as measured; null where it has not two. */
  readonly siemens: StateSiemens | null;
  /** What was found when the die was measured and keeps it from being written: it is read, never pulsed. Else null. */
  readonly unwritable: 'short' | 'stuck' | 'open' | 'undetermined' | null;
}

export interface CellOutcome {
  readonly cell: number;
  readonly target: 'P' | 'AP';
  readonly before: ReadState;
  readonly after: ReadState;
  /** Read last, siemens, five digits. */
  readonly siemens: number;
  readonly pulses: number;
  readonly error: WriteError | null;
}

/** The cells of one pair that carry something, by side. */
export interface PairTargets {
  readonly pair: number;
  readonly A: CellTarget | null;
  readonly B: CellTarget | null;
}

const SIDES = ['A', 'B'] as const;

/**
 * Targets by pair, one enable line after the other. Pairs with a short come last under their line: pulses on other rows
 * reach the cell beside a short with half the voltage, not a quarter.
 */
export function pairTargets({ bench: { geometry } }: Plan, targets: readonly CellTarget[]): PairTargets[] {
  const pairs = new Map<number, { pair: number; A: CellTarget | null; B: CellTarget | null }>();
  for (const target of targets) {
    const { row, column } = cellAt(geometry, target.cell);
    const pair = enableLineOf(geometry, column) * geometry.rows + row;
    const entry = pairs.get(pair) ?? { pair, A: null, B: null };
    entry[column % 2 === 0 ? 'A' : 'B'] = target;
    pairs.set(pair, entry);
  }
  const line = ({ pair }: PairTargets) => Math.floor(pair / geometry.rows);
  const shorted = ({ A, B }: PairTargets) => Number(A?.unwritable === 'short' || B?.unwritable === 'short');
  return [...pairs.values()].sort((a, b) => line(a) - line(b) || shorted(a) - shorted(b) || a.pair - b.pair);
}

/** Most pulses that one cell of a pair can be given by one call of `writePair`. */
export function mostPulsesPerWrite({ amplitudes, pulsesPerAmplitude }: ProgrammingRecipe): number {
  return amplitudes.length * pulsesPerAmplitude;
}

/** Writes single pairs: read, pulse what is wrong, read again, with rising amplitude. */
export class PairWriter {
  readonly #cells: DieCells;
  readonly #plan: Plan;
  readonly #thresholds: ClassThresholds;

  constructor(cells: DieCells, plan: Plan) {
    this.#cells = cells;
    this.#plan = plan;
    this.#thresholds = plan.recipe.thresholds;
  }

  /**
   * @param beforePulses awaited once, before the first pulse: whoever counts stress must have it on the disk by then
   * @returns one outcome for each cell that carries something
   * @throws TB_PULSE_BUDGET and whatever the bench throws
   */
  async write(targets: PairTargets, beforePulses: () => Promise<void>): Promise<CellOutcome[]> {
    const found = await this.#cells.read(targets.pair);
    const work = new PairWork(targets, found, this.#thresholds);
    if (work.wrong().length > 0) {
      await beforePulses();
      const { amplitudes, pulsesPerAmplitude } = programmingOf(this.#plan);
      for (const volts of amplitudes) {
        for (let i = 0; i < pulsesPerAmplitude && work.wrong().length > 0; i++) await this.#pulseWrong(work, volts);
      }
    }
    return work.outcomes();
  }

  /** Reads a pair that was written before; a cell that is wrong now was disturbed since. */
  async look(targets: PairTargets): Promise<CellOutcome[]> {
    const outcomes = new PairWork(targets, await this.#cells.read(targets.pair), this.#thresholds).outcomes();
    return outcomes.map((one) => (one.error === 'retriesSpent' ? { ...one, error: 'disturbed' } : one));
  }

  /** One pulse on each cell that is wrong, both at once where they go the same way, then a reading. */
  async #pulseWrong(work: PairWork, volts: number): Promise<void> {
    const { pair } = work.targets;
    const wrong = work.wrong();
    const signed = (side: PairSide) => writeSign(this.#plan.recipe, work.target(side).state) * volts;
    const together = wrong.length === 2 && signed('A') === signed('B');
    for (const side of together ? (['both'] as const) : wrong) {
      const own = side === 'both' ? 'A' : side;
      const full = await this.#cells.pulse(pair, side, signed(own), work.partnerLevel(side));
      work.pulsed(side, full);
    }
    work.read(await this.#cells.read(pair));
  }
}

/** A pair while it is written. */
class PairWork {
  readonly targets: PairTargets;
  readonly #thresholds: ClassThresholds;
  readonly #before: Readonly<Record<PairSide, ReadState>>;
  readonly #pulses = { A: 0, B: 0 };
  readonly #limited = { A: false, B: false };
  #siemens: PairSiemens;

  constructor(targets: PairTargets, found: PairSiemens, thresholds: ClassThresholds) {
    this.targets = targets;
    this.#thresholds = thresholds;
    this.#siemens = found;
    this.#before = { A: this.#state('A'), B: this.#state('B') };
  }

  target(side: PairSide): CellTarget {
    return this.targets[side] as CellTarget;
  }

  /** Sides with a cell in another state than its own that a pulse may change. */
  wrong(): PairSide[] {
    return SIDES.filter((side) => {
      const target = this.targets[side];
      if (target === null || target.unwritable !== null) return false;
      const state = this.#state(side);
      return state !== target.state && state !== 'short' && state !== 'open';
    });
  }

  /** A shorted partner at half the voltage would take the current that the cell needs. */
  partnerLevel(side: PairSide | 'both'): 'half' | 'row' {
    return side !== 'both' && this.#state(side === 'A' ? 'B' : 'A') === 'short' ? 'row' : 'half';
  }

  pulsed(side: PairSide | 'both', full: boolean): void {
    for (const one of side === 'both' ? SIDES : [side]) {
      this.#pulses[one] += 1;
      if (!full) this.#limited[one] = true;
    }
  }

  read(siemens: PairSiemens): void {
    this.#siemens = siemens;
  }

  outcomes(): CellOutcome[] {
    return SIDES.flatMap((side) => {
      const target = this.targets[side];
      if (target === null) return [];
      const after = this.#state(side);
      return {
        cell: target.cell,
        target: target.state,
        before: this.#before[side],
        after,
        siemens: Number(this.#siemens[side].toPrecision(5)),
        pulses: this.#pulses[side],
        error: after === target.state ? null : this.#reason(side, after, target),
      };
    });
  }

  #reason(side: PairSide, after: ReadState, { unwritable }: CellTarget): WriteError {
    if (after === 'short' || after === 'open') return after;
    if (unwritable !== null) return unwritable;
    return this.#limited[side] ? 'limited' : 'retriesSpent';
  }

  #state(side: PairSide): ReadState {
    return readState(this.#siemens[side], this.targets[side]?.siemens ?? null, this.#thresholds);
  }
}
