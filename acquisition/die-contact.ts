import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from '../drivers/capabilities.ts';
import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { type ContactCheck, checkContact } from './contact-check.ts';
import { powerDown, powerUp, proveOutputs } from './die-power.ts';
import type { PairRoute } from './pair-route.ts';
import type { Plan } from './plan.ts';
import { separated } from './safe-exit.ts';

export interface DieContact {
  readonly passed: boolean;
  readonly checks: readonly ContactCheck[];
  readonly overdriveMicrometres: number;
  readonly touchdowns: number;
}

/** What the session is told while a die is being contacted. */
export interface ContactWatcher {
  /** Called before the needles touch: the count must be durable before the die is worn. */
  touchdown(total: number): Promise<void>;
  checked(check: ContactCheck, attempt: string): Promise<void>;
}

/**
 * Brings the needles down on a die and powers it, with the retries of the recipe: once more overdrive within the cap,
 * then one re-touchdown, then no contact. Every motion happens with the die powered down. On return with `passed` the die
 * is powered and its outputs are on at 0 V; otherwise it is powered down and separated.
 * Throws TB_TOUCHDOWN_LIMIT, TB_SUPPLY_NOT_CONFIRMED, TB_PROBER_POSITION and whatever the bench throws.
 */
export async function contactDie(
  bench: Bench,
  plan: Plan,
  die: DieSite,
  route: PairRoute,
  earlierTouchdowns: number,
  watcher: ContactWatcher,
  signal: AbortSignal,
): Promise<DieContact> {
  const { contact } = plan.recipe;
  const base = plan.bench.overdriveMicrometres;
  const cap = Math.max(base, contact.maxOverdriveMicrometres);
  const more = Math.min(base + contact.moreOverdriveMicrometres, cap);
  const checks: ContactCheck[] = [];
  let touchdowns = earlierTouchdowns;

  const tryWith = async (overdrive: number, attempt: string): Promise<boolean> => {
    await bench.prober.contact(overdrive, signal);
    await checkHeight(bench, signal);
    if (contact.settleSeconds > 0) await wait(contact.settleSeconds * 1000, undefined, { signal });
    const check = await powerAndCheck(bench, plan, route, signal);
    checks.push(check);
    await watcher.checked(check, attempt);
    return check.passed;
  };
  const touch = async (overdrive: number, attempt: string) => {
    requireTouchdown(die, touchdowns, contact.maxTouchdownsPerDie);
    touchdowns += 1;
    await watcher.touchdown(touchdowns);
    return await tryWith(overdrive, attempt);
  };
  const result = (passed: boolean, overdriveMicrometres: number): DieContact => ({
    passed,
    checks,
    overdriveMicrometres,
    touchdowns,
  });

  await moveTo(bench, die, signal);
  await proveOutputs(bench, signal);
  if (await touch(base, 'first touchdown')) return result(true, base);
  await quiet(bench, route, signal);
  if (more > base) {
    if (await tryWith(more, 'more overdrive')) return result(true, more);
    await quiet(bench, route, signal);
  }
  await separated(bench, signal);
  if (touchdowns < contact.maxTouchdownsPerDie) {
    if (await touch(more, 're-touchdown')) return result(true, more);
    await quiet(bench, route, signal);
    await separated(bench, signal);
  }
  return result(false, more);
}

/** A supply that does not come up is this die's fault or its needles': it fails the check, not the session. */
async function powerAndCheck(bench: Bench, plan: Plan, route: PairRoute, signal: AbortSignal): Promise<ContactCheck> {
  try {
    await powerUp(bench, plan, signal);
  } catch (error) {
    if (error instanceof TunnelbenchError && error.code === 'TB_SUPPLY_NOT_CONFIRMED')
      return withoutPower(error.message);
    throw error;
  }
  return await checkContact(bench, plan, route, signal);
}

function withoutPower(reason: string): ContactCheck {
  return { passed: false, reason, supplyAmps: {}, leakageAmps: 0, sampled: 0, conducting: 0, open: [] };
}

/** Powers a die down and lifts it off the needles. */
export async function releaseDie(bench: Bench, route: PairRoute, signal: AbortSignal): Promise<void> {
  await quiet(bench, route, signal);
  await separated(bench, signal);
}

async function quiet(bench: Bench, route: PairRoute, signal: AbortSignal): Promise<void> {
  route.forget();
  await powerDown(bench, signal);
}

/** Separated, one absolute step, and the coordinate the prober then reports must be the plan's. */
async function moveTo(bench: Bench, die: DieSite, signal: AbortSignal): Promise<void> {
  await separated(bench, signal);
  await bench.prober.moveToDie(die.x, die.y, signal);
  const { die: there, height } = await bench.prober.readState(signal);
  if (there !== null && there.x === die.x && there.y === die.y && height === 'separation') return;
  throw new TunnelbenchError('TB_PROBER_POSITION', {
    thing: bench.prober.identity.name,
    what: 'another die than the plan’s lies under the needles',
    value: there === null ? 'unknown' : `${dieLabel(there)}, ${height}`,
    expected: `${dieLabel(die)}, separation`,
    remedy: 'Check the wafer map, its origin and the notch direction on the prober; nothing was contacted.',
  });
}

async function checkHeight({ prober }: Bench, signal: AbortSignal): Promise<void> {
  const { height } = await prober.readState(signal);
  if (height === 'contact') return;
  throw new TunnelbenchError('TB_PROBER_POSITION', {
    thing: prober.identity.name,
    what: 'the chuck is not at contact height',
    value: height,
    expected: 'contact',
    remedy: 'Check that the contact height is set on the prober.',
  });
}

function requireTouchdown(die: DieSite, touchdowns: number, limit: number): void {
  if (touchdowns < limit) return;
  throw new TunnelbenchError('TB_TOUCHDOWN_LIMIT', {
    thing: `die ${dieLabel(die)}`,
    what: 'its pads have taken all the touchdowns the recipe allows',
    value: `${touchdowns}`,
    expected: `fewer than ${limit} before another one`,
    remedy: 'Inspect the pads; raise contact.maxTouchdownsPerDie in a new plan, or leave this die out.',
  });
}
