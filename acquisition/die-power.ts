import type { Bench, SupplyState } from '../drivers/capabilities.ts';
import { SUPPLY_NAMES, type SupplyName } from '../wafer/pad-map.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatQuantity } from '../wafer/units.ts';
import { largestLimitAmps } from './pad-extremes.ts';
import type { Plan } from './plan.ts';
import { linesLow, routesOpen, sourceOff, suppliesOff } from './safe-exit.ts';

/** A supply within this of its setting is up. */
const SUPPLY_TOLERANCE = { relative: 0.02, volts: 0.02 };

/** Substrate and ground first, then the rail; switched off in the reverse order. */
const POWER_UP_ORDER: readonly SupplyName[] = ['substrate', 'vss', 'vdd'];

export type SupplyStates = Readonly<Record<SupplyName, SupplyState>>;

/** Settings that need no contact: source limits verified, programme loaded, gate and relays configured. All outputs stay off. */
export async function configureBench(bench: Bench, plan: Plan, signal: AbortSignal): Promise<void> {
  const { recipe } = plan;
  for (const name of SUPPLY_NAMES) {
    const { volts, limitAmps } = supplySetting(plan, name);
    await bench.supplies.configure(name, volts, limitAmps, signal);
  }
  await bench.enableLines.configure(plan.bench.gateVolts, recipe.enable.settleSeconds, signal);
  await bench.router.configure(plan.bench.routeSettleSeconds, signal);
  const limitAmps = largestLimitAmps(recipe.programme);
  await bench.source.configure({ sourceRangeVolts: plan.bench.sourceRangeVolts, limitAmps }, signal);
  await bench.source.load(recipe.programme, signal);
}

/**
 * Outputs on at 0 V and off again with the needles up and every route open: an open interlock is met here, before a
 * touchdown is spent and a supply is switched on for nothing.
 */
export async function proveOutputs({ source }: Bench, signal: AbortSignal): Promise<void> {
  await source.setOutputs(true, signal);
  await source.setOutputs(false, signal);
}

/**
 * Supplies, then enable lines, then the source, each verified before the next; the needles must be in contact. The
 * enable lines stay low and the source stays at 0 V: only its outputs are on.
 */
export async function powerUp(bench: Bench, plan: Plan, signal: AbortSignal): Promise<SupplyStates> {
  for (const name of POWER_UP_ORDER) {
    await bench.supplies.setOn(name, true, signal);
    checkSupply(bench.supplies.identity.name, name, await bench.supplies.readState(name, signal), plan);
  }
  await linesLow(bench, signal);
  await routesOpen(bench, signal);
  await bench.source.setOutputs(true, signal);
  return await readSupplies(bench, signal);
}

/** Source, enable lines, relays, supplies: the reverse of `powerUp`, each read back. Needles may move afterwards. */
export async function powerDown(bench: Bench, signal: AbortSignal): Promise<void> {
  await sourceOff(bench, signal);
  await linesLow(bench, signal);
  await routesOpen(bench, signal);
  await suppliesOff(bench, signal);
}

export async function readSupplies(bench: Bench, signal: AbortSignal): Promise<SupplyStates> {
  const states: Partial<Record<SupplyName, SupplyState>> = {};
  for (const name of SUPPLY_NAMES) states[name] = await bench.supplies.readState(name, signal);
  return states as SupplyStates;
}

function supplySetting(plan: Plan, name: SupplyName): { volts: number; limitAmps: number } {
  const ofBench = plan.bench.supplies[name];
  // The recipe may ask for a lower limit than the bench allows, never for a higher one (checked with the plan).
  return name === 'vdd' ? { ...ofBench, limitAmps: plan.recipe.supplies.limitAmps } : ofBench;
}

function checkSupply(thing: string, name: SupplyName, state: SupplyState, plan: Plan): void {
  const { volts } = supplySetting(plan, name);
  const tolerance = SUPPLY_TOLERANCE.relative * Math.abs(volts) + SUPPLY_TOLERANCE.volts;
  if (state.on && !state.limiting && Math.abs(state.measuredVolts - volts) <= tolerance) return;
  const measured = `${formatQuantity(state.measuredVolts, 'V')}, ${formatQuantity(state.measuredAmps, 'A')}`;
  throw new TunnelbenchError('TB_SUPPLY_NOT_CONFIRMED', {
    thing: `${thing} ${name}`,
    what: state.limiting ? 'the supply is in its current limit' : 'the supply did not come up',
    value: `${state.on ? 'on' : 'off'}, ${measured}`,
    expected: `${formatQuantity(volts, 'V')} within ${formatQuantity(tolerance, 'V')}, not limiting`,
    remedy: 'Look for a short on the die or a needle on the wrong pad; the bench is made safe.',
  });
}
