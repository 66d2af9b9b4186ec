/** What the main thread and the writer's worker say to each other. Only plain data crosses. */
import type { ClassThresholds } from '../wafer/cell-class.ts';
import type { ErrorCode, ErrorFacts } from '../wafer/tunnelbench-error.ts';
import type { CellRow } from './cell-row.ts';
import type {
  AttemptRecord,
  DieUpdate,
  EventRecord,
  InstrumentRecord,
  NoteRecord,
  PlanRecord,
  SessionEnd,
  SessionRecord,
  WaferRecord,
} from './records.ts';
import type { PackedSweeps } from './sweep-pack.ts';

export interface WriterWorkerData {
  readonly file: string;
  /** The wafer of a file to create, or null to open one that exists. */
  readonly wafer: WaferRecord | null;
  /** Largest size of the file in bytes, or null: as far as the disk goes. */
  readonly maxFileBytes: number | null;
}

/** One thing to write. */
export type WriterEntry =
  | { readonly op: 'sweeps'; readonly packed: PackedSweeps }
  | { readonly op: 'plan'; readonly plan: PlanRecord }
  | { readonly op: 'session'; readonly session: SessionRecord }
  | {
      readonly op: 'sessionEnd';
      readonly id: string;
      readonly end: SessionEnd;
      readonly endedAt: string;
      readonly safeStateJson: string | null;
    }
  | { readonly op: 'instruments'; readonly instruments: readonly InstrumentRecord[] }
  | { readonly op: 'attempt'; readonly attempt: AttemptRecord }
  | { readonly op: 'die'; readonly dieOrdinal: number; readonly update: DieUpdate }
  | { readonly op: 'event'; readonly event: EventRecord }
  | { readonly op: 'note'; readonly note: NoteRecord }
  | { readonly op: 'reclassify'; readonly cells: CellRow[]; readonly thresholds: ClassThresholds };

export type ToWorker =
  /** Everything in `entries` becomes durable in one transaction. */
  { readonly type: 'write'; readonly entries: readonly WriterEntry[] } | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'opened' }
  /** Answers one `write`; they are answered in order. */
  | { readonly type: 'written' }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly facts: ErrorFacts };
