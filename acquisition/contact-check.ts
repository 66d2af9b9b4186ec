import type { Bench } from '../drivers/capabilities.ts';
import { SOURCE_CHANNELS } from '../drivers/capabilities.ts';
import { SUPPLY_NAMES } from '../wafer/pad-map.ts';
import { readSupplies, type SupplyStates } from './die-power.ts';
import { type Pair, pairAt, pairsOfDie } from './pair-order.ts';
import type { PairRoute } from './pair-route.ts';
import { spotPair } from './pair-spot.ts';
import type { Plan } from './plan.ts';
import { linesLow, routesOpen } from './safe-exit.ts';

export interface ContactCheck {
  readonly passed: boolean;
  /** Why not, in one sentence; empty when passed. */
  readonly reason: string;
  readonly supplyAmps: Readonly<Record<string, number>>;
  /** Largest channel current with every crosspoint open. */
  readonly leakageAmps: number;
  readonly sampled: number;
  readonly conducting: number;
  /** Sampled cells by row and column that did not conduct. */
  readonly open: readonly { readonly row: number; readonly column: number }[];
}

/** Low enough to leave every magnetic state alone. */
const CHECK = { volts: 0.05, limitAmps: 1e-4, nplc: 0.1 };
/** More current than this flows through a cell that is not open. */
const conductingAmps = (plan: Plan) => CHECK.volts / plan.recipe.thresholds.openAboveOhms;

/**
 * Whether the needles touch, told by known structure: supply currents within their limits, no leakage with every
 * crosspoint open, and a sample of cells on distinct rows and columns that conduct at low bias. Needs power; leaves the
 * source at 0 V. A few open cells are defects, not contact: the recipe says what fraction must conduct.
 */
export async function checkContact(
  bench: Bench,
  plan: Plan,
  route: PairRoute,
  signal: AbortSignal,
): Promise<ContactCheck> {
  const supplies = await readSupplies(bench, signal);
  route.forget();
  await linesLow(bench, signal);
  await routesOpen(bench, signal);
  const leakageAmps = await openRouteLeakage(bench, signal);

  const open: { row: number; column: number }[] = [];
  let sampled = 0;
  for (const pair of samplePairs(plan)) {
    const spots = await spotPair(bench, plan.recipe.access, route, pair, CHECK, signal);
    for (const side of ['A', 'B'] as const) {
      const spot = spots[side];
      if (spot === null) continue;
      sampled += 1;
      const conducts = spot.compliance || Math.abs(spot.amps) >= conductingAmps(plan);
      if (!conducts) open.push({ row: pair.row, column: pair.columns[side] as number });
    }
  }
  const conducting = sampled - open.length;
  const reason = reasonAgainst(plan, supplies, leakageAmps, sampled, conducting);
  const supplyAmps = Object.fromEntries(SUPPLY_NAMES.map((name) => [name, supplies[name].measuredAmps]));
  return { passed: reason === '', reason, supplyAmps, leakageAmps, sampled, conducting, open };
}

/** Pairs along the diagonal of the die: every one on its own row and under its own enable line as far as they last. */
export function samplePairs(plan: Plan): Pair[] {
  const { geometry } = plan.bench;
  const { rows } = geometry;
  const lines = pairsOfDie(geometry) / rows;
  const count = Math.max(1, Math.ceil(plan.recipe.contact.sampleCells / geometry.columnsPerEnableLine));
  const place = (i: number, among: number) => Math.min(among - 1, Math.floor(((i + 0.5) * among) / count));
  return Array.from({ length: count }, (_, i) => pairAt(geometry, place(i, lines) * rows + place(i, rows)));
}

async function openRouteLeakage(bench: Bench, signal: AbortSignal): Promise<number> {
  const levels = { columnA: CHECK.volts, columnB: CHECK.volts, row: 0 };
  const spot = await bench.source.spot(levels, CHECK.limitAmps, CHECK.nplc, signal);
  return Math.max(...SOURCE_CHANNELS.map((channel) => Math.abs(spot[channel].amps)));
}

function reasonAgainst(
  plan: Plan,
  supplies: SupplyStates,
  leakageAmps: number,
  sampled: number,
  conducting: number,
): string {
  const { contact } = plan.recipe;
  const limiting = SUPPLY_NAMES.filter((name) => supplies[name].limiting || !supplies[name].on);
  if (limiting.length > 0) return `supply ${limiting.join(', ')} limiting or off`;
  if (leakageAmps > contact.leakageAlarmAmps) {
    return `${leakageAmps.toExponential(2)} A flow with every crosspoint open, ${contact.leakageAlarmAmps} A allowed`;
  }
  if (conducting < contact.minConductingFraction * sampled) {
    return `only ${conducting} of ${sampled} sampled cells conduct`;
  }
  return '';
}
