import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { ContactCheck } from './contact-check.ts';
import { type ContactWatcher, contactDie, releaseDie } from './die-contact.ts';
import { checkFingerprint } from './die-fingerprint.ts';
import { countsBetween, type DieSummary, dieSummaryText } from './die-summary.ts';
import { estimatePlan } from './duration-estimate.ts';
import { DieMeasurement, type DieTask } from './measure-die.ts';
import { DIES_FOR_NEEDLE, type NeedleWatch } from './needle-watch.ts';
import { pairPositions, positionCount } from './plan.ts';
import type { ProgressMeter } from './progress.ts';
import type { EarlierWork } from './session-store.ts';

/** What a die's visit needs from its session, and tells it. */
export interface DieContext extends DieTask {
  readonly meter: ProgressMeter;
  readonly needles: NeedleWatch;
  readonly earlier: EarlierWork;
  /** What the attempts of this session are for; after a resume only the first one of a die is a resume. */
  readonly startReason: 'first' | 'resume' | 'retest';
  /** The session turns to this die. */
  readonly arrived: (die: DieSite) => void;
  /** A die was measured to its end. */
  readonly finished: (summary: DieSummary) => void;
  /** So many cells were lost on the die. */
  readonly lost: (cells: number) => void;
}

/**
 * One die from step to separation: contact with its retries, temperature, recognition of a die that was begun earlier, the
 * measurement from its cursor on, release. A die without contact is left out and the session goes on.
 */
export async function visitDie(context: DieContext, die: DieSite, number: number): Promise<'done' | 'stopped'> {
  const { bench, plan, store, route, stop, meter, earlier, now } = context;
  const begunMs = now();
  const start = earlier.nextPosition(die.ordinal);
  meter.skipEarlier(Math.min(start, pairPositions(plan)) * plan.bench.geometry.columnsPerEnableLine);
  const { state, touchdowns } = earlier.die(die.ordinal);
  if (start >= positionCount(plan)) {
    // Killed between the last sweep and the end of the die.
    if (state === 'measuring') await noteMeasured(context, die, `die ${dieLabel(die)} measured`);
    return 'done';
  }
  const limit = plan.recipe.contact.maxTouchdownsPerDie;
  if (state === 'noContact' && touchdowns >= limit) {
    await noteSkipped(context, die, `no contact in an earlier session, and all ${limit} touchdowns are spent`);
    return 'done';
  }

  context.arrived(die);
  meter.startDie(die, number);
  context.tick();
  const contact = await contactDie(bench, plan, die, route, touchdowns, watcherOf(context, die), stop.signal);
  if (!contact.passed) {
    const reason = contact.checks.at(-1)?.reason ?? 'no contact';
    await store.updateDie(die.ordinal, { state: 'noContact', contactPassed: false, reason });
    await noteSkipped(context, die, `no contact: ${reason}`);
    return 'done';
  }
  await noteTemperature(context, die);
  await recognise(context, die);
  await store.updateDie(die.ordinal, { state: 'measuring', contactPassed: true, reason: null });
  const { counts } = meter.snapshot();
  const measurement = new DieMeasurement(context, die, start, context.startReason);
  const result = await measurement.run().finally(() => context.lost(measurement.losses));
  if (result === 'finished') {
    const done = (positionCount(plan) - start) / positionCount(plan);
    await noteFinished(context, {
      die,
      counts: countsBetween(counts, meter.snapshot().counts),
      losses: measurement.losses,
      seconds: (now() - begunMs) / 1000,
      plannedSeconds: done * estimatePlan(plan).dieSeconds,
    });
  }
  await releaseDie(bench, route, stop.signal);
  if (result === 'stopped') return 'stopped';
  await checkNeedles(context, die);
  return 'done';
}

function watcherOf({ store, events }: DieContext, { ordinal, ...site }: DieSite): ContactWatcher {
  return {
    touchdown: async (touchdowns: number) => {
      await store.updateDie(ordinal, { touchdowns });
      await events.write('info', 'touchdown', `touchdown ${touchdowns} on die ${dieLabel(site)}`, ordinal);
    },
    checked: async (check: ContactCheck, attempt: string) => {
      await store.updateDie(ordinal, { contactPassed: check.passed, contactJson: JSON.stringify(check) });
      const text = check.passed ? `contact good (${attempt})` : `contact check failed (${attempt}): ${check.reason}`;
      await events.write(check.passed ? 'info' : 'warning', 'contact-check', text, ordinal, check);
    },
  };
}

/** A die that was begun in an earlier session must be the one that lies there now. */
async function recognise({ bench, plan, route, stop, events, earlier }: DieContext, die: DieSite): Promise<void> {
  const known = earlier.knownCells(die.ordinal);
  const lookalikes = earlier.lookalikes?.(die.ordinal) ?? [];
  const found = await checkFingerprint(bench, plan, die, known, lookalikes, route, stop.signal);
  if (found === null) return;
  const text = `${found.matches} of ${found.of} cells measured earlier are found again`;
  await events.write('info', 'fingerprint', text, die.ordinal, found);
}

async function noteTemperature({ bench, store, plan, events, stop }: DieContext, { ordinal }: DieSite): Promise<void> {
  const { chuckCelsius: wanted, toleranceCelsius } = plan.recipe.environment;
  const chuckCelsius = await bench.prober.readChuckCelsius(stop.signal);
  await store.updateDie(ordinal, { chuckCelsius });
  if (chuckCelsius === null) {
    await events.write('info', 'chuck-temperature', 'the prober reports no chuck temperature', ordinal);
    return;
  }
  if (Math.abs(chuckCelsius - wanted) <= toleranceCelsius) return;
  const text = `chuck at ${chuckCelsius} °C, recipe ${wanted} ± ${toleranceCelsius} °C`;
  await events.write('warning', 'chuck-temperature', text, ordinal, { chuckCelsius, wanted });
}

async function noteFinished(context: DieContext, summary: DieSummary): Promise<void> {
  await noteMeasured(context, summary.die, dieSummaryText(summary), summary);
  context.finished(summary);
}

async function noteMeasured(
  { store, events }: DieContext,
  { ordinal }: DieSite,
  text: string,
  summary?: DieSummary,
): Promise<void> {
  await store.flush();
  await store.updateDie(ordinal, { state: 'measured' });
  await events.write('info', 'die-finished', text, ordinal, summary);
}

async function noteSkipped({ events }: DieContext, die: DieSite, reason: string): Promise<void> {
  await events.write('warning', 'die-skipped', `die ${dieLabel(die)} skipped: ${reason}`, die.ordinal);
}

/** Names the lines that are open on the whole die; throws TB_CONTACT_FAILED when that happened on several in a row. */
async function checkNeedles({ needles, events }: DieContext, { ordinal }: DieSite): Promise<void> {
  const { open, suspects } = needles.endDie();
  if (open.length > 0) {
    const text = `every measured cell is open on ${open.join(', ')}`;
    await events.write('warning', 'line-open', text, ordinal, { lines: open });
  }
  if (suspects.length === 0) return;
  throw new TunnelbenchError('TB_CONTACT_FAILED', {
    thing: suspects.join(', '),
    what: `open on ${DIES_FOR_NEEDLE} dies in a row: that is a needle or a relay, not the wafer`,
    remedy: 'Clean or replace the needle, check the router, then resume; re-measure the dies named in the events.',
  });
}
