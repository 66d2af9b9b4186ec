/** Records that obey the schema, for the tests of this room. The figures are plausible, nothing more. */
import { createHash } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type {
  AttemptRecord,
  CellRecord,
  PlanRecord,
  SessionRecord,
  SweepRecord,
  WaferRecord,
} from '../../db/records.ts';
import type { SweepBatch } from '../../db/sweep-pack.ts';
import type { WaferWriter } from '../../db/wafer-writer.ts';
import type { ClassThresholds } from '../../wafer/cell-class.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { type CrossbarGeometry, cellIndex, columnsOf } from '../../wafer/geometry.ts';

export function sampleWafer(geometry = GEOMETRY): WaferRecord {
  return {
    id: uuid(),
    lot: 'L1',
    wafer: 'W07',
    geometry,
    dies: DEFAULT_DIES.slice(0, 4),
    createdAt: '2026-01-02T03:04:05.000Z',
  };
}

export const THRESHOLDS: ClassThresholds = {
  shortedBelowOhms: 1e3,
  lineShortBelowOhms: 100,
  subparBelowOhms: 1.2e4,
  openAboveOhms: 1e6,
  minTmr: 0.5,
  guardSigmas: 3,
};

const segment = (name: string, volts: number[]) => ({ name, volts, nplc: 0.01, settleSeconds: 1e-4, fixed: null });

/** 4 pre-read points, then 6 + 6 loop points, or 3 of the linearity check. */
export const PROGRAMME = {
  preRead: segment('preRead', [0.02, -0.02, 0.05, -0.05]),
  lowBias: segment('lowBias', [0.05, -0.05, 0]),
  loop: [segment('loopToP', [0, 0.3, 0.5, 0.7, 0.3, 0]), segment('loopToAp', [-0.3, -0.5, -0.7, -0.3, -0.1, 0])],
  branches: [
    { belowOhms: 1e3, action: 'lowBiasOnly', range: null },
    { belowOhms: 1e6, action: 'loop', range: { rangeAmps: 1e-4, limitAmps: 1e-4 } },
    { belowOhms: 1e99, action: 'open', range: null },
  ],
};

export const LOOP_POINTS = 16;

export const GEOMETRY: CrossbarGeometry = { rows: 10, columns: 20, columnsPerEnableLine: 2 };

/** All pairs of every die of a crossbar. */
export function samplePlan(geometry = GEOMETRY): PlanRecord {
  const json = JSON.stringify({
    format: 'tunnelbench-plan',
    version: 1,
    recipe: { name: 'sample', programme: PROGRAMME, thresholds: THRESHOLDS },
    bench: { geometry },
    order: { kind: 'enable-line-major', pairs: null },
  });
  return { id: uuid(), sha256: createHash('sha256').update(json).digest('hex'), json };
}

export function sampleSession(plan: PlanRecord): SessionRecord {
  return {
    id: uuid(),
    planId: plan.id,
    fields: {
      lot: 'L1',
      wafer: 'W07',
      notch: 'down',
      operator: 'unknown',
      station: 'S1',
      probeCard: 'PC403',
      purpose: 'test',
    },
    softwareVersion: '0.1.0',
    benchJson: '{"bench":"sample"}',
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: null,
    end: null,
    safeStateJson: null,
  };
}

export function sampleAttempt(session: SessionRecord, changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    id: uuid(),
    sessionId: session.id,
    dieOrdinal: 0,
    firstPosition: 0,
    lastPosition: 31,
    reason: 'first',
    startedAt: '2026-01-02T03:04:06.000Z',
    ...changes,
  };
}

export function sampleSweep(attempt: AttemptRecord, cell: number, changes: Partial<SweepRecord> = {}): SweepRecord {
  const points = LOOP_POINTS;
  return {
    attemptId: attempt.id,
    dieOrdinal: attempt.dieOrdinal,
    cell,
    kind: 'loop',
    access: 'pair',
    side: cell % 2 === 0 ? 'A' : 'B',
    branch: 1,
    rangeAmps: 1e-4,
    limitAmps: 1e-4,
    repeat: 0,
    startedAtMs: 1_767_322_996_123,
    instrumentSeconds: 0.0312,
    rawStatus: 0,
    residualAmps: 1.5e-10,
    readings: {
      volts: Float32Array.from({ length: points }, (_, i) => 0.1 * (i % 7) + cell * 1e-3),
      amps: Float32Array.from({ length: points }, (_, i) => 1e-6 * (i % 7) + cell * 1e-9),
      flags: Uint8Array.from({ length: points }, (_, i) => i % 3),
    },
    ...changes,
  };
}

export function sampleCell(dieOrdinal: number, cell: number, changes: Partial<CellRecord> = {}): CellRecord {
  return {
    dieOrdinal,
    cell,
    class: 'healthy',
    neighbourClass: null,
    cause: 'none',
    stuckState: 'unknown',
    stateFound: 'P',
    stateLeft: 'AP',
    rP: 18_012.5,
    rPUncertainty: 12.5,
    rAp: 40_123.25,
    rApUncertainty: 30.5,
    rStuck: null,
    rStuckUncertainty: null,
    tmr: 1.2275,
    vSwitchPositive: 0.5125,
    vSwitchNegative: -0.4875,
    noiseAmps: 2e-10,
    flags: 0,
    ...changes,
  };
}

/** The two cells of one row under one enable line at a position, and the cursor behind it. */
export function samplePair(
  plan: PlanRecord,
  attempt: AttemptRecord,
  position: number,
  geometry = GEOMETRY,
): SweepBatch {
  const row = position % geometry.rows;
  const enableLine = Math.floor(position / geometry.rows);
  const cells = columnsOf(geometry, enableLine).map((column) => cellIndex(geometry, { row, column }));
  return {
    sweeps: cells.map((cell) => sampleSweep(attempt, cell)),
    cells: cells.map((cell) => sampleCell(attempt.dieOrdinal, cell)),
    cursor: { planId: plan.id, dieOrdinal: attempt.dieOrdinal, nextPosition: position + 1 },
  };
}

/** A plan, a session and an attempt over the first `positions` pairs of die 0, durable. */
export async function beginSession(writer: WaferWriter, positions = 32, geometry = GEOMETRY) {
  const plan = samplePlan(geometry);
  const session = sampleSession(plan);
  const attempt = sampleAttempt(session, { lastPosition: positions - 1 });
  await writer.addPlan(plan);
  await writer.addSession(session);
  await writer.addAttempt(attempt);
  return { plan, session, attempt };
}
