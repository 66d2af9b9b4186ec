import type { InstrumentRecord } from '../../db/records.ts';
import {
  type DieWorkOptions,
  NOTHING_TOUCHED,
  type PoweredDie,
  type PoweredDieOutcome,
  withPoweredDie,
} from './powered-die.ts';
import { programmingOf } from './programming-recipe.ts';
import type { JournalEntry, PulseJournal } from './pulse-journal.ts';
import { type CellOutcome, type CellTarget, mostPulsesPerWrite, PairWriter, pairTargets } from './write-cells.ts';

export interface ProgramDieOptions extends DieWorkOptions {
  readonly targets: readonly CellTarget[];
  readonly journal: PulseJournal;
  readonly onProgress: (done: number, total: number) => void;
}

export interface ProgrammedDie {
  /** `stopped`: on request; the journal says where. */
  readonly end: 'finished' | 'stopped';
  /** The last outcome of every cell reached, with the pulses of all runs. */
  readonly cells: readonly CellOutcome[];
  /** Cells that a later look found changed and that were written again. */
  readonly rewritten: number;
  readonly pulses: number;
  readonly mostPulses: number;
  /** Runs that were killed may have pulsed this much more: armed, but without a record of what came of it. */
  readonly uncertainPulses: number;
}

/**
 * Writes every target with verify and retries, then looks at all of them once more, because a pulse disturbs its
 * neighbours a little, and writes again what changed; where that was needed a last look only reads. Each pair is on the disk before the next is begun; what an earlier
 * run of the same journal has written is not written again. The bench is left safe whatever happens.
 */
export async function programDie(options: ProgramDieOptions): Promise<PoweredDieOutcome<ProgrammedDie>> {
  const { journal, plan } = options;
  programmingOf(plan);
  const earlier = new EarlierWriting(journal.earlier);
  if (earlier.finished !== null) return { result: earlier.finished, error: null, safeState: NOTHING_TOUCHED };
  return await withPoweredDie(
    {
      ...options,
      earlierTouchdowns: options.earlierTouchdowns ?? earlier.touchdowns,
      onTouchdown: async (total) => {
        await journal.append({ t: 'touchdown', total, at: new Date().toISOString() });
        await options.onTouchdown(total);
      },
    },
    (powered) => new DieProgramming(options, powered, earlier).run(),
  );
}

class DieProgramming {
  readonly #options: ProgramDieOptions;
  readonly #powered: PoweredDie;
  readonly #earlier: EarlierWriting;
  readonly #writer: PairWriter;
  readonly #cells = new Map<number, CellOutcome>();
  #rewritten: number;
  #uncertain = 0;

  constructor(options: ProgramDieOptions, powered: PoweredDie, earlier: EarlierWriting) {
    this.#options = options;
    this.#powered = powered;
    this.#earlier = earlier;
    this.#writer = new PairWriter(powered.cells, options.plan);
    this.#rewritten = earlier.rewritten;
  }

