import { setTimeout as wait } from 'node:timers/promises';
import type { Bench, LineKind } from '../../drivers/capabilities.ts';
import type { DieSite } from '../../wafer/die.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { configureBench, powerDown, powerUp } from '../die-power.ts';
import type { Plan } from '../plan.ts';
import { DEFAULT_SAFE_EXIT, type SafeExitTiming, safeExit, separated } from '../safe-exit.ts';
import { placesOf, proveAddresses } from './address-proof.ts';
import { followColumns, walkEnableLines } from './enabled-columns.ts';
import { openRouteZero, relaysOpen, walkIdleLines } from './idle-lines.ts';
import { PROBE_VOLTS } from './line-probe.ts';
import { measureReference, type ReferenceResistor } from './reference-resistor.ts';
import { walkRows } from './row-walk.ts';
import { SELF_TEST_CHECKS, SELF_TEST_FORMAT, type SelfTestFigures, type SelfTestReport } from './self-test-report.ts';
import { columnsOfPair, type TestSubject, testSubject, unlessRefused } from './test-subject.ts';

const NOTHING_MEASURED: SelfTestFigures = {
  zeroAmps: null,
  openRouteAmps: null,
  referenceOhms: null,
  medianCellSiemens: null,
  cellsWritten: 0,
};

export interface SelfTestOptions {
  /** Opened and identified, nothing energised; its state is taken as unknown. */
  readonly bench: Bench;
  /**
   * Recipe and bench settings, as for a measurement. Of its dies the first is tested; a line that looks open there is
   * looked at again on the next ones: open on all of them it is the bench's, else the die's.
   */
  readonly plan: Plan;
  readonly reference: ReferenceResistor | null;
  readonly signal: AbortSignal;
  readonly safeExitTiming?: SafeExitTiming;
}

/**
 * Tests the lines of a bench through a die: zero, leaks, shorts, relays, enable lines, order of columns and rows. Made safe
 * before and after, whatever happens; a bench that cannot be made safe or a link that fails rejects, after the safe exit.
 * Throws TB_BENCH_CANNOT_REALISE where an enable line opens one column only.
 */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const { bench, plan, signal, safeExitTiming = DEFAULT_SAFE_EXIT } = options;
  requirePairs(bench, plan);
  const startedAt = new Date().toISOString();
  const subject = testSubject(bench, plan, signal);
  const dies: number[] = [];
  let figures = NOTHING_MEASURED;
  let safeState: Awaited<ReturnType<typeof safeExit>>;
  try {
    const before = await safeExit(bench, safeExitTiming);
    if (before.verdict !== 'safe') throw notSafe(bench, before.verdict);
    await configureBench(bench, plan, signal);
    for (const check of SELF_TEST_CHECKS) {
      subject.book.close(check, 'notProven', 'a fault found before stands in its way');
    }
    if (await relaysOpen(subject)) {
      dies.push(plan.dies[0].ordinal);
      await enterDie(bench, plan, plan.dies[0], signal);
      figures = await testLines(subject, options);
      await leaveDie(subject, signal);
    }
    for (const die of plan.dies.slice(1)) {
      if (subject.book.openOnEveryDie().length === 0) break;
      dies.push(die.ordinal);
      await enterDie(bench, plan, die, signal);
      await confirmOpenLines(subject);
      await leaveDie(subject, signal);
    }
  } finally {
    safeState = await safeExit(bench, safeExitTiming);
  }
  const { book } = subject;
  const checks = book.settled();
  return {
    format: SELF_TEST_FORMAT,
    version: 1,
    bench: plan.bench.name,
    waferId: plan.bench.wafer.id,
    dies,
    startedAt,
    endedAt: new Date().toISOString(),
    checks: SELF_TEST_CHECKS.flatMap((name) => checks.filter(({ check }) => check === name)),
    findings: book.findings,
    figures: { ...figures, cellsWritten: subject.probe.cellsWritten },
    safeState,
    ok: safeState.verdict === 'safe' && book.findings.every(({ blames }) => blames === 'die'),
  };
}

