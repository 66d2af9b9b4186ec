import type { SourceChannel } from '../../capabilities.ts';
import type { ChannelErrors } from '../keithley-2600/channel-errors.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { ScpiError } from './scpi-error.ts';

/** Readings beyond this multiple of a fixed range have no value. */
const OVER_RANGE_FRACTION = 1.055;
export const OVER_RANGE_VALUE = 9.9e37;
/** A source of 0 A still needs a limit. */
const LEAST_AMPS = 1e-12;

/** Time besides delay and integration; estimates. The source settles within `step`, a range change takes a gap. */
const TIMES = { step: 5e-5, reading: 1e-4, rangeChange: 5e-3, autozeroReadings: 3 } as const;

/** How the terminals of the channel reach the probe card. LO is the instrument's ground. */
export interface SmuTerminals {
  readonly hi: SourceChannel;
  readonly lo: SourceChannel | null;
  /** The driven guard: HI's voltage from a source of its own. */
  readonly guard?: SourceChannel;
}

export interface SmuModel {
  readonly voltRanges: readonly number[];
  readonly ampRanges: readonly number[];
  /** Largest current of the guard, amperes; of a family whose guard cannot carry a load, of the buffer behind it. */
  readonly guardAmps: number;
  /** A fixed measuring range also limits the output, at 105 % of the range ("range compliance"). */
  readonly rangeLimitsOutput: boolean;
  /** Largest level that an open interlock still lets out. */
  readonly openInterlockVolts: number;
}

export interface SmuReading {
  readonly volts: number;
  readonly amps: number;
  /** Simulated seconds at the end of the integration. */
  readonly seconds: number;
  /** What was programmed, in the unit of the source function. */
  readonly source: number;
  readonly compliance: 'none' | 'limit' | 'range';
  readonly overRange: boolean;
  readonly autoRanged: boolean;
}

export interface SmuParts {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly terminals: SmuTerminals;
  readonly errors: ChannelErrors;
  readonly lineHertz: number;
  readonly model: SmuModel;
}

/** Faults that a test may set. */
export interface SmuFaults {
  /** The limit reads back and acts as this, whatever was set. */
  stuckLimitAmps: number | null;
  interlockOpen: boolean;
}

/** Settings after *RST; families differ. */
export interface SmuDefaults {
  readonly limitAmps: number;
  readonly limitVolts: number;
  readonly measureRangeAmps: number;
  readonly measureRangeVolts: number;
  readonly autozero: boolean;
  readonly guardDrives: boolean;
}

/** One source-measure channel as its settings make it, whatever the family's words for them. */
export class SmuFrontEnd {
  readonly faults: SmuFaults = { stuckLimitAmps: null, interlockOpen: false };
  readonly model: SmuModel;
  lineHertz: number;
  private readonly parts: SmuParts;
  private readonly defaults: SmuDefaults;
  outputOn = false;
  sourceFunction: 'VOLTage' | 'CURRent' = 'VOLTage';
  levelVolts = 0;
  levelAmps = 0;
  sourceRangeVolts = 0;
  sourceRangeAmps = 0;
  sourceAutorange = true;
  limitAmps = 0;
  limitVolts = 0;
  measureRangeVolts = 0;
  measureRangeAmps = 0;
  autorangeVolts = true;
  autorangeAmps = true;
  nplc = 1;
  autozero = true;
  remoteSense = false;
  sourceDelaySeconds = 0;
  /** False while the guard has too high an impedance to hold a line: it then counts as not connected. */
  guardDrives = true;
  /** Level of a running sweep, in the unit of the source function. */
  sweepLevel: number | null = null;

  constructor(parts: SmuParts, defaults: SmuDefaults) {
    this.parts = parts;
    this.model = parts.model;
    this.lineHertz = parts.lineHertz;
    this.defaults = defaults;
    this.reset();
  }

