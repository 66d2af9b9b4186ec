import type { CellClass } from '../wafer/cell-class.ts';

/** How far a measurement has come; scripts/progress-line.ts shows it, the run's observers receive it. */
export interface MeasurementProgress {
  /** Cells of the whole plan stored or queued for storing, those of earlier sessions of the plan included. */
  readonly cellsDone: number;
  readonly cellsTotal: number;
  /** Over the last few seconds of this session. */
  readonly cellsPerSecond: number;
  readonly etaSeconds: number | null;
  readonly counts: Readonly<Partial<Record<CellClass, number>>>;
  /** The die under the needles: its number in the plan (from 1), of how many; null while preparing. */
  readonly die: { readonly number: number; readonly of: number; readonly x: number; readonly y: number } | null;
}
