import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { cellCount } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatQuantity } from '../wafer/units.ts';
import type { EventLog } from './event-log.ts';
import { type Loss, LossWatch } from './loss-watch.ts';
import { cellOf } from './pair-order.ts';
import type { Plan } from './plan.ts';
import type { Measured, RecordStream } from './record-stream.ts';
import type { SessionStore } from './session-store.ts';

/** Visits with what was found in them, ready to be stored. */
export interface Findings {
  readonly visits: Measured['visits'];
  readonly losses: readonly { readonly loss: Loss; readonly text: string }[];
}

interface RecorderTask {
  readonly plan: Plan;
  readonly planId: string;
  readonly store: SessionStore;
  readonly stream: RecordStream;
  readonly events: EventLog;
}

/** Hands a die's visits on, in the order of measuring, and watches them for losses, leaks and gaps. */
export class DieRecorder {
  readonly #task: RecorderTask;
  readonly #die: DieSite;
  readonly #watch: LossWatch;
  readonly #lossLimit: number;
  #largestResidual = 0;
  #unresolved = 0;

  constructor(task: RecorderTask, die: DieSite) {
    const { recipe, bench } = task.plan;
    this.#task = task;
    this.#die = die;
    this.#watch = new LossWatch(recipe);
    this.#lossLimit = recipe.lossPauseFraction * cellCount(bench.geometry);
  }

  get losses(): number {
    return this.#watch.count;
  }

  get lostTooMany(): boolean {
    return this.#watch.count > this.#lossLimit;
  }

  /**
   * Finds the cells that broke in these visits; quick, so that it can be known before the next sweep starts. A visit that
   * was to measure its pair owes a sweep of every side; a second look does not.
   */
  look(visits: Measured['visits'], owesEverySide = true): Findings {
    const { geometry } = this.#task.plan.bench;
    const losses: { loss: Loss; text: string }[] = [];
    for (const { pair, superseded, record } of visits.map(({ visit }) => visit)) {
      if (owesEverySide) this.#unresolved += geometry.columnsPerEnableLine - record.length;
      for (const sweep of [...superseded, ...record]) {
        // Alone, milliamperes of sneak current flow from column to column: their gain errors would fake a leak.
        if (sweep.access === 'pair') {
          this.#largestResidual = Math.max(this.#largestResidual, Math.abs(sweep.residualAmps));
        }
        const loss = this.#watch.look(cellOf(geometry, pair, sweep.side) as number, sweep);
        if (loss !== null) losses.push({ loss, text: lossText(loss, pair.row, pair.columns[sweep.side] as number) });
      }
    }
    return { visits, losses };
  }

  /**
   * Hands visits to the stream with the place reached, says which cells broke, and waits until the writer keeps up.
   * Throws TB_LOSS_LIMIT, after the data are handed over, when too much of the die broke.
   */
  async store(attemptId: string, { visits, losses }: Findings, nextPosition: number): Promise<void> {
    const { planId, events, stream, store } = this.#task;
    const dieOrdinal = this.#die.ordinal;
    const lost = new Set(losses.map(({ loss }) => loss.cell));
    stream.push({ dieOrdinal, attemptId, visits, lost, cursor: { planId, dieOrdinal, nextPosition } });
    for (const { loss, text } of losses) {
      await events.write('warning', 'loss', text, dieOrdinal, { ...loss, cause: 'failedInTest' });
    }
    if (this.lostTooMany) throw this.#tooManyLost();
    await store.ready();
  }

  /** Events about the die as a whole, at its end. */
  async report(): Promise<void> {
    const { plan, events } = this.#task;
    if (this.#unresolved > 0) {
      const text = `${this.#unresolved} visits of cells gave no complete sweep`;
      await events.write('warning', 'cells-unresolved', text, this.#die.ordinal);
    }
    // Gain errors of three channels leave up to about a thousandth of the current; more is a leak.
    const alarm = plan.recipe.contact.leakageAlarmAmps + 1e-3 * plan.recipe.programme.complianceRepeat.limitAmps;
    if (this.#largestResidual <= alarm) return;
    const text = `the three currents of a sweep did not add up: ${formatQuantity(this.#largestResidual, 'A')} missing`;
    await events.write('warning', 'residual-current', text, this.#die.ordinal, { amps: this.#largestResidual });
  }

  #tooManyLost(): TunnelbenchError {
    return new TunnelbenchError('TB_LOSS_LIMIT', {
      thing: `die ${dieLabel(this.#die)}`,
      what: 'too many junctions broke while being measured',
      value: `${this.#watch.count}`,
      expected: `at most ${Math.floor(this.#lossLimit)} (losses.pauseAboveFraction of the die)`,
      remedy: 'Look at amplitude, gate and limits before going on; the measured cells are stored.',
    });
  }
}

function lossText({ beforeOhms, afterOhms }: Loss, row: number, column: number): string {
  const fell = `${formatQuantity(beforeOhms, 'Ω')} to ${formatQuantity(afterOhms, 'Ω')}`;
  return `cell row ${row}, column ${column} broke in the test: ${fell}`;
}
