import type { SupplyName } from '../../../wafer/pad-map.ts';
import type { LineKind, SourceChannel } from '../../capabilities.ts';

export interface StuckRelay {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: SourceChannel;
  readonly stuck: 'open' | 'closed';
}

export interface LineName {
  readonly kind: LineKind;
  readonly index: number;
}

/** Faults of the world, as opposed to faults on a wire. */
export interface StationFaults {
  readonly stuckRelays: readonly StuckRelay[];
  /** Needles that touch nothing, on every die: the on-die line floats. */
  readonly lostNeedles: readonly LineName[];
  /** Enable lines that stay high while some other line is enabled. */
  readonly stuckEnableLines: readonly number[];
  /** The instruments' interlock input; the source refuses to switch on when it is open. */
  readonly interlockOpen: boolean;
  /** Extra current drawn from a supply while it is on and the needles touch, amperes. */
  readonly supplyLeakAmps: Readonly<Partial<Record<SupplyName, number>>>;
}

export const NO_FAULTS: StationFaults = Object.freeze({
  stuckRelays: [],
  lostNeedles: [],
  stuckEnableLines: [],
  interlockOpen: false,
  supplyLeakAmps: {},
});
