import { map, type Observable, Subject, share, tap } from 'rxjs';
import type { CellRecord, CursorRecord, SweepRecord } from '../db/records.ts';
import { rangeOf } from '../wafer/recipe.ts';
import { type CurrentRange, errorsLike, type SweepProgramme } from '../wafer/sweep.ts';
import type { Classifier } from './classifier.ts';
import { planOfDie } from './die-recipes.ts';
import type { SideSweep } from './follow-up.ts';
import type { PairVisit } from './pair-meter.ts';
import { cellOf, type Pair } from './pair-order.ts';
import type { Plan } from './plan.ts';
import type { SessionStore } from './session-store.ts';

/** What one position, or one look at a reference pair, produced. */
export interface Measured {
  readonly dieOrdinal: number;
  readonly attemptId: string;
  /** `repeat` 0: the cells' sweeps of record, to be classified. From 1: loops of a sample. */
  readonly visits: readonly { readonly visit: PairVisit; readonly repeat: number }[];
  /** Cells found broken in these visits: classified again whatever the repeat, with their cause. */
  readonly lost: ReadonlySet<number>;
  readonly cursor: CursorRecord;
}

/** The same as rows. */
export interface Recorded {
  readonly sweeps: readonly SweepRecord[];
  readonly cells: readonly CellRecord[];
  readonly cursor: CursorRecord;
}

/**
 * The stream of a session: measured pairs in, rows out, to the writer first and then to whoever watches. The stream
 * itself has no back-pressure; the measuring loop waits for the store before it measures on.
 */
export class RecordStream {
  /** Rows after they were handed to the writer. */
  readonly recorded: Observable<Recorded>;
  readonly #measured = new Subject<Measured>();
  #failure: { error: unknown } | null = null;

  constructor(plan: Plan, classifier: Classifier, store: SessionStore) {
    this.recorded = this.#measured.pipe(
      map((measured) => toRows(planOfDie(plan, measured.dieOrdinal), classifier, measured)),
      tap((rows) => store.addSweeps(rows)),
      share(),
    );
    // One subscriber of our own: a classifier or writer that throws is heard even when nobody watches.
    this.recorded.subscribe({ error: (error: unknown) => (this.#failure = { error }) });
  }

  /** Hands a measured position on; throws what the classifier or the writer threw. */
  push(measured: Measured): void {
    this.#measured.next(measured);
    if (this.#failure !== null) throw this.#failure.error;
  }

  end(): void {
    this.#measured.complete();
  }
}

function toRows(
  plan: Plan,
  classifier: Classifier,
  { dieOrdinal, attemptId, visits, lost, cursor }: Measured,
): Recorded {
  const sweeps: SweepRecord[] = [];
  const cells: CellRecord[] = [];
  for (const { visit, repeat } of visits) {
    // Superseded sweeps are kept under the repeat numbers after the one that counts.
    visit.superseded.forEach((sweep, index) => {
      sweeps.push(toRow(plan, visit.pair, sweep, dieOrdinal, attemptId, repeat + 1 + index));
    });
    for (const sweep of visit.record) {
      const row = toRow(plan, visit.pair, sweep, dieOrdinal, attemptId, repeat);
      sweeps.push(row);
      // One sweep alone cannot always tell that the cell was fine in an earlier one: what the session knows wins.
      const besideShort = visit.record.some(({ side, reading }) => side !== sweep.side && reading.kind === 'lowBias');
      const known = { ...row, access: errorsLike(row.access, row.side, besideShort) };
      if (lost.has(row.cell)) cells.push({ ...classifier.classify(known), cause: 'failedInTest' });
      else if (repeat === 0) cells.push(classifier.classify(known));
    }
  }
  return { sweeps, cells, cursor };
}

/** A side's sweep as it is stored. */
export function toRow(
  plan: Plan,
  pair: Pair,
  sweep: SideSweep,
  dieOrdinal: number,
  attemptId: string,
  repeat: number,
): SweepRecord {
  const { side, reading, access, startedAtMs, instrumentSeconds, residualAmps } = sweep;
  const { rangeAmps, limitAmps } = rangeOfSweep(plan.recipe.programme, sweep);
  return {
    attemptId,
    dieOrdinal,
    cell: cellOf(plan.bench.geometry, pair, side) as number,
    kind: reading.kind,
    access,
    side,
    branch: reading.branch,
    rangeAmps,
    limitAmps,
    repeat,
    startedAtMs,
    instrumentSeconds,
    rawStatus: reading.rawStatus,
    residualAmps,
    readings: reading.readings,
  };
}

/** Range and limit the sweep ran under: its override, its branch's, or those of its fixed list. */
function rangeOfSweep(programme: SweepProgramme, { reading, override }: SideSweep): CurrentRange {
  if (override !== null) return override;
  const branch = programme.branches[reading.branch];
  const segment = {
    loop: programme.loop[0],
    lowBias: programme.lowBias,
    open: programme.preRead,
    // The first list of a quick read has its own range; the writes run under the branch's.
    quick: programme.quick?.[1] ?? programme.preRead,
  }[reading.kind];
  return rangeOf(segment, branch) ?? (programme.preRead.fixed as CurrentRange);
}
