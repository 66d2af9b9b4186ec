import { addMeasureCommands } from './keithley-2450/measure-commands.ts';
import { DEFAULTS_2450, ERRORS_2450, MODEL_2450 } from './keithley-2450/model-2450.ts';
import { Buffer2450, bufferedReading } from './keithley-2450/reading-buffer-2450.ts';
import { type Instrument2450, type Settings2450, setOf2450 } from './keithley-2450/settings-2450.ts';
import { addSweepCommands } from './keithley-2450/sweep-commands.ts';
import { ChannelErrors, DEFAULT_ERROR_SIZES } from './keithley-2600/channel-errors.ts';
import { PointSequence, type SequencePlan } from './scpi/point-sequence.ts';
import { ScpiError } from './scpi/scpi-error.ts';
import { ScpiInstrument } from './scpi/scpi-instrument.ts';
import type { SimulatedSmuOptions } from './scpi/simulated-smu-options.ts';
import { SmuFrontEnd, type SmuReading } from './scpi/smu-front-end.ts';

const IDENTITY = 'KEITHLEY INSTRUMENTS,MODEL 2450,04500003,1.7.12b';

/**
 * Keithley 2450 SourceMeter in its SCPI command set, after the 2450 reference manual. Not covered: trigger blocks beyond
 * the sweep commands, configuration lists, filters, math, limit tests, digital I/O, the TSP and 2400 command sets.
 */
export class SimulatedKeithley2450 extends ScpiInstrument implements Instrument2450 {
  readonly smu: SmuFrontEnd;
  settings: Settings2450 = setOf2450();
  private buffers = defaultBuffers();
  private readonly sequence: PointSequence;

  constructor(options: SimulatedSmuOptions) {
    super(IDENTITY, options.clock, {
      errorTexts: ERRORS_2450,
      errorQueueLength: 1000,
      language: 'SCPI',
      errorReply: (entry) => (entry === null ? '0,"No error;0;0 0"' : `${entry.code},"${entry.text};1;"`),
    });
    const { station, clock, seed, terminals = { hi: 'columnA', lo: 'row' }, lineHertz = 50 } = options;
    const errors = new ChannelErrors(seed, options.errors ?? DEFAULT_ERROR_SIZES);
    this.smu = new SmuFrontEnd({ station, clock, terminals, errors, lineHertz, model: MODEL_2450 }, DEFAULTS_2450);
    this.sequence = new PointSequence(clock, this.smu);
    this.addSharedCommands(['OPERation', 'QUEStionable']);
    addSweepCommands(this.tree, this);
    addMeasureCommands(this.tree, this);
    this.tree.add(':SYSTem:VERSion', { query: () => '1999.0' });
    this.tree.add(':STATus:CLEar', {
      set: () => {
        this.status.clear();
        this.errors.clear();
      },
    });
  }

  buffer(name: string): Buffer2450 {
    const found = this.buffers.get(name);
    if (found === undefined) throw new ScpiError(-224);
    return found;
  }

  makeBuffer(name: string, points: number): void {
    if (this.buffers.has(name)) throw new ScpiError(-224);
    const made = new Buffer2450();
    made.capacity = points;
    made.fill = 'ONCE';
    this.buffers.set(name, made);
  }

  /** An open interlock does not block the output within ±37 V. */
  setOutput(on: boolean): void {
    this.smu.setOutput(on, 5074);
  }

  /** Runs the trigger model that the last sweep command built. */
  initiate(): void {
    const { sweep } = this.settings;
    if (sweep === null) throw new ScpiError(-221);
    const { levels, delaySeconds, buffer } = sweep;
    if (!this.smu.outputOn) this.setOutput(true);
    buffer.readings = [];
    this.run({
      points: levels.length,
      level: (point) => levels[point],
      delaySeconds,
      onReading: (reading) => buffer.store(this.buffered(reading)),
    });
  }

  async measureInto(buffer: Buffer2450): Promise<boolean> {
    this.run({
      points: this.settings.measureCount,
      level: () => null,
      delaySeconds: 0,
      onReading: (reading) => buffer.store(this.buffered(reading)),
    });
    await this.sequence.idle();
    return !this.sequence.aborted;
  }

  abort(): void {
    this.sequence.abort();
  }

  protected reset(): void {
    this.sequence.abort();
    this.settings = setOf2450();
    this.buffers = defaultBuffers();
    this.smu.reset();
  }

  /** The trigger models of the sweep commands wait for nothing. */
  protected trigger(): void {}

  protected settled(): Promise<void> {
    return this.sequence.idle();
  }

  private run(plan: Omit<SequencePlan, 'intervalSeconds' | 'waitsForTrigger'>): void {
    if (this.sequence.busy) throw new ScpiError(-213);
    this.sequence.start({ ...plan, intervalSeconds: 0, waitsForTrigger: false });
    if (this.abortIsNear) this.sequence.abort();
  }

  private buffered(reading: SmuReading) {
    const { smu, settings } = this;
    return bufferedReading(reading, {
      measures: settings.measures,
      sourcesVolts: smu.sourceFunction === 'VOLTage',
      readBack: settings.readBack[smu.sourceFunction],
      remoteSense: smu.remoteSense,
    });
  }
}

function defaultBuffers(): Map<string, Buffer2450> {
  return new Map([
    ['defbuffer1', new Buffer2450()],
    ['defbuffer2', new Buffer2450()],
  ]);
}