/** The checks in their order; a fault that falsifies the later ones leaves them unproven. */
async function testLines(subject: TestSubject, { reference }: SelfTestOptions): Promise<SelfTestFigures> {
  const { book, pairs, geometry } = subject;
  const zero = await openRouteZero(subject);
  const referenceOhms = await measureReference(subject, reference);
  const figures = { ...NOTHING_MEASURED, ...zero, referenceOhms };

  const idle = await walkIdleLines(subject);
  if (idle === null) return figures;
  const columns = await walkEnableLines(subject, idle);
  book.close('enableLines', 'passed', `each of ${pairs} opens its own columns and no others`);
  if (book.has('stuckHigh')) return figures;
  await followColumns(subject, columns);
  book.close('columnLines', 'passed', `${geometry.columns} columns conduct; no leak, no short, every relay opens`);
  book.close('columnOrder', 'passed', `every column lies under its own enable line`);
  const places = placesOf(subject);
  if (typeof places === 'string') {
    for (const check of ['rowLines', 'rowOrder', 'pairOrder', 'addressWrite'] as const) {
      book.close(check, 'notProven', places);
    }
    return figures;
  }
  if (book.has('mirrored')) return figures;
  const walk = await walkRows(subject, places, columns);
  if (walk === null) return figures;
  book.close('rowLines', 'passed', `${geometry.rows} rows conduct, each on a line of its own`);
  await proveAddresses(subject, places, columns, walk);
  return { ...figures, medianCellSiemens: walk.medianSiemens };
}

async function enterDie(bench: Bench, plan: Plan, die: DieSite, signal: AbortSignal): Promise<void> {
  await separated(bench, signal);
  await bench.prober.moveToDie(die.x, die.y, signal);
  await bench.prober.contact(plan.bench.overdriveMicrometres, signal);
  const { settleSeconds } = plan.recipe.contact;
  if (settleSeconds > 0) await wait(settleSeconds * 1000, undefined, { signal });
  await powerUp(bench, plan, signal);
}

async function leaveDie({ bench, probe }: TestSubject, signal: AbortSignal): Promise<void> {
  probe.forget();
  await powerDown(bench, signal);
  await separated(bench, signal);
}

/** A line that conducts here was dead on the die before; one that does not is the bench's. */
async function confirmOpenLines(subject: TestSubject): Promise<void> {
  const { book, probe, pairs, geometry, conductingAmps } = subject;
  const conducts = async (pair: number, row: number, column: number | null) => {
    const read = await unlessRefused(async () => {
      await probe.place(pair, { ...columnsOfPair(pair), row });
      return await probe.amps({ columnA: PROBE_VOLTS, columnB: PROBE_VOLTS });
    });
    if (read === null) return false;
    const amps = column === null ? read.row : column % 2 === 0 ? read.columnA : read.columnB;
    return Math.abs(amps) > conductingAmps;
  };
  for (const { kind, index } of book.openOnEveryDie()) {
    // A few places first, then every cell of the line: on a die whose cells are mostly open a few say nothing.
    const spread = (count: number) => [
      ...[0, 0.25, 0.5, 0.75].map((part) => Math.floor(part * count)),
      ...Array.from({ length: count }, (_, i) => i),
    ];
    const tries: [number, number][] =
      kind === 'row'
        ? spread(pairs).map((pair) => [pair, index])
        : spread(geometry.rows).map((row) => [Math.floor(index / 2), row]);
    for (const [pair, row] of tries) {
      if (!(await conducts(pair, row, kind === 'column' ? index : null))) continue;
      book.blameDie(kind as LineKind, index);
      break;
    }
  }
}

function requirePairs({ source }: Bench, { bench }: Plan): void {
  const { columnsPerEnableLine } = bench.geometry;
  if (columnsPerEnableLine === 2 && source.accessSchemes.includes('pair')) return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: bench.name,
    what: 'the self-test tells lines apart by the two columns of an enable line, each on a channel of its own',
    value: `${columnsPerEnableLine} column an enable line; access schemes ${source.accessSchemes.join(', ')}`,
    expected: '2 columns an enable line and the scheme pair',
    remedy: 'Use "tunnelbench bench check" on this bench; it has no self-test.',
  });
}

function notSafe({ name }: Bench, verdict: string): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
    thing: name,
    what: 'the bench could not be made safe before the self-test',
    value: verdict,
    expected: 'outputs off, enable lines low, supplies off, separated, all read back',
    remedy: 'Go to the bench, check output, gate and chuck by hand, then test again.',
  });
}
