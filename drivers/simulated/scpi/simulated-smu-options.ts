import type { ErrorSizes } from '../keithley-2600/channel-errors.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import type { SmuTerminals } from './smu-front-end.ts';

export interface SimulatedSmuOptions {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly seed: number;
  /** Default: HI on column A, LO on the row. */
  readonly terminals?: SmuTerminals;
  readonly errors?: ErrorSizes;
  readonly lineHertz?: 50 | 60;
}
