import { deviation, mean, median, sum } from 'd3-array';
import { planOfDie, recipesOf } from '../acquisition/die-recipes.ts';
import { estimateDie, estimatePlan } from '../acquisition/duration-estimate.ts';
import { cellsPerDie, type FrozenPlan, pairPositions, positionCount, thawPlan } from '../acquisition/plan.ts';
import { planProgress } from '../acquisition/plan-progress.ts';
import type { SafeState } from '../acquisition/safe-exit.ts';
import type { Estimate, MorningFacts } from '../analysis/morning-summary.ts';
import type { CellRecord, EventRecord, SessionRecord } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

export interface KnownBesides {
  /** Entries of the simulated bench's violation book; null on a real bench. */
  readonly violations: number | null;
  readonly verified: MorningFacts['verified'];
}

/** Collects what the morning summary says from the wafer file, for its last session's plan. TB_ANALYSIS_NO_DATA without one. */
export function morningFacts(reader: WaferReader, besides: KnownBesides): MorningFacts {
  const session = reader.sessions().at(-1);
  const record = session === undefined ? null : reader.plan(session.planId);
  if (session === undefined || record === null) {
    throw new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
      thing: reader.file,
      what: 'the file holds no session',
      remedy: 'Measure a wafer first: "tunnelbench measure --help".',
    });
  }
  const frozen = thawPlan(record);
  const sessions = reader.sessions().filter(({ planId }) => planId === session.planId);
  const wafer = reader.wafer();
  // One die's cells in memory at a time: a wafer has hundreds of thousands.
  const digests = frozen.plan.dies.map(({ ordinal }) => digestOf(reader.cells(ordinal)));
  return {
    file: reader.file,
    lot: wafer.lot,
    wafer: wafer.wafer,
    recipe: recipesOf(frozen.plan)
      .map(({ part }) => part.recipe.name)
      .join(', '),
    geometry: wafer.geometry,
    finish: { ...progressOf(reader, frozen), ...endOf(session, reader.events(session.id)), sessions: sessions.length },
    bench: benchOf(session),
    harm: {
      losses: sum(digests.map(({ losses }) => losses)),
      violations: besides.violations,
      mostTouchdowns: Math.max(0, ...reader.dies().map(({ touchdowns }) => touchdowns)),
      touchdownLimit: frozen.plan.recipe.contact.maxTouchdownsPerDie,
    },
    trust: trustOf(reader, frozen, sessions, digests),
    found: foundOf(reader, frozen, digests),
    time: { ...plannedTimes(reader, frozen), actualSeconds: secondsOf(sessions) },
    verified: besides.verified,
  };
}

function progressOf(reader: WaferReader, { plan, record }: FrozenPlan) {
  const pairs = pairPositions(plan);
  const perPair = plan.bench.geometry.columnsPerEnableLine;
  const reached = plan.dies.map(({ ordinal }) => reader.cursor(record.id, ordinal)?.nextPosition ?? 0);
  const states = new Map(reader.dies().map((die) => [die.ordinal, die.state]));
  return {
    cellsDone: reached.reduce((sum, position) => sum + Math.min(position, pairs) * perPair, 0),
    cellsPlanned: cellsPerDie(plan) * plan.dies.length,
    diesDone: plan.dies.filter(({ ordinal }) => states.get(ordinal) === 'measured').length,
    diesPlanned: plan.dies.length,
  };
}

/** The plan's estimate in all, and for the positions that were measured; visits of repeated dies count as done or not. */
function plannedTimes(reader: WaferReader, frozen: FrozenPlan) {
  const { plan } = frozen;
  const { reached, stories } = planProgress(reader, frozen);
  const measured = plan.dies.reduce((sum, { ordinal }) => {
    const part = planOfDie(plan, ordinal);
    const visits = (reached.get(ordinal) ?? 0) / positionCount(part) + stories.repeats(ordinal).begun;
    return sum + visits * estimateDie(part).dieSeconds;
  }, 0);
  return { plannedSeconds: estimatePlan(plan).totalSeconds, plannedOfMeasuredSeconds: measured };
}

function endOf(session: SessionRecord, events: readonly EventRecord[]) {
  const lastError = events.findLast(({ level }) => level === 'error');
  const end = session.end ?? ('interrupted' as const);
  return { end, reason: end === 'finished' ? null : (lastError?.text ?? null) };
}

function benchOf({ safeStateJson }: SessionRecord): MorningFacts['bench'] {
  if (safeStateJson === null) return { verdict: 'unknown', at: null, steps: [] };
  const { verdict, at, steps } = JSON.parse(safeStateJson) as SafeState;
  return {
    verdict,
    at,
    steps: steps.map(({ name, outcome, detail }) =>
      outcome === 'confirmed' ? detail : `${name} ${outcome}: ${detail}`,
    ),
  };
}

