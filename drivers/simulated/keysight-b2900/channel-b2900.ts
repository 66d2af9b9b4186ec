import { PointSequence } from '../scpi/point-sequence.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import type { SmuFrontEnd, SmuReading } from '../scpi/smu-front-end.ts';
import type { ChannelLists } from '../scpi/source-commands.ts';
import { SourceList } from '../scpi/source-list.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { EXT_SIGNALS } from './digital-lines.ts';
import { LIST_LIMITS, STATUS_B2900 } from './model-b2902.ts';

export const ELEMENTS = ['VOLTage', 'CURRent', 'RESistance', 'TIME', 'STATus', 'SOURce'] as const;
export type Element = (typeof ELEMENTS)[number];
export type ReadingB2900 = Readonly<Record<Element, number>>;
export type Quantity = 'VOLTage' | 'CURRent' | 'RESistance';

const NOT_A_NUMBER = 9.91e37;
const OVER_RANGE = 9.9e37;

export const TRIGGER_SOURCES = ['AINT', 'BUS', 'TIMer', ...EXT_SIGNALS] as const;

interface TriggerSettings {
  count: number;
  delaySeconds: number;
  source: (typeof TRIGGER_SOURCES)[number];
  timerSeconds: number;
}

/** Everything of a channel that *RST sets back, beside the front end's own settings. */
export interface SettingsB2900 {
  mode: 'FIXed' | 'LIST' | 'SWEep';
  readonly stairs: { start: number; stop: number; points: number };
  stairStyle: 'SINGle' | 'DOUBle';
  readonly lists: ChannelLists;
  measures: Set<Quantity>;
  offMode: 'NORMal' | 'HIZ' | 'ZERO';
  autoOn: boolean;
  autoOff: boolean;
  protection: boolean;
  readonly transient: TriggerSettings;
  readonly acquire: TriggerSettings;
  tracePoints: number;
  traceFills: boolean;
  /** A pulse on that line when the source has taken a step. */
  stepSignalOn: boolean;
  stepSignal: string;
}

export function setOfChannel(): SettingsB2900 {
  const trigger = (): TriggerSettings => ({ count: 1, delaySeconds: 0, source: 'AINT', timerSeconds: 1e-5 });
  return {
    mode: 'FIXed',
    stairs: { start: 0, stop: 0, points: 1 },
    stairStyle: 'SINGle',
    lists: {
      volts: new SourceList({ ...LIST_LIMITS, largest: 210 }, 'V'),
      amps: new SourceList({ ...LIST_LIMITS, largest: 1.515 }, 'A'),
    },
    measures: new Set(['VOLTage', 'CURRent']),
    offMode: 'NORMal',
    autoOn: true,
    autoOff: false,
    protection: false,
    transient: trigger(),
    acquire: trigger(),
    tracePoints: 100,
    traceFills: false,
    stepSignalOn: false,
    stepSignal: 'EXT1',
  };
}

/** One channel: front end, sweep, readings. */
export class ChannelB2900 {
  readonly smu: SmuFrontEnd;
  readonly sequence: PointSequence;
  settings = setOfChannel();
  readings: ReadingB2900[] = [];
  trace: ReadingB2900[] = [];
  /** Where the time of a reading counts from. */
  timeZero = 0;

  private readonly sendSignal: (signal: string) => void;

  /** `sendSignal` puts a pulse on a line of the instrument. */
  constructor(smu: SmuFrontEnd, clock: SimulatedClock, sendSignal: (signal: string) => void) {
    this.smu = smu;
    this.sendSignal = sendSignal;
    this.sequence = new PointSequence(clock, smu);
  }

  reset(): void {
    this.sequence.abort();
    this.settings = setOfChannel();
    this.smu.reset();
    this.readings = [];
    this.trace = [];
  }

  setOutput(on: boolean): void {
    this.smu.setOutput(on, 202);
  }

  initiate(): void {
    const { smu, settings, sequence } = this;
    if (sequence.busy) throw new ScpiError(211);
    if (!smu.outputOn && settings.autoOn) this.setOutput(true);
    const levels = this.levels();
    const { acquire, transient } = settings;
    this.readings = [];
    sequence.start({
      points: acquire.count,
      level: (point) => {
        if (settings.stepSignalOn) this.sendSignal(settings.stepSignal);
        return levels === null ? null : levels[Math.min(point, transient.count - 1) % levels.length];
      },
      delaySeconds: acquire.delaySeconds,
      intervalSeconds: acquire.source === 'TIMer' ? acquire.timerSeconds : 0,
      waitsForTrigger: acquire.source === 'BUS' || acquire.source.startsWith('EXT'),
      onReading: (reading) => this.store(reading),
    });
    void sequence.idle().then(() => {
      if (settings.autoOff) smu.setOutput(false, 202);
    });
  }

  /** A trigger has come: the point that waits for this one goes on. */
  trigger(signal: string): void {
    if (this.settings.acquire.source === signal) this.sequence.release();
  }

  private levels(): readonly number[] | null {
    const { mode, lists, stairs, stairStyle } = this.settings;
    if (mode === 'FIXed') return null;
    if (mode === 'SWEep') {
      const { start, stop, points } = stairs;
      const up = Array.from({ length: points }, (_, i) =>
        points === 1 ? start : start + ((stop - start) * i) / (points - 1),
      );
      return stairStyle === 'SINGle' ? up : [...up, ...up.toReversed()];
    }
    const volts = this.smu.sourceFunction === 'VOLTage';
    const { values } = volts ? lists.volts : lists.amps;
    const range = volts ? this.smu.sourceRangeVolts : this.smu.sourceRangeAmps;
    if (!this.smu.sourceAutorange && values.some((value) => Math.abs(value) > 1.05 * range)) throw new ScpiError(-221);
    // Reset leaves one value, 0.
    return values.length === 0 ? [0] : values;
  }

  private store(reading: SmuReading): void {
    const { settings, smu } = this;
    const seconds = reading.seconds - this.timeZero;
    const stored = readingB2900({ ...reading, seconds }, settings.measures, smu.sourceFunction === 'CURRent');
    this.readings.push(stored);
    if (settings.protection && reading.compliance !== 'none') this.trip();
    if (!settings.traceFills) return;
    this.trace.push(stored);
    if (this.trace.length >= settings.tracePoints) settings.traceFills = false;
  }

  /** Output protection: at the limit the output goes to 0 V and off. */
  private trip(): void {
    this.sequence.abort();
    this.smu.levelVolts = 0;
    this.setOutput(false);
  }
}

function readingB2900(reading: SmuReading, measures: ReadonlySet<Quantity>, sourcesAmps: boolean): ReadingB2900 {
  const { volts, amps, seconds, source, compliance, overRange } = reading;
  const valued = Math.abs(volts) < 1e37 && Math.abs(amps) < 1e37 && amps !== 0;
  const limited = sourcesAmps ? STATUS_B2900.voltsLimited : STATUS_B2900.ampsLimited;
  return {
    VOLTage: measures.has('VOLTage') ? volts : NOT_A_NUMBER,
    CURRent: measures.has('CURRent') ? amps : NOT_A_NUMBER,
    RESistance: measures.has('RESistance') ? (valued ? volts / amps : OVER_RANGE) : NOT_A_NUMBER,
    TIME: seconds,
    STATus:
      (sourcesAmps ? STATUS_B2900.sourcesAmps : 0) |
      (compliance === 'none' ? 0 : limited) |
      (overRange ? STATUS_B2900.overflow : 0),
    SOURce: source,
  };
}
