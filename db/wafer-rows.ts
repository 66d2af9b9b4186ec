/** Rows of the small tables as SQLite returns them, and the records they become. */
import type { DieRecord, SessionRecord, WaferRecord } from './records.ts';

export interface WaferRow {
  readonly id: string;
  readonly lot: string;
  readonly wafer: string;
  readonly rows: number;
  readonly columns: number;
  readonly columns_per_enable_line: 1 | 2;
  readonly created_at: string;
}

export interface DieRow {
  readonly die: number;
  readonly x: number;
  readonly y: number;
  readonly state: DieRecord['state'];
  readonly touchdowns: number;
  readonly chuck_celsius: number | null;
  readonly contact_passed: 0 | 1 | null;
  readonly contact_json: string | null;
  readonly reason: string | null;
}

export interface SessionRow {
  readonly id: string;
  readonly plan_id: string;
  readonly lot: string;
  readonly wafer: string;
  readonly notch: string;
  readonly operator: string;
  readonly station: string;
  readonly probe_card: string;
  readonly purpose: string;
  readonly software_version: string;
  readonly bench_json: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly ending: SessionRecord['end'];
  readonly safe_state_json: string | null;
}

export function sessionOf(row: SessionRow): SessionRecord {
  const { lot, wafer, notch, operator, station, probe_card: probeCard, purpose } = row;
  return {
    id: row.id,
    planId: row.plan_id,
    fields: { lot, wafer, notch, operator, station, probeCard, purpose },
    softwareVersion: row.software_version,
    benchJson: row.bench_json,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    end: row.ending,
    safeStateJson: row.safe_state_json,
  };
}

export function dieOf(row: DieRow): DieRecord {
  return {
    ordinal: row.die,
    x: row.x,
    y: row.y,
    state: row.state,
    touchdowns: row.touchdowns,
    chuckCelsius: row.chuck_celsius,
    contactPassed: row.contact_passed === null ? null : row.contact_passed === 1,
    contactJson: row.contact_json,
    reason: row.reason,
  };
}

export function waferOf(row: WaferRow, dies: readonly DieRecord[]): WaferRecord {
  const { id, lot, wafer, rows, columns, columns_per_enable_line: columnsPerEnableLine, created_at: createdAt } = row;
  const sites = dies.map(({ ordinal, x, y }) => ({ ordinal, x, y }));
  return { id, lot, wafer, geometry: { rows, columns, columnsPerEnableLine }, dies: sites, createdAt };
}
