/**
 * Ingest of the wafer writer against a bare better-sqlite3 loop: the same rows, the same schema and settings, the same
 * number of sweeps a transaction, one after the other in one run, in alternating order. The writer gets its sweeps
 * pair by pair, as the acquisition hands them over; the bare loop gets them all at once and does nothing else.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from 'd3-array';
import { v7 as uuidV7 } from 'uuid';
import { CELL_COLUMNS, cellToRow } from '../db/cell-row.ts';
import { openOrCreate } from '../db/file-kind.ts';
import type { AttemptRecord, CellRecord, PlanRecord, SessionRecord, SweepRecord, WaferRecord } from '../db/records.ts';
import { encodeReadings } from '../db/sweep-blob.ts';
import { SWEEP_COLUMNS, sweepToRow } from '../db/sweep-row.ts';
import { WAFER_FILE } from '../db/wafer-file.ts';
import { insertWafer, preparedWrites } from '../db/wafer-statements.ts';
import { WaferWriter } from '../db/wafer-writer.ts';
import { DEFAULT_DIES } from '../wafer/die.ts';
import { DEFAULT_GEOMETRY } from '../wafer/geometry.ts';
import type { BenchmarkLine } from './benchmark-line.ts';

const SWEEPS = 20_000;
/** Pre-read, initialising half-cycle, loop and read blocks of the default recipe. */
const POINTS = 118;
const TRANSACTION_SWEEPS = 64;
const ROUNDS = 5;
/** Of the only attempt in the bare loop's file. */
const ATTEMPT_NUMBER = 1;

/** Sweeps and points stored per second, medians; the goal is 0.7 of the bare loop. */
export async function run(): Promise<BenchmarkLine[]> {
  const rates = { writer: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.bare.push(SWEEPS / (await secondsOf(bareLoop)));
    rates.writer.push(SWEEPS / (await secondsOf(throughWriter)));
  }
  const writer = median(rates.writer) as number;
  const bare = median(rates.bare) as number;
  const name = `bare better-sqlite3 loop, ${TRANSACTION_SWEEPS} sweeps a transaction`;
  const goal = { at: 'least', value: 0.7 } as const;
  return [
    { what: 'wafer writer', measured: writer, unit: 'sweeps/s', reference: { name, value: bare }, goal },
    {
      what: `wafer writer, ${POINTS} points a sweep`,
      measured: writer * POINTS,
      unit: 'points/s',
      reference: { name, value: bare * POINTS },
      goal,
    },
  ];
}

