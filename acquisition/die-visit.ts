import type { DieSite } from '../wafer/die.ts';
import { dieLabel } from '../wafer/die.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { ContactCheck } from './contact-check.ts';
import { type ContactWatcher, contactDie, releaseDie } from './die-contact.ts';
import { checkFingerprint, checkNewDie } from './die-fingerprint.ts';
import { countsBetween, type DieSummary, dieSummaryText } from './die-summary.ts';
import { estimateDie } from './duration-estimate.ts';
import type { FingerprintBook } from './fingerprint-book.ts';
import { DieMeasurement, type DieTask } from './measure-die.ts';
import { DIES_FOR_NEEDLE, type NeedleWatch } from './needle-watch.ts';
import { cellsPerDie, pairPositions, positionCount } from './plan.ts';
import type { ProgressMeter } from './progress.ts';
import type { EarlierWork } from './session-store.ts';
import type { DieWish } from './stop-request.ts';

const SKIPPED_BY_OPERATOR = 'skipped at the terminal';

/** What a die's visit needs from its session, and tells it. */
export interface DieContext extends DieTask {
  readonly meter: ProgressMeter;
  readonly needles: NeedleWatch;
  readonly earlier: EarlierWork;
  /** Some cells of the dies measured so far, those of this session included. */
  readonly fingerprints: FingerprintBook;
  /** What the attempts of this session are for; after a resume only the first one of a die is a resume. */
  readonly startReason: 'first' | 'resume' | 'retest';
  /** Touchdowns of the die so far, those of this session included. */
  readonly touchdowns: (dieOrdinal: number) => number;
  readonly touched: (dieOrdinal: number, touchdowns: number) => void;
  /** Somebody must look before the run goes on: waits, with the die powered down and separated; throws `cause` when nobody comes. */
  readonly halt: (cause: TunnelbenchError, dieOrdinal: number) => Promise<DieWish | null>;
  /** These dies are to be measured again at the end. */
  readonly again: (dieOrdinals: readonly number[], why: string) => Promise<void>;
  /** The session turns to this die. */
  readonly arrived: (die: DieSite) => void;
  /** A die was measured to its end. */
  readonly finished: (summary: DieSummary) => void;
  /** So many cells were lost on the die. */
  readonly lost: (cells: number) => void;
}

/** `done`: measured, or left out; `again`: to be touched and measured from its beginning; `stopped`: the session ends. */
export type VisitEnd = 'done' | 'again' | 'stopped';

/** The first visit goes on where an earlier session left off; a repetition begins anew. */
export type VisitKind = 'first' | 'repetition';

/**
 * One die from step to separation: contact with its retries, temperature, recognition of a die that was begun earlier, the
 * measurement from its cursor on, release. A die without contact is left out and the session goes on.
 */
export async function visitDie(
  context: DieContext,
  die: DieSite,
  number: number,
  kind: VisitKind = 'first',
): Promise<VisitEnd> {
  const { bench, plan, route, stop, meter, earlier } = context;
  const begun = { atMs: context.now(), waitedMs: meter.waitedMs };
  const start = kind === 'first' ? earlier.nextPosition(die.ordinal) : 0;
  const perPair = plan.bench.geometry.columnsPerEnableLine;
  const cellsLeft = (pairPositions(plan) - Math.min(start, pairPositions(plan))) * perPair;
  meter.skipEarlier(cellsPerDie(plan) - cellsLeft);
  if (await isOver(context, die, kind, start)) {
    meter.changeTotal(-cellsLeft);
    return 'done';
  }
  context.arrived(die);
  meter.startDie(die, number);
  context.tick();
  const contact = await contactDie(
    bench,
    plan,
    die,
    route,
    context.touchdowns(die.ordinal),
    watcherOf(context, die),
    stop.signal,
  );
  if (!contact.passed) {
    const reason = contact.checks.at(-1)?.reason ?? 'no contact';
    await context.store.updateDie(die.ordinal, { state: 'noContact', contactPassed: false, reason });
    await noteSkipped(context, die, reason);
    meter.changeTotal(-cellsLeft);
    return 'done';
  }
  await noteTemperature(context, die);
  await recognise(context, die);
  if (kind === 'repetition') await beginAnew(context, die);
  await context.store.updateDie(die.ordinal, { state: 'measuring', contactPassed: true, reason: null });
  const before = meter.snapshot();
  const result = await measureFrom(context, die, start, kind, begun);
  await releaseDie(bench, route, stop.signal);
  const measured = sumOf(countsBetween(before.counts, meter.snapshot().counts));
  return await endOfVisit(context, die, result, Math.max(0, cellsLeft - measured));
}

/** Whether nothing is to be done on the die: measured already, skipped before, or its touchdowns are spent. */
async function isOver(context: DieContext, die: DieSite, kind: VisitKind, start: number): Promise<boolean> {
  const { plan, earlier } = context;
  const limit = plan.recipe.contact.maxTouchdownsPerDie;
  if (kind === 'repetition') {
    if (context.touchdowns(die.ordinal) < limit) return false;
    await noteSkipped(context, die, `not repeated: all ${limit} touchdowns are spent`);
    return true;
  }
  const { state } = earlier.die(die.ordinal);
  if (start >= positionCount(plan)) {
    // Killed between the last sweep and the end of the die.
    if (state === 'measuring') await noteMeasured(context, die, `die ${dieLabel(die)} measured`);
    return true;
  }
  if (state === 'skipped') {
    await noteSkipped(context, die, 'in an earlier session; "resume --skipped" takes it up');
    return true;
  }
  if (state !== 'noContact' || context.touchdowns(die.ordinal) < limit) return false;
  await noteSkipped(context, die, `no contact in an earlier session, and all ${limit} touchdowns are spent`);
  return true;
}

