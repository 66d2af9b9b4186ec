import { CELL_CLASSES, type CellClass } from '../wafer/cell-class.ts';
import { type DieSite, dieLabel } from '../wafer/die.ts';
import { formatDuration } from '../wafer/units.ts';
import type { MeasurementProgress } from './progress.ts';

/** What a session says of a die when it is done with it. Cells count from where this session began on the die. */
export interface DieSummary {
  readonly die: DieSite;
  /** Verdicts by class. */
  readonly counts: Readonly<Partial<Record<CellClass, number>>>;
  readonly losses: number;
  readonly seconds: number;
  /** By the plan's estimate, for the part of the die that was measured. */
  readonly plannedSeconds: number;
}

/** The classes counted between two snapshots of a session's progress. */
export function countsBetween(
  before: MeasurementProgress['counts'],
  after: MeasurementProgress['counts'],
): DieSummary['counts'] {
  const changes = CELL_CLASSES.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, count]) => count > 0));
}

/** "die (3, −1): 19,932 of 20,000 cells healthy (99.7 %), 40 shorted, 28 open; 24 min 8 s, planned 24 min 50 s". */
export function dieSummaryText({ die, counts, losses, seconds, plannedSeconds }: DieSummary): string {
  const cells = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const healthy = counts.healthy ?? 0;
  const share = cells === 0 ? '' : ` (${((100 * healthy) / cells).toFixed(1)} %)`;
  const others = CELL_CLASSES.filter((name) => name !== 'healthy' && (counts[name] ?? 0) > 0)
    .map((name) => `, ${grouped(counts[name] ?? 0)} ${name}`)
    .join('');
  const lost = losses > 0 ? `, ${losses} lost in the test` : '';
  const time = `${formatDuration(seconds)}, planned ${formatDuration(plannedSeconds)}`;
  return `die ${dieLabel(die)}: ${grouped(healthy)} of ${grouped(cells)} cells healthy${share}${others}${lost}; ${time}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB');
}