  async run(): Promise<ProgrammedDie> {
    const { journal, targets, plan, onProgress, stop } = this.#options;
    const pairs = pairTargets(plan, targets);
    const { stress } = this.#powered.cells;
    await journal.append({ t: 'session', at: new Date().toISOString(), instruments: named(this.#powered.instruments) });
    for (const outcome of this.#earlier.cells.values()) {
      this.#cells.set(outcome.cell, outcome);
      if (outcome.pulses > 0) stress.add([outcome.cell], 0, null, outcome.pulses);
    }
    // A run that was killed between a pulse and its record: as many as there can have been.
    const unknown = mostPulsesPerWrite(programmingOf(plan));
    for (const pair of this.#earlier.unfinished) {
      const found = pairs.find((one) => one.pair === pair);
      for (const target of [found?.A, found?.B]) {
        if (!target) continue;
        stress.add([target.cell], 0, null, unknown);
        this.#uncertain += unknown;
      }
    }
    for (const look of [1, 2, 3] as const) {
      if (look === 3 && this.#rewritten === 0) break;
      for (const [i, one] of pairs.entries()) {
        onProgress((look - 1) * pairs.length + i, 3 * pairs.length);
        if (look === 1 && this.#earlier.done.has(one.pair)) continue;
        if (stop.reason !== null) return this.#result('stopped');
        const arm = () => journal.append({ t: 'arm', pair: one.pair });
        const outcomes = look === 3 ? await this.#writer.look(one) : await this.#writer.write(one, arm);
        if (look === 1 || this.#changed(outcomes)) await this.#keep(one.pair, look, outcomes);
      }
    }
    const result = this.#result('finished');
    await journal.append({
      t: 'end',
      at: new Date().toISOString(),
      rewritten: this.#rewritten,
      uncertainPulses: this.#uncertain,
    });
    return result;
  }

  #changed(outcomes: readonly CellOutcome[]): boolean {
    return outcomes.some(({ cell, pulses, error }) => pulses > 0 || error !== this.#cells.get(cell)?.error);
  }

  async #keep(pair: number, look: 1 | 2 | 3, outcomes: readonly CellOutcome[]): Promise<void> {
    await this.#options.journal.append({ t: 'pair', pair, look, cells: outcomes });
    for (const outcome of outcomes) {
      const before = this.#cells.get(outcome.cell);
      if (look === 2 && outcome.pulses > 0) this.#rewritten += 1;
      this.#cells.set(outcome.cell, merged(before, outcome));
    }
  }

  #result(end: ProgrammedDie['end']): ProgrammedDie {
    const { stress } = this.#powered.cells;
    return {
      end,
      cells: [...this.#cells.values()],
      rewritten: this.#rewritten,
      pulses: stress.total,
      mostPulses: stress.mostOnOneCell,
      uncertainPulses: this.#uncertain,
    };
  }
}

/** What earlier runs left in the journal. */
class EarlierWriting {
  readonly cells = new Map<number, CellOutcome>();
  readonly done = new Set<number>();
  /** Pairs that were armed and have no outcome, one entry for every such arming. */
  readonly unfinished: number[] = [];
  readonly touchdowns: number;
  readonly rewritten: number;
  readonly finished: ProgrammedDie | null;

  constructor(entries: readonly JournalEntry[]) {
    let touchdowns = 0;
    let rewritten = 0;
    let armed: number | null = null;
    for (const entry of entries) {
      if (entry.t === 'touchdown') touchdowns += 1;
      if (armed !== null && entry.t !== 'pair') this.unfinished.push(armed);
      armed = entry.t === 'arm' ? (entry.pair as number) : null;
      if (entry.t !== 'pair') continue;
      const outcomes = entry.cells as readonly CellOutcome[];
      this.done.add(entry.pair as number);
      for (const outcome of outcomes) {
        if (entry.look === 2 && outcome.pulses > 0) rewritten += 1;
        this.cells.set(outcome.cell, merged(this.cells.get(outcome.cell), outcome));
      }
    }
    if (armed !== null) this.unfinished.push(armed);
    this.touchdowns = touchdowns;
    this.rewritten = rewritten;
    const cells = [...this.cells.values()];
    const pulses = cells.map((cell) => cell.pulses);
    const total = pulses.reduce((sum, count) => sum + count, 0);
    this.finished =
      entries.at(-1)?.t === 'end'
        ? {
            end: 'finished',
            cells,
            rewritten,
            pulses: total,
            mostPulses: pulses.reduce((most, count) => Math.max(most, count), 0),
            uncertainPulses: entries.at(-1)?.uncertainPulses as number,
          }
        : null;
  }
}

/** First state and all pulses of the earlier outcome, everything else of the later one. */
function merged(earlier: CellOutcome | undefined, later: CellOutcome): CellOutcome {
  if (earlier === undefined) return later;
  return { ...later, before: earlier.before, pulses: earlier.pulses + later.pulses };
}

function named(instruments: readonly InstrumentRecord[]) {
  return instruments.map(({ name, driver, vendor, model, serial, firmware }) => ({
    name,
    driver,
    vendor,
    model,
    serial,
    firmware,
  }));
}