/** Duration of the part that a store times itself, in a folder of its own. */
async function secondsOf(store: (file: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  try {
    return await store(join(folder, 'wafer.sqlite'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function throughWriter(file: string): Promise<number> {
  const { wafer, plan, session, attempt, sweeps, cells } = records();
  const writer = await WaferWriter.create(file, wafer, { maxTransactionSweeps: TRANSACTION_SWEEPS });
  await writer.addPlan(plan);
  await writer.addSession(session);
  await writer.addAttempt(attempt);
  const begun = performance.now();
  for (let first = 0; first < SWEEPS; first += 2) {
    await writer.ready();
    writer.addSweeps({
      sweeps: sweeps.slice(first, first + 2),
      cells: cells.slice(first, first + 2),
      cursor: { planId: plan.id, dieOrdinal: 0, nextPosition: first / 2 + 1 },
    });
  }
  await writer.flush();
  const seconds = (performance.now() - begun) / 1_000;
  await writer.close();
  return seconds;
}

async function bareLoop(file: string): Promise<number> {
  const { wafer, plan, session, attempt, sweeps, cells } = records();
  const db = openOrCreate(file, WAFER_FILE);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  insertWafer(db, wafer);
  const write = preparedWrites(db);
  write({ op: 'plan', plan });
  write({ op: 'session', session });
  write({ op: 'attempt', attempt });
  const marks = (columns: readonly string[]) => columns.map(() => '?').join(', ');
  const insertSweep = db.prepare(`INSERT INTO sweep (${SWEEP_COLUMNS.join(', ')}) VALUES (${marks(SWEEP_COLUMNS)})`);
  const insertCell = db.prepare(
    `INSERT INTO cell (${CELL_COLUMNS.join(', ')}, first_class, sweep_id, thresholds_id)
     VALUES (${marks(CELL_COLUMNS)}, ?, ?, NULL)`,
  );
  const setCursor = db.prepare(
    `INSERT INTO cursor VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET next_position = excluded.next_position`,
  );
  const transaction = db.transaction((first: number) => {
    const end = Math.min(first + TRANSACTION_SWEEPS, SWEEPS);
    for (let i = first; i < end; i++) {
      const bytes = new Uint8Array(POINTS * 9);
      const blob = bytes.subarray(0, encodeReadings(sweeps[i].readings, bytes));
      const { lastInsertRowid } = insertSweep.run(sweepToRow({ ...sweeps[i], points: POINTS, blob }, ATTEMPT_NUMBER));
      insertCell.run(cellToRow(cells[i]), cells[i].class, lastInsertRowid);
    }
    setCursor.run(plan.id, end / 2);
  });
  const begun = performance.now();
  for (let first = 0; first < SWEEPS; first += TRANSACTION_SWEEPS) transaction.immediate(first);
  const seconds = (performance.now() - begun) / 1_000;
  db.close();
  return seconds;
}

function records() {
  const wafer: WaferRecord = {
    id: uuidV7(),
    lot: 'benchmark',
    wafer: 'benchmark',
    geometry: DEFAULT_GEOMETRY,
    dies: DEFAULT_DIES,
    createdAt: new Date().toISOString(),
  };
  const plan: PlanRecord = { id: uuidV7(), sha256: '0'.repeat(64), json: '{}' };
  const unknown = 'unknown';
  const fields = { lot: unknown, wafer: unknown, notch: unknown, operator: unknown, station: unknown };
  const session: SessionRecord = {
    id: uuidV7(),
    planId: plan.id,
    fields: { ...fields, probeCard: unknown, purpose: 'benchmark' },
    softwareVersion: unknown,
    benchJson: '{}',
    startedAt: new Date().toISOString(),
    endedAt: null,
    end: null,
    safeStateJson: null,
  };
  const attempt: AttemptRecord = {
    id: uuidV7(),
    sessionId: session.id,
    dieOrdinal: 0,
    firstPosition: 0,
    lastPosition: SWEEPS / 2 - 1,
    reason: 'first',
    startedAt: new Date().toISOString(),
  };
  const indices = Array.from({ length: SWEEPS }, (_, cell) => cell);
  const sweeps = indices.map((cell) => sweepOf(attempt.id, cell));
  return { wafer, plan, session, attempt, sweeps, cells: indices.map(verdictOn) };
}

function sweepOf(attemptId: string, cell: number): SweepRecord {
  return {
    attemptId,
    dieOrdinal: 0,
    cell,
    kind: 'loop',
    access: 'pair',
    side: cell % 2 === 0 ? 'A' : 'B',
    branch: 1,
    rangeAmps: 1e-4,
    limitAmps: 1e-4,
    repeat: 0,
    startedAtMs: 1_767_322_996_000 + cell,
    instrumentSeconds: 0.0312,
    rawStatus: 0,
    residualAmps: 1.5e-10 + cell * 1e-15,
    readings: {
      volts: Float32Array.from({ length: POINTS }, (_, i) => 0.7 * Math.sin(i / 9 + cell)),
      amps: Float32Array.from({ length: POINTS }, (_, i) => 4e-5 * Math.sin(i / 9 + cell)),
      flags: new Uint8Array(POINTS),
    },
  };
}

function verdictOn(cell: number): CellRecord {
  return {
    dieOrdinal: 0,
    cell,
    class: 'healthy',
    neighbourClass: null,
    cause: 'none',
    stuckState: 'unknown',
    stateFound: 'P',
    stateLeft: 'AP',
    rP: 18_000 + cell / 7,
    rPUncertainty: 12.5 + cell / 1e5,
    rAp: 40_000 + cell / 3,
    rApUncertainty: 30.5 + cell / 1e5,
    rStuck: null,
    rStuckUncertainty: null,
    tmr: 1.2 + cell / 1e6,
    vSwitchPositive: 0.5125,
    vSwitchNegative: -0.4875,
    noiseAmps: 2e-10 + cell * 1e-15,
    flags: 0,
  };
}
