import type { CellRecord, SweepRecord } from '../db/records.ts';

/** Port: says what a cell is from its sweep of record, as the sweep arrives. Analysis implements it, scripts wire it. */
export interface Classifier {
  classify(sweep: SweepRecord): CellRecord;
}
