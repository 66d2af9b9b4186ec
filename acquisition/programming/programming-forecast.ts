import type { Plan } from '../plan.ts';
import { PULSE_NPLC } from './die-cells.ts';
import { programmingOf } from './programming-recipe.ts';
import { type CellTarget, mostPulsesPerWrite, pairTargets } from './write-cells.ts';

/** What a programming run will do, before anything is energised. */
export interface ProgrammingForecast {
  readonly pairs: number;
  readonly cells: number;
  /** Cells that are read but not pulsed. */
  readonly unwritable: number;
  /** With half of the cells in the wrong state, as after a random use; and with every retry spent. */
  readonly expectedPulses: number;
  readonly mostPulsesPerCell: number;
  readonly expectedSeconds: number;
  readonly mostSeconds: number;
  readonly mostVolts: number;
}

/** Relays and gates per pair, and a spot reading on the wire beside its own time. */
const ROUTE_SECONDS = 8e-3;
const WIRE_SECONDS = 2e-3;
const SPOT_SETTLE_SECONDS = 5e-3;
const LINE_HERTZ = 50;
/** Contact, power-up, check and release of one die. */
const DIE_SECONDS = 6;

export function programmingForecast(plan: Plan, targets: readonly CellTarget[]): ProgrammingForecast {
  const recipe = programmingOf(plan);
  const pairs = pairTargets(plan, targets).length;
  const unwritable = targets.filter((target) => target.unwritable !== null).length;
  const writable = targets.length - unwritable;
  const spot = (nplc: number) => SPOT_SETTLE_SECONDS + (3 * nplc) / LINE_HERTZ + WIRE_SECONDS;
  const readSeconds = 2 * spot(recipe.read.nplc);
  const pulseSeconds = spot(PULSE_NPLC);
  const route = plan.bench.routeSettleSeconds + ROUTE_SECONDS;
  const looks = 2 * pairs * (route + readSeconds) + DIE_SECONDS + plan.recipe.contact.settleSeconds;
  const most = mostPulsesPerWrite(recipe);
  return {
    pairs,
    cells: targets.length,
    unwritable,
    expectedPulses: Math.ceil(writable / 2),
    mostPulsesPerCell: 2 * most,
    expectedSeconds: looks + (writable / 2) * (pulseSeconds + readSeconds),
    mostSeconds: looks + 2 * writable * most * (pulseSeconds + readSeconds),
    mostVolts: Math.max(...recipe.amplitudes),
  };
}
