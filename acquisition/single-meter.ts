import type { Bench } from '../drivers/capabilities.ts';
import type { PairSide } from '../wafer/sweep.ts';
import {
  afterRun,
  FIRST_SINGLE_RUN,
  freshSide,
  LOW_BIAS_SINGLE_RUN,
  latestOf,
  nextRun,
  type PairState,
  QUICK_SINGLE_RUN,
  type RunRequest,
} from './follow-up.ts';
import type { PairVisit } from './pair-meter.ts';
import type { Pair } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import type { Plan } from './plan.ts';

/** Tokens wrap here; the instrument echoes them, so a late reply can never be taken for another cell's. */
const LARGEST_TOKEN = 2 ** 31 - 1;

/**
 * Measures pairs with a source of one channel: A, then B, each with its neighbour on the guard and with HI and LO
 * exchanged between its halves. The source is at 0 V before each route and after each run. Nothing is routed ahead: the
 * readings of one channel arrive before it says that it idles.
 */
export class SingleMeter {
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #route: PairRoute;
  readonly #now: () => number;
  readonly #sides: readonly PairSide[];
  #token = 0;

  constructor(bench: Bench, plan: Plan, route: PairRoute, now: () => number) {
    this.#bench = bench;
    this.#plan = plan;
    this.#route = route;
    this.#now = now;
    this.#sides = plan.bench.geometry.columnsPerEnableLine === 2 ? ['A', 'B'] : ['A'];
  }

  /** Nothing is routed ahead, so nothing is under way between two visits. */
  async atRest(): Promise<void> {}

  /** Measures both cells completely. */
  async visit(pair: Pair, _next: Pair | null, signal: AbortSignal): Promise<PairVisit> {
    return toVisit(
      pair,
      await this.#eachSide((side) => this.#complete(this.#fresh(side), FIRST_SINGLE_RUN, pair, signal)),
    );
  }

  /** The same beginning with the quick read; `wantsLoop` says which sides need a loop after what it found. */
  async quickVisit(
    pair: Pair,
    _next: Pair | null,
    wantsLoop: (visit: PairVisit) => readonly PairSide[],
    signal: AbortSignal,
  ): Promise<PairVisit> {
    const quick = await this.#eachSide((side) => this.#complete(this.#fresh(side), QUICK_SINGLE_RUN, pair, signal));
    const sides = wantsLoop(toVisit(pair, quick));
    const states: PairState[] = [];
    for (const state of quick) {
      const again = sides.includes(state.sides[0]);
      states.push(again ? await this.#complete(state, FIRST_SINGLE_RUN, pair, signal) : state);
    }
    return toVisit(pair, states);
  }

  /** A look at low bias, which leaves every magnetic state alone. */
  async lookAtLowBias(pair: Pair, signal: AbortSignal): Promise<PairVisit> {
    const look = (side: PairSide) => this.#run(this.#fresh(side), LOW_BIAS_SINGLE_RUN, pair, signal);
    return toVisit(pair, await this.#eachSide(look));
  }

  #fresh(side: PairSide): PairState {
    return freshSide(this.#plan.recipe.programme, side);
  }

  async #eachSide(measure: (side: PairSide) => Promise<PairState>): Promise<PairState[]> {
    const states: PairState[] = [];
    for (const side of this.#sides) states.push(await measure(side));
    return states;
  }

  /** A first run, then whatever the cell still needs. */
  async #complete(begun: PairState, first: RunRequest, pair: Pair, signal: AbortSignal): Promise<PairState> {
    let state = await this.#run(begun, first, pair, signal);
    for (let request = nextRun(state); request !== null; request = nextRun(state)) {
      state = await this.#run(state, request, pair, signal);
    }
    return state;
  }

  async #run(state: PairState, request: RunRequest, pair: Pair, signal: AbortSignal): Promise<PairState> {
    const [side] = state.sides;
    await this.#route.toCell(pair, side, 'positive', signal);
    this.#token = (this.#token % LARGEST_TOKEN) + 1;
    const startedAtMs = this.#now();
    const exchange = this.#route.exchange(pair, side, 'positive', signal);
    const run = this.#bench.source.start({ token: this.#token, ...request, exchange }, signal);
    return afterRun(state, request, await run.reading, startedAtMs);
  }
}

function toVisit(pair: Pair, states: readonly PairState[]): PairVisit {
  const record = states.flatMap((state) => latestOf(state, state.sides[0]) ?? []);
  const superseded = states.flatMap(({ sweeps }) => sweeps.filter((sweep) => !record.includes(sweep)));
  return { pair, record, superseded };
}
