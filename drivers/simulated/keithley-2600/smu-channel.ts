import type { SourceChannel } from '../../capabilities.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import type { ChannelErrors } from './channel-errors.ts';
import { TspCommandError } from './error-queue.ts';
import { AMP_RANGES, READING_STATUS, SmuConstant, smallestRange, VOLT_RANGES } from './model-2602b.ts';
import { ReadingBuffer } from './reading-buffer.ts';

/** Readings beyond this multiple of a fixed range have no value. */
const OVER_RANGE_FRACTION = 1.02;
export const OVER_RANGE_VALUE = 9.9e37;

/** A tenth of the smallest limit range. */
const LEAST_LIMIT_AMPS = 1e-8;

/** Time the instrument needs besides delays and integration. Estimates from the family's published sweep rates. */
const TIMES = { step: 1e-5, reading: 1e-5, rangeChange: 2e-3, autozeroReadings: 3 } as const;

export interface Reading {
  readonly volts: number;
  readonly amps: number;
  readonly voltsStatus: number;
  readonly ampsStatus: number;
  readonly voltsRange: number;
  readonly ampsRange: number;
}

/** Faults of the channel that a test may set. */
export interface ChannelFaults {
  /** The limit reads back as this, whatever was set. */
  stuckLimitAmps: number | null;
  /** Output cannot be switched on; error 802. */
  interlockOpen: boolean;
}

/** One channel: its settings as the commands see them, and what it does to the station. */
export class SmuChannel {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly channel: SourceChannel | null;
  readonly faults: ChannelFaults = { stuckLimitAmps: null, interlockOpen: false };
  readonly nvbuffer1 = new ReadingBuffer(60_000);
  readonly nvbuffer2 = new ReadingBuffer(60_000);
  readonly lineHertz: number;
  private readonly errors: ChannelErrors;
  outputOn = false;
  levelVolts = 0;
  limitAmps = 0.1;
  limitVolts = 40;
  sourceRangeVolts = 0.1;
  sourceAutorange = true;
  measureRangeVolts = 0.1;
  measureRangeAmps = 0.1;
  measureAutorangeVolts = 1;
  measureAutorangeAmps = 1;
  lowRangeAmps = 1e-7;
  nplc = 1;
  autozero: number = SmuConstant.AUTOZERO_AUTO;
  measureDelaySeconds = 0;
  sourceDelaySeconds = 0;
  measureCount = 1;
  sense: number = SmuConstant.SENSE_LOCAL;
  offMode: number = SmuConstant.OUTPUT_NORMAL;
  outputEnableAction: number = SmuConstant.OE_NONE;
  /** Set while a sweep drives the output. */
  sweepVolts: number | null = null;
  sweepLimitAmps: number | null = null;
  /** Level already applied to the station; skips what would not change anything. */
  private readonly applied = { outputOn: false, volts: 0, limitAmps: 0, range: 0 };
  private pendingStatus = 0;

  constructor(
    station: ProbeStation,
    clock: SimulatedClock,
    channel: SourceChannel | null,
    errors: ChannelErrors,
    lineHertz: number,
  ) {
    this.station = station;
    this.clock = clock;
    this.channel = channel;
    this.errors = errors;
    this.lineHertz = lineHertz;
  }

  reset(): void {
    this.outputOn = false;
    this.levelVolts = 0;
    this.sweepVolts = null;
    this.sweepLimitAmps = null;
    this.apply();
    this.limitAmps = 0.1;
    this.limitVolts = 40;
    this.sourceRangeVolts = 0.1;
    this.sourceAutorange = true;
    this.measureRangeVolts = 0.1;
    this.measureRangeAmps = 0.1;
    this.measureAutorangeVolts = 1;
    this.measureAutorangeAmps = 1;
    this.lowRangeAmps = 1e-7;
    this.nplc = 1;
    this.autozero = SmuConstant.AUTOZERO_AUTO;
    this.measureDelaySeconds = 0;
    this.sourceDelaySeconds = 0;
    this.measureCount = 1;
    this.sense = SmuConstant.SENSE_LOCAL;
    this.offMode = SmuConstant.OUTPUT_NORMAL;
    this.outputEnableAction = SmuConstant.OE_NONE;
    this.nvbuffer1.resetSettings();
    this.nvbuffer2.resetSettings();
  }