  reset(): void {
    const { voltRanges, ampRanges } = this.model;
    this.outputOn = false;
    this.sweepLevel = null;
    this.sourceFunction = 'VOLTage';
    this.levelVolts = 0;
    this.levelAmps = 0;
    this.sourceRangeVolts = voltRanges[voltRanges.length - 1];
    this.sourceRangeAmps = ampRanges[0];
    this.sourceAutorange = true;
    Object.assign(this, this.defaults);
    this.autorangeVolts = true;
    this.autorangeAmps = true;
    this.nplc = 1;
    this.remoteSense = false;
    this.sourceDelaySeconds = 0;
    this.apply();
  }

  /** Level in force: the sweep's or the programmed one. */
  get presentLevel(): number {
    return this.sweepLevel ?? (this.sourceFunction === 'VOLTage' ? this.levelVolts : this.levelAmps);
  }

  get reportedLimitAmps(): number {
    return this.faults.stuckLimitAmps ?? this.limitAmps;
  }

  setLevelVolts(volts: number): void {
    if (this.sourceAutorange) this.sourceRangeVolts = smallestRange(this.model.voltRanges, Math.abs(volts));
    else if (Math.abs(volts) > this.sourceRangeVolts * 1.05) throw new ScpiError(-222);
    this.levelVolts = volts;
    this.apply();
  }

  setLevelAmps(amps: number): void {
    if (this.sourceAutorange) this.sourceRangeAmps = smallestRange(this.model.ampRanges, Math.abs(amps));
    else if (Math.abs(amps) > this.sourceRangeAmps * 1.05) throw new ScpiError(-222);
    this.levelAmps = amps;
    this.apply();
  }

  setOutput(on: boolean, blockedCode: number): void {
    if (on && this.blockedByInterlock) throw new ScpiError(blockedCode);
    this.outputOn = on;
    this.apply();
  }

  /** An open interlock keeps levels beyond its bound from the terminals. */
  get blockedByInterlock(): boolean {
    const { openInterlockVolts } = this.model;
    return this.faults.interlockOpen && (openInterlockVolts === 0 || Math.abs(this.levelVolts) > openInterlockVolts);
  }

  /** The interlock line opens or closes: an output that it blocks goes off at once. */
  openInterlock(open: boolean): void {
    this.faults.interlockOpen = open;
    if (!this.outputOn || !this.blockedByInterlock) return;
    this.outputOn = false;
    this.apply();
  }

  /** The limit in force: the programmed one, or the fixed range's where that is lower. */
  get effectiveLimitAmps(): number {
    const clip = this.model.rangeLimitsOutput && !this.autorangeAmps && this.sourceFunction === 'VOLTage';
    return clip ? Math.min(this.reportedLimitAmps, 1.05 * this.measureRangeAmps) : this.reportedLimitAmps;
  }

  /** Hands the present setting to the station. An output that is off is open, whatever its off state. */
  apply(): void {
    const { station, clock, terminals, errors } = this.parts;
    clock.touch();
    if (terminals.lo !== null) {
      station.setSource(terminals.lo, { outputOn: this.outputOn, volts: 0, limitAmps: 1 });
    }
    const own = this.outputOn ? this.drive(errors) : { outputOn: false, volts: 0, limitAmps: 1e-4 };
    station.setSource(terminals.hi, own);
    if (terminals.guard === undefined) return;
    const { guardAmps: limitAmps } = this.model;
    const { outputOn, volts } = own;
    const guarded = outputOn && this.guardDrives;
    station.setSource(terminals.guard, {
      outputOn: guarded,
      volts: guarded ? volts : 0,
      limitAmps,
      follows: terminals.hi,
    });
  }

  /** After its last point a sweep holds that level: it is the programmed one from then on. */
  holdSweepLevel(): void {
    if (this.sweepLevel === null) return;
    if (this.sourceFunction === 'VOLTage') this.levelVolts = this.sweepLevel;
    else this.levelAmps = this.sweepLevel;
    this.sweepLevel = null;
  }

  get inCompliance(): boolean {
    if (!this.outputOn) return false;
    this.parts.clock.touch();
    const limited = this.parts.station.sense(this.parts.terminals.hi).inCompliance;
    return this.sourceFunction === 'VOLTage' ? limited : !limited;
  }

