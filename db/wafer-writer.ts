import type { ClassThresholds } from '../wafer/cell-class.ts';
import { cellToRow } from './cell-row.ts';
import type {
  AttemptRecord,
  CellRecord,
  DieUpdate,
  EventRecord,
  InstrumentRecord,
  NoteRecord,
  PlanRecord,
  SessionEnd,
  SessionRecord,
  WaferRecord,
} from './records.ts';
import type { SweepBatch } from './sweep-pack.ts';
import { WriterLink } from './writer-link.ts';

export interface WaferWriterOptions {
  /** `ready` waits while this many sweeps or more are not yet durable. */
  readonly maxQueuedSweeps?: number;
  /** Most sweeps in one transaction. A single one when the queue is empty: nothing waits for company. */
  readonly maxTransactionSweeps?: number;
  /** The file may not grow beyond this; TB_DISK_FULL. Default: as far as the disk goes. */
  readonly maxFileBytes?: number | null;
}

/**
 * Main-thread side of the one write connection of a wafer file, which lives in a worker thread. Entries become durable
 * in the order of the calls. A write that fails, or a worker that dies, ends the writer: `failure` rejects at once
 * and every later call rejects with the same error; what was durable stays so.
 */
export class WaferWriter {
  readonly file: string;
  /** Never resolves; rejects with TB_WRITER_FAILED, TB_DISK_FULL or another coded error as soon as writing fails. */
  readonly failure: Promise<never>;
  private readonly link: WriterLink;

  /** Makes a new file with the wafer and its dies, none touched. TB_FILE_EXISTS when something is there already. */
  static create(file: string, wafer: WaferRecord, options: WaferWriterOptions = {}): Promise<WaferWriter> {
    return WaferWriter.start(file, wafer, options);
  }

  /** Opens a wafer file to add to it. TB_FILE_NOT_FOUND, TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_FILE_IN_USE. */
  static open(file: string, options: WaferWriterOptions = {}): Promise<WaferWriter> {
    return WaferWriter.start(file, null, options);
  }

  private static async start(
    file: string,
    wafer: WaferRecord | null,
    { maxQueuedSweeps = 1024, maxTransactionSweeps = 256, maxFileBytes = null }: WaferWriterOptions,
  ): Promise<WaferWriter> {
    const bounds = { maxQueuedSweeps, maxTransactionSweeps };
    return new WaferWriter(file, await WriterLink.start({ file, wafer, maxFileBytes }, bounds));
  }

  private constructor(file: string, link: WriterLink) {
    this.file = file;
    this.link = link;
    this.failure = link.failure;
  }

  /** Sweeps handed over and not yet durable. */
  get queued(): number {
    return this.link.queued;
  }

  /**
   * Queues the sweeps, the cells' verdicts and the cursor for one transaction; never a part of them. The readings are
   * copied: the caller may reuse its arrays. Throws the failure once the writer has failed, and TB_WRITER_FAILED for
   * readings that are no readings (NaN, arrays of different lengths), which end nothing.
   */
  addSweeps(batch: SweepBatch): void {
    this.link.putSweeps(batch);
  }

  /** Resolves when fewer than `maxQueuedSweeps` sweeps wait to become durable: the loop's back-pressure. */
  ready(): Promise<void> {
    return this.link.ready();
  }

  /** Resolves when everything handed over before is durable. */
  flush(): Promise<void> {
    return this.link.flush();
  }

  /** A plan; its recipe's thresholds become the thresholds of the cells measured under it. */
  addPlan(plan: PlanRecord): Promise<void> {
    return this.link.write({ op: 'plan', plan });
  }

  addSession(session: SessionRecord): Promise<void> {
    return this.link.write({ op: 'session', session });
  }

  /** Closes a session now; `safeStateJson` is the bench's state as read back, as JSON, or null where nobody looked. */
  endSession(id: string, end: SessionEnd, safeStateJson: string | null): Promise<void> {
    return this.link.write({ op: 'sessionEnd', id, end, endedAt: new Date().toISOString(), safeStateJson });
  }

  addInstruments(instruments: readonly InstrumentRecord[]): Promise<void> {
    return this.link.write({ op: 'instruments', instruments });
  }

  /** Resolves when the attempt is durable: only then may its first position be armed. */
  addAttempt(attempt: AttemptRecord): Promise<void> {
    return this.link.write({ op: 'attempt', attempt });
  }

  /** Changes the facts given, leaves the others. */
  updateDie(dieOrdinal: number, update: DieUpdate): Promise<void> {
    return this.link.write({ op: 'die', dieOrdinal, update });
  }

  addEvent(event: EventRecord): Promise<void> {
    return this.link.write({ op: 'event', event });
  }

  addNote(note: NoteRecord): Promise<void> {
    return this.link.write({ op: 'note', note });
  }

  /** New verdicts on cells that have one, under other thresholds, in one transaction; the first class stays. */
  reclassify(cells: readonly CellRecord[], thresholds: ClassThresholds): Promise<void> {
    return this.link.write({ op: 'reclassify', cells: cells.map(cellToRow), thresholds });
  }

  /**
   * Makes everything durable, checkpoints, and leaves one file without -wal and -shm (they stay while a reader is
   * open). After a failure it only cleans up, and rejects with that failure. May be called again.
   */
  close(): Promise<void> {
    return this.link.close();
  }
}
