import { ChannelErrors, DEFAULT_ERROR_SIZES } from './keithley-2600/channel-errors.ts';
import { ChannelB2900, ELEMENTS } from './keysight-b2900/channel-b2900.ts';
import { addDigitalCommands } from './keysight-b2900/digital-commands-b2900.ts';
import { DigitalLines } from './keysight-b2900/digital-lines.ts';
import { DEFAULTS_B2902, ERRORS_B2900, MODEL_B2902 } from './keysight-b2900/model-b2902.ts';
import { addChannelCommands } from './keysight-b2900/source-commands-b2900.ts';
import { addTriggerCommands, type FormatB2900, type InstrumentB2900 } from './keysight-b2900/trigger-commands-b2900.ts';
import { numericValue } from './scpi/parameter.ts';
import { ScpiError } from './scpi/scpi-error.ts';
import { ScpiInstrument } from './scpi/scpi-instrument.ts';
import { none, only } from './scpi/setting-commands.ts';
import type { SimulatedSmuOptions } from './scpi/simulated-smu-options.ts';
import { SmuFrontEnd, type SmuTerminals } from './scpi/smu-front-end.ts';

export interface SimulatedB2900Options extends SimulatedSmuOptions {
  /** A second channel makes it a B2902A. */
  readonly secondTerminals?: SmuTerminals;
}

/**
 * Keysight B2901A (one channel) or B2902A (two), after the B2900 SCPI command reference. Not covered: arming layers,
 * pulses, arbitrary waveforms, math, limit tests; of the digital I/O all but triggers, whose polarity, place and width act
 * as if they were the same at both ends.
 */
export class SimulatedKeysightB2900 extends ScpiInstrument implements InstrumentB2900 {
  readonly channels: readonly ChannelB2900[];
  format: FormatB2900 = resetFormat();
  /** The digital connector. */
  readonly lines = new DigitalLines((signal) => {
    for (const channel of this.channels) channel.trigger(signal);
  });

  constructor(options: SimulatedB2900Options) {
    const model = options.secondTerminals === undefined ? 'B2901A' : 'B2902A';
    super(`Keysight Technologies,${model},MY51000005,3.4.2011.5100`, options.clock, {
      errorTexts: ERRORS_B2900,
      errorQueueLength: 100,
      errorReply: (entry) =>
        entry === null ? '+0,"No error"' : `${entry.code > 0 ? '+' : ''}${entry.code},"${entry.text}"`,
    });
    const { station, clock, seed, terminals = { hi: 'columnA', lo: 'row' }, secondTerminals } = options;
    const wiring = secondTerminals === undefined ? [terminals] : [terminals, secondTerminals];
    this.channels = wiring.map((own, i) => {
      const errors = new ChannelErrors(seed * 7 + i, options.errors ?? DEFAULT_ERROR_SIZES);
      const lineHertz = options.lineHertz ?? 50;
      const parts = { station, clock, terminals: own, errors, lineHertz, model: MODEL_B2902 };
      return new ChannelB2900(new SmuFrontEnd(parts, DEFAULTS_B2902), clock, (signal) => this.lines.send(signal));
    });
    this.addSharedCommands(['OPERation', 'QUEStionable']);
    addChannelCommands(this.tree, (suffix) => this.channels[suffix - 1], this.channels.length);
    addTriggerCommands(this.tree, this);
    addDigitalCommands(this.tree, this.lines, (suffix) => this.channels[suffix - 1], this.channels.length);
    this.addSystemCommands();
  }

  /** The one channel that a one-channel client knows. */
  get smu(): SmuFrontEnd {
    return this.channels[0].smu;
  }

  initiate(numbers: readonly number[]): void {
    for (const number of numbers) this.channels[number - 1].initiate();
    if (this.abortIsNear) this.abort();
  }

  abort(): void {
    for (const { sequence } of this.channels) sequence.abort();
  }

  protected reset(): void {
    for (const channel of this.channels) channel.reset();
    this.format = resetFormat();
    this.lines.reset();
  }

  protected trigger(): void {
    for (const channel of this.channels) channel.trigger('BUS');
  }

  protected async settled(): Promise<void> {
    await Promise.all(this.channels.map(({ sequence }) => sequence.idle()));
  }

  private addSystemCommands(): void {
    const { tree, errors } = this;
    tree.add(':SYSTem:ERRor:ALL', {
      query: () => {
        const entries: string[] = [];
        for (let entry = errors.next(); entry !== null; entry = errors.next()) {
          entries.push(`${entry.code > 0 ? '+' : ''}${entry.code},"${entry.text}"`);
        }
        return entries.length === 0 ? '+0,"No error"' : entries.join(',');
      },
    });
    tree.add(':SYSTem:LFRequency', {
      set: (parameters) => {
        const hertz = numericValue(only(parameters), { min: 50, max: 60, initial: 50, whole: true });
        if (hertz !== 50 && hertz !== 60) throw new ScpiError(-222);
        for (const { smu } of this.channels) smu.lineHertz = hertz;
      },
      query: () => String(this.smu.lineHertz),
    });
    tree.add(':SYSTem:TIME:TIMer:COUNt:RESet[:IMMediate]', {
      set: (parameters) => {
        none(parameters);
        for (const channel of this.channels) channel.timeZero = this.clock.now;
      },
    });
    tree.add(':SYSTem:INTerlock:TRIPped', { query: () => (this.smu.faults.interlockOpen ? '1' : '0') });
  }
}

function resetFormat(): FormatB2900 {
  return { data: { type: 'ASCii', order: 'NORMal' }, elements: new Set(ELEMENTS) };
}
