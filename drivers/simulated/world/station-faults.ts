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

/** A relay of the router whose wire goes to another needle than its own. */
export interface MiswiredLine extends LineName {
  readonly leadsTo: number;
}

/** A path from a line to ground, or from a line to its upper neighbour (index + 1). */
export interface LinePath extends LineName {
  readonly ohms: number;
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
  /** Wiring between router and needles; lines that are not named are wired right. */
  readonly miswiredLines: readonly MiswiredLine[];
  /** Neighbouring lines (index and index + 1) that touch, on every die. */
  readonly shortedLines: readonly LinePath[];
  /** Lines that leak to ground, on every die. */
  readonly leakingLines: readonly LinePath[];
  /** The reference resistor has this many times its value. */
  readonly referenceFactor: number;
}

export const NO_FAULTS: StationFaults = Object.freeze({
  stuckRelays: [],
  lostNeedles: [],
  stuckEnableLines: [],
  interlockOpen: false,
  supplyLeakAmps: {},
  miswiredLines: [],
  shortedLines: [],
  leakingLines: [],
  referenceFactor: 1,
});

/** Two wires exchanged. */
export function swappedLines(kind: LineKind, one: number, other: number): MiswiredLine[] {
  return [
    { kind, index: one, leadsTo: other },
    { kind, index: other, leadsTo: one },
  ];
}

/** A connector plugged in the wrong way round: the last wire comes first. */
export function mirroredLines(kind: LineKind, count: number): MiswiredLine[] {
  return Array.from({ length: count }, (_, index) => ({ kind, index, leadsTo: count - 1 - index }));
}