  /** Level in force: the sweep's or the programmed one. */
  get presentVolts(): number {
    return this.sweepVolts ?? this.levelVolts;
  }

  get reportedLimitAmps(): number {
    return this.faults.stuckLimitAmps ?? this.limitAmps;
  }

  setLevel(volts: number): void {
    this.checkLevel(volts);
    if (this.sourceAutorange) this.sourceRangeVolts = smallestRange(VOLT_RANGES, Math.abs(volts));
    this.levelVolts = volts;
    this.apply();
  }

  /** Refuses a level that the present fixed range, or any range, cannot give. */
  checkLevel(volts: number): void {
    if (!Number.isFinite(volts)) throw new TspCommandError(-224);
    const most = this.sourceAutorange ? VOLT_RANGES[VOLT_RANGES.length - 1] : this.sourceRangeVolts;
    if (Math.abs(volts) > most * 1.01) throw new TspCommandError(this.sourceAutorange ? 1101 : 5005);
  }

  setLimitAmps(amps: number): void {
    if (!Number.isFinite(amps)) throw new TspCommandError(-224);
    if (amps < LEAST_LIMIT_AMPS) throw new TspCommandError(1102);
    if (amps > 3.03) throw new TspCommandError(1101);
    this.limitAmps = amps;
    this.apply();
  }

  setOutput(on: boolean): void {
    if (on && this.faults.interlockOpen) throw new TspCommandError(802);
    this.outputOn = on;
    this.apply();
  }

  /** The interlock line opens: the output goes off at once. */
  openInterlock(open: boolean): void {
    this.faults.interlockOpen = open;
    if (open && this.outputOn) {
      this.outputOn = false;
      this.apply();
    }
  }

  /** Hands the present setting to the station, if it differs from what the station has. */
  apply(): void {
    if (this.channel === null) return;
    const programmed = this.outputOn ? this.presentVolts : 0;
    const limitAmps = this.faults.stuckLimitAmps ?? this.sweepLimitAmps ?? this.limitAmps;
    const { applied } = this;
    if (
      applied.outputOn === this.outputOn &&
      applied.volts === programmed &&
      applied.limitAmps === limitAmps &&
      applied.range === this.sourceRangeVolts
    ) {
      return;
    }
    applied.outputOn = this.outputOn;
    applied.volts = programmed;
    applied.limitAmps = limitAmps;
    applied.range = this.sourceRangeVolts;
    this.clock.touch();
    const volts = this.outputOn ? this.errors.sourcedVolts(programmed, this.sourceRangeVolts) : 0;
    this.station.setSource(this.channel, { outputOn: this.outputOn, volts, limitAmps });
  }

  get inCompliance(): boolean {
    if (this.channel === null || !this.outputOn) return false;
    this.clock.touch();
    return this.station.sense(this.channel).inCompliance;
  }

  /** From the source action to its completion. */
  get sourceSeconds(): number {
    const settle = this.sourceDelaySeconds === SmuConstant.DELAY_AUTO ? 5e-5 : this.sourceDelaySeconds;
    return TIMES.step + settle;
  }

  /** From the measure trigger to the reading, without range changes. */
  get measureSeconds(): number {
    const settle = this.measureDelaySeconds === SmuConstant.DELAY_AUTO ? autoDelay(this.measureRangeAmps) : 0;
    const delay = this.measureDelaySeconds === SmuConstant.DELAY_AUTO ? settle : this.measureDelaySeconds;
    return delay + this.integrationSeconds * this.measureCount;
  }

  private get integrationSeconds(): number {
    const conversions = this.autozero === SmuConstant.AUTOZERO_AUTO ? TIMES.autozeroReadings : 1;
    return (this.nplc / this.lineHertz) * conversions + TIMES.reading;
  }

