import type { SweepRecord } from './records.ts';
import { decodeReadings, fitsPoints, sweepChecksum } from './sweep-blob.ts';

/** Columns of table sweep without the id, in the order of SweepRow. */
export const SWEEP_COLUMNS = [
  'attempt',
  'die',
  'cell',
  'repeat',
  'kind',
  'access',
  'side',
  'branch',
  'range_amps',
  'limit_amps',
  'started_at_ms',
  'instrument_seconds',
  'raw_status',
  'residual_amps',
  'points',
  'checksum',
  'readings',
] as const;

/** Values of SWEEP_COLUMNS as they are bound. */
export type SweepRow = (string | number | Uint8Array)[];

/** A sweep whose readings are bytes already. */
export interface EncodedSweep extends Omit<SweepRecord, 'readings'> {
  readonly points: number;
  readonly blob: Uint8Array;
}

/** Every sweep with the id of its attempt; conditions and order follow. */
export const SELECT_SWEEP = `SELECT sweep.*, attempt.id AS attempt_id
  FROM sweep LEFT JOIN attempt ON attempt.number = sweep.attempt`;

/** A row of SELECT_SWEEP as SQLite returns it. */
export interface StoredSweepRow {
  readonly id: number;
  readonly attempt: number;
  /** Null in a damaged file only. */
  readonly attempt_id: string | null;
  readonly die: number;
  readonly cell: number;
  readonly repeat: number;
  readonly kind: SweepRecord['kind'];
  readonly access: SweepRecord['access'];
  readonly side: SweepRecord['side'];
  readonly branch: number;
  readonly range_amps: number;
  readonly limit_amps: number;
  readonly started_at_ms: number;
  readonly instrument_seconds: number;
  readonly raw_status: number;
  readonly residual_amps: number;
  readonly points: number;
  readonly checksum: number;
  readonly readings: Buffer;
}

/** The row of a sweep of the attempt with this number. */
export function sweepToRow(sweep: EncodedSweep, attempt: number): SweepRow {
  const stored = asStored(sweep);
  return [
    attempt,
    stored.dieOrdinal,
    stored.cell,
    stored.repeat,
    stored.kind,
    stored.access,
    stored.side,
    stored.branch,
    stored.rangeAmps,
    stored.limitAmps,
    stored.startedAtMs,
    stored.instrumentSeconds,
    stored.rawStatus,
    stored.residualAmps,
    stored.points,
    sweepChecksum(stored, stored.points, stored.blob),
    stored.blob,
  ];
}

/** The sweep of a row, its id apart; the checksum is not looked at here. */
export function rowToSweep(row: StoredSweepRow): SweepRecord {
  return { ...figuresOf(row), readings: decodeReadings(row.readings, row.points) };
}

/** True when the row's bytes are those that were written to this row. */
export function checksumHolds(row: StoredSweepRow): boolean {
  return (
    fitsPoints(row.readings, row.points) && sweepChecksum(figuresOf(row), row.points, row.readings) === row.checksum
  );
}

function figuresOf(row: StoredSweepRow): Omit<SweepRecord, 'readings'> {
  return {
    attemptId: row.attempt_id ?? '',
    dieOrdinal: row.die,
    cell: row.cell,
    repeat: row.repeat,
    kind: row.kind,
    access: row.access,
    side: row.side,
    branch: row.branch,
    rangeAmps: row.range_amps,
    limitAmps: row.limit_amps,
    startedAtMs: row.started_at_ms,
    instrumentSeconds: row.instrument_seconds,
    rawStatus: row.raw_status,
    residualAmps: row.residual_amps,
  };
}

/** The values as SQLite gives them back: whole milliseconds, an unsigned status word, no negative zero. */
function asStored(sweep: EncodedSweep): EncodedSweep {
  return {
    ...sweep,
    rangeAmps: sweep.rangeAmps + 0,
    limitAmps: sweep.limitAmps + 0,
    startedAtMs: Math.round(sweep.startedAtMs),
    instrumentSeconds: sweep.instrumentSeconds + 0,
    rawStatus: sweep.rawStatus >>> 0,
    residualAmps: sweep.residualAmps + 0,
  };
}
