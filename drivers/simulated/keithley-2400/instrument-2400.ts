import type { SmuFrontEnd } from '../scpi/smu-front-end.ts';
import type { Settings2400 } from './settings.ts';
import type { StoredReading } from './stored-reading.ts';

/** What the commands act upon. */
export interface Instrument2400 {
  readonly smu: SmuFrontEnd;
  readonly settings: Settings2400;
  readonly trace: readonly StoredReading[];
  initiate(): void;
  /** A run and its readings; null when it was aborted. */
  read(): Promise<readonly StoredReading[] | null>;
  fetch(): readonly StoredReading[];
  abort(): void;
  clearTrace(): void;
}