  /** From the source step to the end of the integration. A change of an automatic range is made here and takes a gap. */
  pointSeconds(): { seconds: number; autoRanged: boolean } {
    const conversions = this.autozero ? TIMES.autozeroReadings : 1;
    const integration = (this.nplc / this.lineHertz) * conversions;
    const changes = this.autorange();
    const seconds = TIMES.step + this.sourceDelaySeconds + integration + TIMES.reading + changes * TIMES.rangeChange;
    return { seconds, autoRanged: changes > 0 };
  }

  read(autoRanged: boolean): SmuReading {
    const { clock, errors } = this.parts;
    clock.touch();
    const terminal = this.terminal();
    // What is sourced is measured on the source's range.
    const sourcesVolts = this.sourceFunction === 'VOLTage';
    const voltsRange = sourcesVolts ? this.sourceRangeVolts : this.measureRangeVolts;
    const ampsRange = sourcesVolts ? this.measureRangeAmps : this.sourceRangeAmps;
    const overVolts = Math.abs(terminal.volts) > voltsRange * OVER_RANGE_FRACTION;
    const overAmps = Math.abs(terminal.amps) > ampsRange * OVER_RANGE_FRACTION;
    return {
      volts: overVolts ? OVER_RANGE_VALUE : errors.measuredVolts(terminal.volts, voltsRange, this.nplc),
      amps: overAmps ? OVER_RANGE_VALUE : errors.measuredAmps(terminal.amps, ampsRange, this.nplc),
      seconds: clock.now,
      source: this.presentLevel,
      compliance: this.compliance(terminal.inCompliance),
      overRange: overVolts || overAmps,
      autoRanged,
    };
  }

  private compliance(limited: boolean): SmuReading['compliance'] {
    if (!this.outputOn) return 'none';
    if (this.sourceFunction === 'CURRent') return limited ? 'none' : 'limit';
    if (!limited) return 'none';
    return this.effectiveLimitAmps < this.reportedLimitAmps ? 'range' : 'limit';
  }

  /** A current source is a voltage source of its voltage limit that is held at its current. */
  private drive(errors: ChannelErrors): { outputOn: true; volts: number; limitAmps: number } {
    const level = this.presentLevel;
    if (this.sourceFunction === 'VOLTage') {
      const volts = errors.sourcedVolts(level, this.sourceRangeVolts);
      return { outputOn: true, volts, limitAmps: this.effectiveLimitAmps };
    }
    const limitAmps = Math.max(LEAST_AMPS, Math.abs(level));
    return { outputOn: true, volts: level < 0 ? -this.limitVolts : this.limitVolts, limitAmps };
  }

  private autorange(): number {
    const { amps, volts } = this.terminal();
    let changes = 0;
    if (this.autorangeAmps && this.sourceFunction === 'VOLTage') {
      const fitting = smallestRange(this.model.ampRanges, Math.abs(amps));
      changes += fitting === this.measureRangeAmps ? 0 : 1;
      this.measureRangeAmps = fitting;
    }
    if (this.autorangeVolts && this.sourceFunction === 'CURRent') {
      const fitting = smallestRange(this.model.voltRanges, Math.abs(volts));
      changes += fitting === this.measureRangeVolts ? 0 : 1;
      this.measureRangeVolts = fitting;
    }
    return changes;
  }

  private terminal(): { volts: number; amps: number; inCompliance: boolean } {
    if (!this.outputOn) return { volts: 0, amps: 0, inCompliance: false };
    this.parts.clock.touch();
    return this.parts.station.sense(this.parts.terminals.hi);
  }
}

/** Smallest range that holds the value with the family's 5 % overhead, or the largest there is. */
export function smallestRange(ranges: readonly number[], value: number): number {
  return ranges.find((range) => value <= range * 1.05) ?? ranges[ranges.length - 1];
}

/** The range that a programmed value selects: the smallest that is not below it. */
export function rangeFor(ranges: readonly number[], value: number): number {
  const range = ranges.find((candidate) => Math.abs(value) <= candidate * 1.0001);
  if (range === undefined) throw new ScpiError(-222);
  return range;
}
