import type { CurrentRange } from '../../wafer/sweep.ts';
import type { SourceLimits } from '../capabilities.ts';
import type { Wire } from '../transport/link.ts';
import type { ReadBack } from './read-back.ts';
import type { ScpiConnection } from './scpi-connection.ts';
import type { PointStatus } from './stage-readings.ts';
import type { SweepStage } from './sweep-stage.ts';

/** What a family calls things. One channel, sourcing voltage and measuring voltage and current. */
export interface SmuDialect {
  readonly driver: string;
  /** Codes of the error queue that mean that the interlock keeps the output off. */
  readonly interlockCodes: readonly number[];
  readonly nplc: { readonly min: number; readonly max: number };
  readonly list: { readonly header: string; readonly perCommand: number; readonly total: number };
  /** Resets and sets up for sweeps, output off, at 0 V; then what must read back. */
  setUp(limits: SourceLimits): { readonly commands: readonly string[]; readonly readBacks: readonly ReadBack[] };
  /** Range, limit, integration and settling of a stage. */
  stage(stage: SweepStage): readonly string[];
  /** What proves the limit of a stage. */
  stageLimits(range: CurrentRange): readonly ReadBack[];
  /** Starts the list that is stored, `points` long; resolves with the readings once the source is back at 0 V. */
  run(
    connection: ScpiConnection,
    wire: Wire,
    points: number,
    seconds: number,
    signal: AbortSignal,
  ): Promise<Float32Array>;
  /** Normalises a status word; null when the output was off. */
  statusOf(status: number): PointStatus | null;
  readonly output: (on: boolean) => readonly string[];
  readonly state: { readonly output: string; readonly level: string; readonly limit: string; readonly range: string };
  /** Ends a sweep, 0 V, output off. */
  readonly safe: readonly string[];
  readonly abort: string;
  readonly lineFrequency: string;
}
