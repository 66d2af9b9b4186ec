import type { Instrument2400 } from './keithley-2400/instrument-2400.ts';
import { addMeasureCommands } from './keithley-2400/measure-commands.ts';
import { DEFAULTS_2400, ERRORS_2400, MEASUREMENT_2400, MODEL_2400 } from './keithley-2400/model-2400.ts';
import { type Settings2400, setOf2400 } from './keithley-2400/settings.ts';
import { type StoredReading, storedReading } from './keithley-2400/stored-reading.ts';
import { addSourceSweepCommands, sweepLevels } from './keithley-2400/sweep-commands.ts';
import { addTraceCommands } from './keithley-2400/trace-commands.ts';
import { addTriggerCommands } from './keithley-2400/trigger-commands.ts';
import { ChannelErrors, DEFAULT_ERROR_SIZES } from './keithley-2600/channel-errors.ts';
import { isKeyword } from './scpi/parameter.ts';
import { PointSequence } from './scpi/point-sequence.ts';
import type { ProgramUnit } from './scpi/program-message.ts';
import { ScpiError } from './scpi/scpi-error.ts';
import { ScpiInstrument } from './scpi/scpi-instrument.ts';
import type { SimulatedSmuOptions } from './scpi/simulated-smu-options.ts';
import { SmuFrontEnd, type SmuReading } from './scpi/smu-front-end.ts';

const IDENTITY = 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1400003,C34 Sep 21 2016 15:30:00/A02  /H/J';

/**
 * Keithley 2400 SourceMeter behind its GPIB port (binary data allowed), after the 2400 Series user's manual. Not
 * covered: source memory, math (CALC1, CALC2), filters, offset-compensated ohms, limits tests, digital I/O.
 */
export class SimulatedKeithley2400 extends ScpiInstrument implements Instrument2400 {
  readonly smu: SmuFrontEnd;
  settings: Settings2400 = setOf2400();
  /** Readings of the last run, for FETCh?. */
  private latest: StoredReading[] | null = null;
  trace: StoredReading[] = [];
  private readonly sequence: PointSequence;

  constructor(options: SimulatedSmuOptions) {
    super(IDENTITY, options.clock, {
      errorTexts: ERRORS_2400,
      errorQueueLength: 10,
      errorReply: (entry) =>
        entry === null ? '0,"No error"' : `${entry.code > 0 ? '+' : ''}${entry.code},"${entry.text}"`,
    });
    const { station, clock, seed, terminals = { hi: 'columnA', lo: 'row' }, lineHertz = 50 } = options;
    const errors = new ChannelErrors(seed, options.errors ?? DEFAULT_ERROR_SIZES);
    this.smu = new SmuFrontEnd({ station, clock, terminals, errors, lineHertz, model: MODEL_2400 }, DEFAULTS_2400);
    this.sequence = new PointSequence(clock, this.smu);
    this.addSharedCommands(['OPERation', 'QUEStionable', 'MEASurement']);
    addSourceSweepCommands(this.tree, this);
    addMeasureCommands(this.tree, this);
    addTriggerCommands(this.tree, this);
    addTraceCommands(this.tree, this);
    this.tree.add(':STATus:QUEue:CLEar', { set: () => this.errors.clear() });
  }

  /** Starts the trigger model: arm count × trigger count points. */
  initiate(): void {
    const { settings, smu } = this;
    if (this.sequence.busy) throw new ScpiError(-213);
    if (!smu.outputOn) {
      if (!settings.autoClear) throw new ScpiError(803);
      smu.setOutput(true, 802);
    }
    const levels = sweepLevels(settings, smu);
    const readings: StoredReading[] = [];
    this.latest = readings;
    this.sequence.start({
      points: settings.armCount * settings.triggerCount,
      level: (point) => (levels === null ? null : levels[point % levels.length]),
      intervalSeconds: settings.armSource === 'TIMer' ? settings.armTimerSeconds : 0,
      waitsForTrigger: settings.armSource === 'BUS',
      delaySeconds: settings.triggerDelaySeconds,
      onReading: (reading) => this.store(reading, readings),
    });
    if (this.abortIsNear) this.sequence.abort();
    void this.sequence.idle().then(() => {
      if (settings.autoClear) smu.setOutput(false, 802);
    });
  }

  /** READ?: a run and its readings; nothing when it was aborted. */
  async read(): Promise<readonly StoredReading[] | null> {
    this.initiate();
    await this.sequence.idle();
    return this.sequence.aborted ? null : this.fetch();
  }

  fetch(): readonly StoredReading[] {
    if (this.latest === null || this.latest.length === 0) throw new ScpiError(-230);
    return this.latest;
  }

  clearTrace(): void {
    this.trace = [];
    this.status.measurement.set(MEASUREMENT_2400.bufferFull, false);
  }

  protected override async admit({ keywords }: ProgramUnit): Promise<void> {
    // While the trigger model runs the instrument takes up nothing but what ends or triggers it.
    if (keywords[0] === '*TRG' || isKeyword('ABORt', keywords[0])) return;
    await this.sequence.idle();
  }

  abort(): void {
    this.sequence.abort();
  }

  protected reset(): void {
    this.sequence.abort();
    this.settings = setOf2400();
    this.smu.reset();
    this.latest = null;
    this.clearTrace();
  }

  protected trigger(): void {
    this.sequence.release();
  }

  protected settled(): Promise<void> {
    return this.sequence.idle();
  }

  private store(reading: SmuReading, readings: StoredReading[]): void {
    const { settings, smu, status } = this;
    const stored = storedReading(reading, {
      measures: settings.measures,
      sourcesVolts: smu.sourceFunction === 'VOLTage',
      frontTerminals: settings.terminals === 'FRONt',
      remoteSense: smu.remoteSense,
    });
    readings.push(stored);
    status.measurement.pulse(MEASUREMENT_2400.readingAvailable);
    status.measurement.set(MEASUREMENT_2400.compliance, reading.compliance === 'limit');
    if (!settings.traceFills || this.trace.length >= settings.tracePoints) return;
    this.trace.push(stored);
    if (this.trace.length === settings.tracePoints) {
      settings.traceFills = false;
      status.measurement.set(MEASUREMENT_2400.bufferFull, true);
    }
  }
}