/** From here on the die counts as not measured yet; what is stored of it stays, and the latest verdict counts. */
async function beginAnew({ events, store, planId }: DieContext, { ordinal, ...site }: DieSite): Promise<void> {
  await events.write('info', 'die-repeated', `die ${dieLabel(site)} is measured again from its beginning`, ordinal);
  store.addSweeps({ sweeps: [], cells: [], cursor: { planId, dieOrdinal: ordinal, nextPosition: 0 } });
  await store.flush();
}

async function measureFrom(
  context: DieContext,
  die: DieSite,
  start: number,
  kind: VisitKind,
  begun: { readonly atMs: number; readonly waitedMs: number },
) {
  const { plan, meter, now, earlier } = context;
  const { counts } = meter.snapshot();
  const again = kind === 'repetition' || (earlier.repeats?.(die.ordinal).begun ?? 0) > 0;
  const measurement = new DieMeasurement(context, die, start, again ? 'retest' : context.startReason);
  const result = await measurement.run().finally(() => context.lost(measurement.losses));
  if (result === 'finished') {
    const done = (positionCount(plan) - start) / positionCount(plan);
    await noteFinished(context, {
      die,
      counts: countsBetween(counts, meter.snapshot().counts),
      losses: measurement.losses,
      seconds: (now() - begun.atMs - (meter.waitedMs - begun.waitedMs)) / 1000,
      plannedSeconds: done * estimateDie(plan).dieSeconds,
    });
  }
  return result;
}

/** What follows from how the measurement of a die ended, and from what somebody wished meanwhile. */
async function endOfVisit(
  context: DieContext,
  die: DieSite,
  result: 'finished' | 'stopped',
  cellsLeft: number,
): Promise<VisitEnd> {
  const { stop, meter, store, needles } = context;
  const wish = stop.takeWish();
  if (stop.reason !== null) return 'stopped';
  if (wish === 'repeat') {
    needles.forgetDie();
    await context.again([die.ordinal], 'asked for at the terminal');
    return 'again';
  }
  if (result === 'stopped') {
    needles.forgetDie();
    meter.changeTotal(-cellsLeft);
    await store.updateDie(die.ordinal, { state: 'skipped', reason: SKIPPED_BY_OPERATOR });
    await noteSkipped(context, die, SKIPPED_BY_OPERATOR);
    return 'done';
  }
  await checkNeedles(context, die);
  return 'done';
}

function watcherOf({ store, events, touched }: DieContext, { ordinal, ...site }: DieSite): ContactWatcher {
  return {
    touchdown: async (touchdowns: number) => {
      touched(ordinal, touchdowns);
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

/**
 * A die that was begun or measured before must be the one that lies there now; a die that is new must not be one that was
 * measured before, as it is when the chuck did not move or the wafer lies otherwise than the map.
 */
async function recognise(context: DieContext, die: DieSite): Promise<void> {
  const { bench, plan, route, stop, events, earlier, fingerprints } = context;
  const { dies } = plan.bench.wafer;
  const begunBefore = earlier.knownCells(die.ordinal);
  const known = begunBefore.length > 0 ? begunBefore : fingerprints.knownCells(die.ordinal);
  const lookalikes =
    begunBefore.length > 0 ? (earlier.lookalikes?.(die.ordinal) ?? []) : fingerprints.lookalikes(die, dies);
  const found = await checkFingerprint(bench, plan, die, known, lookalikes, route, stop.signal);
  if (found !== null) {
    const text = `${found.matches} of ${found.of} cells measured earlier are found again`;
    await events.write('info', 'fingerprint', text, die.ordinal, found);
    return;
  }
  const compared = await checkNewDie(bench, plan, die, fingerprints.cells, lookalikes, route, stop.signal);
  if (compared === 0) return;
  const text = `unlike every die measured so far (${compared} comparisons)`;
  await events.write('info', 'fingerprint', text, die.ordinal, { compared });
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

/** Names the lines that are open on the whole die; halts the run when that happened on several in a row. */
async function checkNeedles(context: DieContext, { ordinal }: DieSite): Promise<void> {
  const { needles, events } = context;
  const { open, suspects, dies } = needles.endDie(ordinal);
  if (open.length > 0) {
    const text = `every measured cell is open on ${open.join(', ')}`;
    await events.write('warning', 'line-open', text, ordinal, { lines: open });
  }
  if (suspects.length === 0) return;
  const named = dies.join(',');
  const cause = new TunnelbenchError('TB_CONTACT_FAILED', {
    thing: suspects.join(', '),
    what: `open on ${DIES_FOR_NEEDLE} dies in a row: that is a needle or a relay, not the wafer`,
    remedy: `Clean or replace the needle, check the router, then go on; measure the dies ${named} again.`,
  });
  const wish = await context.halt(cause, ordinal);
  needles.startAfresh();
  if (wish === 'repeat') await context.again(dies, `measured with ${suspects.join(', ')} open`);
}

function sumOf(counts: DieSummary['counts']): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
