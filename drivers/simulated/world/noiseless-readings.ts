import { switchingRate } from '../../../physics/switching.ts';
import { PointFlag } from '../../../wafer/point-flags.ts';
import {
  type Branch,
  chooseBranch,
  pointCount,
  type Readings,
  type Segment,
  type SweepKind,
  type SweepProgramme,
  segmentsOf,
  slopeOhms,
} from '../../../wafer/sweep.ts';
import { TELEGRAPH_SECONDS } from './cell-dynamics.ts';
import type { DiePopulation } from './die-population.ts';
import { LoneCell } from './lone-cell.ts';
import type { SimulatedWafer } from './simulated-wafer.ts';
import type { StationOptions } from './station-options.ts';

/** Line frequency of the simulated bench, for the dwell of a point. */
const LINE_HERTZ = 50;

/**
 * Readings of a lone cell under a recipe's programme by an instrument without errors, with median switching: a cell
 * flips at the point where its hazard passes ln 2, telegraph levels alternate from draw to draw instead of at random.
 * The cell stands alone: what neighbours, sneak paths and shared contacts add is error of a measurement, not truth.
 * It starts in its present state. The dwell of a point is settle + NPLC / 50 Hz.
 */
export function noiselessReadings(
  options: StationOptions,
  wafer: SimulatedWafer,
  dieOrdinal: number,
  cell: number,
  kind: SweepKind,
  programme: SweepProgramme,
): Readings {
  const segments = segmentsOf(programme, kind);
  const count = pointCount(segments);
  const readings = { volts: new Float32Array(count), amps: new Float32Array(count), flags: new Uint8Array(count) };
  const life = new MedianLife(options, wafer, dieOrdinal, cell);
  let branch: Branch | null = null;
  let point = 0;
  for (const segment of segments) {
    const limitAmps = (segment.fixed ?? branch?.range ?? programme.complianceRepeat).limitAmps;
    for (const volts of segment.volts) {
      const { amps, atVolts, limited } = life.point(volts, limitAmps, segment);
      readings.volts[point] = atVolts;
      readings.amps[point] = amps;
      readings.flags[point] = limited ? PointFlag.compliance : 0;
      point += 1;
    }
    branch ??= programme.branches[chooseBranch(programme.branches, preReadOhms(readings, point))];
  }
  return readings;
}

function preReadOhms(readings: Readings, points: number): number {
  return slopeOhms(readings, 0, points, PointFlag.compliance) ?? 0;
}

/** The life of a lone cell point by point, with everything random at its median. */
class MedianLife {
  readonly #options: StationOptions;
  readonly #population: DiePopulation;
  readonly #cell: number;
  readonly #lone: LoneCell;
  #antiparallel: boolean;
  #hazard = 0;
  #seconds = 0;

  constructor(options: StationOptions, wafer: SimulatedWafer, dieOrdinal: number, cell: number) {
    this.#options = options;
    this.#population = wafer.population(dieOrdinal);
    this.#cell = cell;
    this.#lone = new LoneCell(options, wafer, dieOrdinal, cell);
    this.#antiparallel = wafer.state(dieOrdinal).antiparallel[cell] === 1;
  }

  point(volts: number, limitAmps: number, segment: Segment): { amps: number; atVolts: number; limited: boolean } {
    const dwell = segment.settleSeconds + segment.nplc / LINE_HERTZ;
    this.#lone.set(this.#antiparallel, false);
    this.#read(volts, limitAmps);
    this.#live(dwell);
    this.#seconds += dwell;
    this.#lone.set(this.#antiparallel, this.#upperLevel(volts));
    return this.#read(volts, limitAmps);
  }

  #read(volts: number, limitAmps: number): { amps: number; atVolts: number; limited: boolean } {
    const amps = this.#lone.amps(volts);
    if (Math.abs(amps) <= limitAmps) return { amps, atVolts: volts, limited: false };
    const atVolts = this.#lone.voltsAt(limitAmps, volts);
    return { amps: Math.sign(volts) * limitAmps, atVolts, limited: true };
  }

  #live(dwell: number): void {
    if (!this.#lone.isLive) return;
    const { delta, vC0, offsetVolts } = this.#population;
    const sign = this.#options.apToP === 'positive' ? 1 : -1;
    const towardsP = sign * this.#lone.junctionVolts - offsetVolts[this.#cell];
    const drive = this.#antiparallel ? towardsP : -towardsP;
    const rate = switchingRate(drive, delta[this.#cell], vC0[this.#cell], this.#options.barrierExponent);
    this.#hazard += dwell * rate;
    if (this.#hazard < Math.LN2) return;
    this.#antiparallel = !this.#antiparallel;
    this.#hazard = 0;
  }

  #upperLevel(volts: number): boolean {
    const depth = this.#population.telegraphDepth[this.#cell];
    const hopAbove = this.#population.hopAboveVolts[this.#cell];
    if (depth === 0 && (hopAbove === 0 || Math.abs(volts) < hopAbove)) return false;
    return Math.floor(this.#seconds / TELEGRAPH_SECONDS) % 2 === 1;
  }
}
