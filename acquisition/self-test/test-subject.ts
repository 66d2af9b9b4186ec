import type { Bench } from '../../drivers/capabilities.ts';
import { type CrossbarGeometry, enableLineCount } from '../../wafer/geometry.ts';
import type { Plan } from '../plan.ts';
import { FindingBook } from './finding-book.ts';
import { LineProbe, PROBE_VOLTS, RefusedRoute } from './line-probe.ts';

/** What every check works on. */
export interface TestSubject {
  readonly bench: Bench;
  readonly plan: Plan;
  readonly geometry: CrossbarGeometry;
  /** Pairs of columns: one an enable line. */
  readonly pairs: number;
  readonly probe: LineProbe;
  readonly book: FindingBook;
  /** Spread over the die: a row that is dead on this die must not make columns look open. */
  readonly probeRows: readonly number[];
  /** More than this through a cell that conducts at the probe voltage, amperes. */
  readonly conductingAmps: number;
  /** More than this into a line that should carry nothing, amperes. */
  readonly leakageAmps: number;
}

const PROBE_ROWS = 3;

export function testSubject(bench: Bench, plan: Plan, signal: AbortSignal): TestSubject {
  const { geometry, padMap } = plan.bench;
  const rows = Array.from({ length: PROBE_ROWS }, (_, i) => Math.floor(((i + 0.5) * geometry.rows) / PROBE_ROWS));
  return {
    bench,
    plan,
    geometry,
    pairs: enableLineCount(geometry),
    probe: new LineProbe(bench, signal),
    book: new FindingBook(padMap),
    probeRows: [...new Set(rows)],
    conductingAmps: PROBE_VOLTS / plan.recipe.thresholds.openAboveOhms,
    leakageAmps: plan.recipe.contact.leakageAlarmAmps,
  };
}

/** Both columns of a pair. */
export function columnsOfPair(pair: number): { readonly a: number; readonly b: number } {
  return { a: 2 * pair, b: 2 * pair + 1 };
}

/** Runs the work; a route that the router refuses is no measurement: null. */
export async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RefusedRoute) return null;
    throw error;
  }
}
