import type { Bench } from '../drivers/capabilities.ts';
import type { PairSide } from '../wafer/sweep.ts';
import {
  afterRun,
  FIRST_RUN,
  freshPair,
  latestOf,
  loopRuns,
  nextRun,
  type PairState,
  QUICK_RUN,
  type RunRequest,
  type SideSweep,
} from './follow-up.ts';
import type { Pair } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import type { Plan } from './plan.ts';
import { type Settled, settled } from './settled.ts';

/** Everything measured on one pair at one visit. */
export interface PairVisit {
  readonly pair: Pair;
  /** Each side's sweep of record. */
  readonly record: readonly SideSweep[];
  /** Sweeps that another one replaced, oldest first. */
  readonly superseded: readonly SideSweep[];
}

/** Tokens wrap here; the instrument echoes them, so a late reply can never be taken for another pair's. */
const LARGEST_TOKEN = 2 ** 31 - 1;

/**
 * Measures pairs one after the other on one die. The source is at 0 V before each route and after each run; while a
 * reading is on the wire, the next pair is routed.
 */
export class PairMeter {
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #route: PairRoute;
  readonly #now: () => number;
  readonly #sides: readonly PairSide[];
  #token = 0;
  /** The next pair's route on its way. */
  #coming: Promise<Settled<void>> | null = null;

  constructor(bench: Bench, plan: Plan, route: PairRoute, now: () => number) {
    this.#bench = bench;
    this.#plan = plan;
    this.#route = route;
    this.#now = now;
    this.#sides = plan.bench.geometry.columnsPerEnableLine === 2 ? ['A', 'B'] : ['A'];
  }

  /** Resolves when no relay moves any more; rejects with the failure of a route that was begun for the next pair. */
  async atRest(): Promise<void> {
    const coming = this.#coming;
    if (coming === null) return;
    const routed = await coming;
    this.#coming = null;
    if ('error' in routed) throw routed.error;
  }

  /** Measures `pair` completely; `next`, if any, is routed from the end of the first sweep on, and may still be at the end. */
  async visit(pair: Pair, next: Pair | null, signal: AbortSignal): Promise<PairVisit> {
    const state = freshPair(this.#plan.recipe.programme, this.#sides);
    return toVisit(pair, await this.#complete(await this.#run(state, FIRST_RUN, pair, next, signal), pair, signal));
  }

  /** The same beginning with the quick read; `wantsLoop` says which sides need a loop after what it found. */
  async quickVisit(
    pair: Pair,
    next: Pair | null,
    wantsLoop: (visit: PairVisit) => readonly PairSide[],
    signal: AbortSignal,
  ): Promise<PairVisit> {
    const quickAlone = this.#bench.source.quickReadsAlone === true;
    let state: PairState = { ...freshPair(this.#plan.recipe.programme, this.#sides), quickAlone };
    state = await this.#complete(await this.#run(state, QUICK_RUN, pair, next, signal), pair, signal);
    const sides = wantsLoop(toVisit(pair, state));
    if (sides.length === 0) return toVisit(pair, state);
    for (const request of loopRuns(state, sides)) state = await this.#run(state, request, pair, null, signal);
    return toVisit(pair, await this.#complete(state, pair, signal));
  }

  /** Runs whatever the pair still needs. */
  async #complete(begun: PairState, pair: Pair, signal: AbortSignal): Promise<PairState> {
    let state = begun;
    for (let request = nextRun(state); request !== null; request = nextRun(state)) {
      state = await this.#run(state, request, pair, null, signal);
    }
    return state;
  }

  /** A look at low bias, which leaves every magnetic state alone: sweeps of those sides only that are low. */
  async lookAtLowBias(pair: Pair, signal: AbortSignal): Promise<PairVisit> {
    const state = freshPair(this.#plan.recipe.programme, this.#sides);
    const request: RunRequest = { run: 'lowBias', access: 'pair', rangeOverride: null };
    return toVisit(pair, await this.#run(state, request, pair, null, signal));
  }

  async #run(
    state: PairState,
    request: RunRequest,
    pair: Pair,
    next: Pair | null,
    signal: AbortSignal,
  ): Promise<PairState> {
    await this.atRest();
    await this.#route.to(pair, signal);
    this.#token = (this.#token % LARGEST_TOKEN) + 1;
    const startedAtMs = this.#now();
    const run = this.#bench.source.start({ token: this.#token, ...request }, signal);
    // Both promises may reject for one cause: each must have somebody listening at once.
    const arriving = settled(run.reading);
    await run.idle;
    // The next route begins only here, with all channels confirmed at 0 V. Nobody waits for it but the next run: what this
    // one has read is looked at meanwhile.
    if (next !== null) this.#coming = settled(this.#route.to(next, signal));
    const reading = await arriving;
    if ('error' in reading) throw reading.error;
    return afterRun(state, request, reading.value, startedAtMs);
  }
}

function toVisit(pair: Pair, state: PairState): PairVisit {
  const record = state.sides.map((side) => latestOf(state, side)).filter((sweep) => sweep !== undefined);
  return { pair, record, superseded: state.sweeps.filter((sweep) => !record.includes(sweep)) };
}
