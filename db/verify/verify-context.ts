import type Database from 'better-sqlite3';
import type { PlanLayout } from './plan-layout.ts';

/** The open file and what its plans say, for every check. */
export interface VerifyContext {
  readonly db: Database.Database;
  /** By plan id; plans of an unknown form are missing. */
  readonly layouts: ReadonlyMap<string, PlanLayout>;
}
