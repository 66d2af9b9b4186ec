import { DieJunctions } from './die-junctions.ts';
import { type DieWorkOptions, NOTHING_TOUCHED, type PoweredDieOutcome, withPoweredDie } from './powered-die.ts';
import type { JournalEntry, PulseJournal } from './pulse-journal.ts';
import { PulseStress } from './pulse-stress.ts';

export interface TrainDieOptions<S> extends DieWorkOptions {
  readonly journal: PulseJournal;
  /**
   * Trains on the junctions given, from where the journal's last state was; `keep` makes a state durable and says whether to
   * go on, `arm` makes the cells durable that are pulsed next.
   */
  readonly train: (bench: TrainingBench<S>) => Promise<S>;
  /** Whether a state is the end: the bench is then not touched any more. */
  readonly isFinished: (state: S) => boolean;
}

export interface TrainingBench<S> {
  readonly junctions: DieJunctions;
  /** The last state kept, by this run's predecessors. */
  readonly before: S | null;
  readonly arm: (cells: readonly number[]) => Promise<void>;
  readonly keep: (state: S) => Promise<boolean>;
}

export interface TrainedDie<S> {
  readonly state: S;
  /** Pulses of all runs of the journal; of a killed one all those that it had armed. */
  readonly pulses: number;
  readonly mostPulses: number;
}

/**
 * Lets a training have the junctions of a die, journals it, and leaves the bench safe whatever happens. Every pulse of
 * earlier runs counts towards the cells' stress budget. Nothing here knows what is learnt.
 */
export async function trainDie<S>(options: TrainDieOptions<S>): Promise<PoweredDieOutcome<TrainedDie<S>>> {
  const { journal, plan, stop, train } = options;
  const earlier = earlierTraining<S>(journal.earlier);
  if (earlier.state !== null && options.isFinished(earlier.state)) {
    const stress = new PulseStress(plan.bench.geometry, Number.POSITIVE_INFINITY);
    stress.add(earlier.pulsed, 0, null);
    return { result: trained(earlier.state, stress), error: null, safeState: NOTHING_TOUCHED };
  }
  return await withPoweredDie(
    {
      ...options,
      earlierTouchdowns: options.earlierTouchdowns ?? earlier.touchdowns,
      onTouchdown: async (total) => {
        await journal.append({ t: 'touchdown', total, at: new Date().toISOString() });
        await options.onTouchdown(total);
      },
    },
    async ({ cells, instruments }) => {
      const { stress } = cells;
      stress.add(earlier.pulsed, 0, null);
      const who = instruments.map(({ name, driver, model, serial, firmware }) => ({
        name,
        driver,
        model,
        serial,
        firmware,
      }));
      await journal.append({ t: 'session', at: new Date().toISOString(), instruments: who });
      const state = await train({
        junctions: new DieJunctions(cells, plan),
        before: earlier.state,
        arm: (armed) => journal.append({ t: 'arm', cells: armed }),
        keep: async (kept) => {
          await journal.append({ t: 'state', state: kept });
          return stop.reason === null;
        },
      });
      await journal.append({ t: 'result', at: new Date().toISOString(), state });
      return trained(state, stress);
    },
  );
}

function trained<S>(state: S, stress: PulseStress): TrainedDie<S> {
  return { state, pulses: stress.total, mostPulses: stress.mostOnOneCell };
}

function earlierTraining<S>(entries: readonly JournalEntry[]) {
  const states = entries.filter(({ t }) => t === 'state' || t === 'result');
  return {
    state: (states.at(-1)?.state ?? null) as S | null,
    touchdowns: entries.filter(({ t }) => t === 'touchdown').length,
    pulsed: entries.flatMap(({ t, cells }) => (t === 'arm' ? (cells as number[]) : [])),
  };
}