function trustOf(
  reader: WaferReader,
  { plan, record }: FrozenPlan,
  sessions: readonly SessionRecord[],
  digests: readonly DieDigest[],
): MorningFacts['trust'] {
  const planned = new Set(plan.dies.map(({ ordinal }) => ordinal));
  const dies = reader.dies().filter(({ ordinal }) => planned.has(ordinal));
  const perPair = plan.bench.geometry.columnsPerEnableLine;
  const gaps = plan.dies.map(({ ordinal }, i) => {
    const reached = Math.min(reader.cursor(record.id, ordinal)?.nextPosition ?? 0, pairPositions(plan));
    return Math.max(0, reached * perPair - digests[i].measured);
  });
  const celsius = dies.flatMap(({ chuckCelsius }) => (chuckCelsius === null ? [] : [chuckCelsius]));
  const events = sessions.flatMap(({ id }) => reader.events(id)).filter(({ level }) => level !== 'info');
  const kinds = Map.groupBy(events, ({ kind }) => kind);
  return {
    warnings: [...kinds].map(([kind, list]) => ({ kind, count: list.length, first: list[0].text })),
    diesWithoutContact: dies.filter(({ state }) => state === 'noContact').length,
    diesSkipped: dies.filter(({ state }) => state === 'skipped').length,
    undetermined: sum(digests.map(({ undetermined }) => undetermined)),
    gaps: sum(gaps),
    chuckCelsius: celsius.length === 0 ? null : [Math.min(...celsius), Math.max(...celsius)],
  };
}

function foundOf(reader: WaferReader, { plan }: FrozenPlan, digests: readonly DieDigest[]): MorningFacts['found'] {
  const counts = plan.dies.map(({ ordinal }) => reader.countsByClass(ordinal));
  const total = { ...counts[0] };
  for (const name of Object.keys(total) as (keyof typeof total)[]) {
    total[name] = counts.reduce((sum, die) => sum + die[name], 0);
  }
  return {
    counts: total,
    rP: estimateOf(digests.flatMap(({ rP }) => rP)),
    rAp: estimateOf(digests.flatMap(({ rAp }) => rAp)),
    vSwitchPositive: medianOf(digests.flatMap(({ vSwitchPositive }) => vSwitchPositive)),
    vSwitchNegative: medianOf(digests.flatMap(({ vSwitchNegative }) => vSwitchNegative)),
    dies: plan.dies.map(({ x, y }, i) => ({ x, y, measured: digests[i].measured, healthy: counts[i].healthy })),
    badCells: digests.length === 1 ? digests[0].badCells : null,
  };
}

/** What the summary needs of one die's cells. The lists are of the healthy cells. */
interface DieDigest {
  readonly measured: number;
  readonly losses: number;
  readonly undetermined: number;
  readonly badCells: readonly number[];
  readonly rP: readonly number[];
  readonly rAp: readonly number[];
  readonly vSwitchPositive: readonly number[];
  readonly vSwitchNegative: readonly number[];
}

function digestOf(cells: readonly CellRecord[]): DieDigest {
  const healthy = cells.filter((cell) => cell.class === 'healthy');
  const known = (pick: (cell: CellRecord) => number | null) => healthy.map(pick).filter((value) => value !== null);
  return {
    measured: cells.length,
    losses: cells.filter(({ cause }) => cause === 'failedInTest').length,
    undetermined: cells.filter((cell) => cell.class === 'undetermined').length,
    badCells: cells.filter((cell) => cell.class !== 'healthy').map(({ cell }) => cell),
    rP: known(({ rP }) => rP),
    rAp: known(({ rAp }) => rAp),
    vSwitchPositive: known(({ vSwitchPositive }) => vSwitchPositive),
    vSwitchNegative: known(({ vSwitchNegative }) => vSwitchNegative),
  };
}

function estimateOf(values: readonly number[]): Estimate | null {
  const spread = deviation(values);
  if (spread === undefined) return null;
  return { mean: mean(values) as number, standardError: spread / Math.sqrt(values.length), cells: values.length };
}

function medianOf(values: readonly number[]): { median: number; cells: number } | null {
  const middle = median(values);
  return middle === undefined ? null : { median: middle, cells: values.length };
}

/** Sum over the sessions; one that ended without a word counts as nothing. */
function secondsOf(sessions: readonly SessionRecord[]): number {
  const spans = sessions.map(({ startedAt, endedAt }) =>
    endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt),
  );
  return spans.reduce((sum, span) => sum + span, 0) / 1000;
}