  /** Time an automatic change of the measuring range adds before the reading; the range is changed here. */
  autorangeSeconds(): number {
    let changes = 0;
    if (this.measureAutorangeAmps !== SmuConstant.AUTORANGE_OFF) {
      const fitting = Math.max(this.lowRangeAmps, smallestRange(AMP_RANGES, Math.abs(this.terminal().amps)));
      if (fitting !== this.measureRangeAmps) changes += 1;
      this.measureRangeAmps = fitting;
    }
    // Measuring what is sourced uses the source's range.
    if (this.measureAutorangeVolts !== SmuConstant.AUTORANGE_OFF && this.measureRangeVolts !== this.sourceRangeVolts) {
      this.measureRangeVolts = this.sourceRangeVolts;
      changes += 1;
    }
    if (changes > 0) this.pendingStatus |= READING_STATUS.autoRangeMeasure;
    return changes * TIMES.rangeChange;
  }

  /** The reading at this moment: current and voltage are converted together. */
  read(): Reading {
    const terminal = this.terminal();
    const status =
      this.pendingStatus |
      (this.sense === SmuConstant.SENSE_REMOTE ? READING_STATUS.fourWire : 0) |
      (terminal.inCompliance ? READING_STATUS.compliance : 0);
    this.pendingStatus = 0;
    const voltsRange = Math.max(this.measureRangeVolts, this.sourceRangeVolts);
    return {
      volts: clipped(terminal.volts, voltsRange, () =>
        this.errors.measuredVolts(terminal.volts, voltsRange, this.nplc),
      ),
      amps: clipped(terminal.amps, this.measureRangeAmps, () =>
        this.errors.measuredAmps(terminal.amps, this.measureRangeAmps, this.nplc),
      ),
      voltsStatus: status,
      ampsStatus: status,
      voltsRange,
      ampsRange: this.measureRangeAmps,
    };
  }

  /** Stores one quantity of a reading. */
  store(buffer: ReadingBuffer, reading: Reading, quantity: 'i' | 'v' | 'r' | 'p'): void {
    const isVolts = quantity === 'v';
    buffer.store({
      value: quantityOf(reading, quantity),
      seconds: this.clock.now,
      status: isVolts ? reading.voltsStatus : reading.ampsStatus,
      sourceValue: this.presentVolts,
      outputOn: this.outputOn,
      sourceFunction: SmuConstant.OUTPUT_DCVOLTS,
      measureFunction: { i: 0, v: 1, r: 2, p: 3 }[quantity],
      measureRange: isVolts ? reading.voltsRange : reading.ampsRange,
      sourceRange: this.sourceRangeVolts,
    });
  }

  private terminal(): { volts: number; amps: number; inCompliance: boolean } {
    if (this.channel === null) return { volts: this.outputOn ? this.presentVolts : 0, amps: 0, inCompliance: false };
    this.clock.touch();
    return this.station.sense(this.channel);
  }
}

export function quantityOf({ volts, amps }: Reading, quantity: 'i' | 'v' | 'r' | 'p'): number {
  switch (quantity) {
    case 'i':
      return amps;
    case 'v':
      return volts;
    case 'r':
      return overRange(volts) || overRange(amps) || amps === 0 ? OVER_RANGE_VALUE : volts / amps;
    case 'p':
      return overRange(volts) || overRange(amps) ? OVER_RANGE_VALUE : volts * amps;
  }
}

function overRange(value: number): boolean {
  return Math.abs(value) > 1e37;
}

function clipped(value: number, range: number, reading: () => number): number {
  return Math.abs(value) > range * OVER_RANGE_FRACTION ? OVER_RANGE_VALUE : reading();
}

/** DELAY_AUTO of the measurement: longer on low current ranges. The figures are estimates, not the data sheet's. */
function autoDelay(rangeAmps: number): number {
  return rangeAmps <= 1e-7 ? 3e-3 : rangeAmps <= 1e-6 ? 1e-3 : rangeAmps <= 1e-5 ? 3e-4 : 1e-4;
}
