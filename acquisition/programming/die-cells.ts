import type { Bench, SourceChannel, SpotReading } from '../../drivers/capabilities.ts';
import type { PairSide } from '../../wafer/sweep.ts';
import { largestLimitAmps } from '../pad-extremes.ts';
import { cellOf, type Pair, pairAt } from '../pair-order.ts';
import type { PairRoute } from '../pair-route.ts';
import type { Plan } from '../plan.ts';
import { programmingOf } from './programming-recipe.ts';
import { PulseStress } from './pulse-stress.ts';

type Levels = Readonly<Record<SourceChannel, number>>;

export interface PairSiemens {
  readonly A: number;
  readonly B: number;
}

/** What of a pair is pulsed: one cell, or both at one potential. */
export type PulsedSide = PairSide | 'both';

/** Integration time of the reading that a pulse takes at its end, power line cycles. */
export const PULSE_NPLC = 0.01;
const LINE_HERTZ = 50;
/** Settling of a spot reading, and three channels read one after the other, as the drivers do it. */
const SPOT_SETTLE_SECONDS = 5e-3;

/** Time a pulse stands on a cell, seconds. A source-measure unit on three lines makes no shorter one through `spot`. */
export const PULSE_SECONDS = SPOT_SETTLE_SECONDS + (3 * PULSE_NPLC) / LINE_HERTZ;

/**
 * Single cells of a contacted, powered die: low-bias reads of both cells of a pair, and pulses. The source is at 0 V
 * whenever a route moves, because a spot reading ends there. Pairs go by their index, enable line × rows + row.
 */
export class DieCells {
  readonly stress: PulseStress;
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #route: PairRoute;
  readonly #signal: AbortSignal;
  readonly #alike: number;
  readonly #different: number;

  constructor(bench: Bench, plan: Plan, route: PairRoute, signal: AbortSignal) {
    this.#bench = bench;
    this.#plan = plan;
    this.#route = route;
    this.#signal = signal;
    this.stress = new PulseStress(plan.bench.geometry, programmingOf(plan).mostPulsesPerCell);
    const { branches } = plan.recipe.programme;
    this.#alike = Math.min(...branches.flatMap(({ range }) => (range === null ? [] : [range.limitAmps])));
    this.#different = largestLimitAmps(plan.recipe.programme);
  }

  /**
   * Conductance of both cells, siemens; from one reading at each polarity, or from one alone with the source's offset in
   * it. Where a channel runs into the limit (a short) the columns part, and each cell is read again alone.
   */
  async read(pair: number, polarities: 'both' | 'one' = 'both'): Promise<PairSiemens> {
    const { volts, nplc, limitAmps } = programmingOf(this.#plan).read;
    await this.#route.to(this.#pair(pair), this.#signal);
    const spot = (levels: Levels, cycles: number) => this.#bench.source.spot(levels, limitAmps, cycles, this.#signal);
    const up = await spot({ columnA: volts, columnB: volts, row: 0 }, polarities === 'one' ? PULSE_NPLC : nplc);
    if (limited(up)) return { A: await this.#readAlone('A'), B: await this.#readAlone('B') };
    if (polarities === 'one') return { A: up.columnA.amps / volts, B: up.columnB.amps / volts };
    const down = await spot({ columnA: 0, columnB: 0, row: volts }, nplc);
    const slope = (channel: SourceChannel) => (up[channel].amps - down[channel].amps) / (2 * volts);
    return { A: slope('columnA'), B: slope('columnB') };
  }

  /** The other column follows the row, so that its cell carries nothing; the current is sensed at the row. */
  async #readAlone(side: PairSide): Promise<number> {
    const { volts, nplc } = programmingOf(this.#plan).read;
    const [up, down] = [pulseLevels(volts, side, 'row'), pulseLevels(-volts, side, 'row')];
    const spot = (levels: Levels) => this.#bench.source.spot(levels, this.#different, nplc, this.#signal);
    const [first, second] = [await spot(up), await spot(down)];
    const own = side === 'A' ? 'columnA' : 'columnB';
    const across = (spot: SpotReading) => spot[own].volts - spot.row.volts;
    return (second.row.amps - first.row.amps) / (across(first) - across(second));
  }

  /**
   * One pulse of `volts` (column minus row, signed). A cell pulsed alone leaves its partner at half the voltage and the
   * cells of the floating rows at a quarter; beside a short, with `partner: 'row'`, at nothing and at half. Resolves with false when a channel ran into its limit, so that the pulse was lower.
   * Throws TB_PULSE_BUDGET.
   */
  async pulse(pair: number, side: PulsedSide, volts: number, partner: 'half' | 'row' = 'half'): Promise<boolean> {
    const { geometry } = this.#plan.bench;
    const place = this.#pair(pair);
    const index = (of: PairSide) => cellOf(geometry, place, of) as number;
    const cells = side === 'both' ? [index('A'), index('B')] : [index(side)];
    this.stress.require(cells);
    await this.#route.to(place, this.#signal);
    this.stress.add(cells, volts, side === 'both' || partner === 'row' ? null : index(side === 'A' ? 'B' : 'A'));
    const limit = side === 'both' ? this.#alike : this.#different;
    const spot = await this.#bench.source.spot(pulseLevels(volts, side, partner), limit, PULSE_NPLC, this.#signal);
    return !limited(spot);
  }

  #pair(index: number): Pair {
    return pairAt(this.#plan.bench.geometry, index);
  }
}

function limited({ columnA, columnB, row }: SpotReading): boolean {
  return columnA.compliance || columnB.compliance || row.compliance;
}

/** No pad goes below 0 V: a negative junction voltage raises the row. The column not pulsed stands halfway, or with the row. */
export function pulseLevels(volts: number, side: PulsedSide, partner: 'half' | 'row'): Levels {
  const size = Math.abs(volts);
  const row = volts > 0 ? 0 : size;
  const level = (own: PairSide) => {
    if (side === own || side === 'both') return volts > 0 ? size : 0;
    return partner === 'half' ? size / 2 : row;
  };
  return { columnA: level('A'), columnB: level('B'), row };
}
