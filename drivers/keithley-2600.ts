import type { CurrentRange, SweepProgramme } from '../wafer/sweep.ts';
import type { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import {
  type ChannelState,
  type InstrumentIdentity,
  NOT_REPORTED,
  type PairReading,
  SOURCE_CHANNELS,
  type SourceChannel,
  type SourceLimits,
  type SpotReading,
  type SweepRequest,
  type SweepRun,
  type SweepSource,
} from './capabilities.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { joinNodes, setBinaryFormat } from './keithley-2600/instrument-setup.ts';
import { MarkedCall } from './keithley-2600/marked-call.ts';
import { requirePlausible } from './keithley-2600/plausible-readings.ts';
import { expectedCheck, type StoredProgramme, storedProgramme, uploadLines } from './keithley-2600/programme-upload.ts';
import { checkProgramme, checkRange } from './keithley-2600/source-limits.ts';
import { parseSpotLine } from './keithley-2600/spot-reply.ts';
import { pairReading } from './keithley-2600/sweep-reply.ts';
import { sweepSeconds } from './keithley-2600/sweep-time.ts';
import { TspConnection } from './keithley-2600/tsp-connection.ts';
import { type ChannelPlaces, smuName, tspLibrary } from './keithley-2600/tsp-library.ts';
import { cannot, notConfigured, notVerified, stateText, unsafe } from './sweep-source/source-errors.ts';
import { checkToken, startedRun } from './sweep-source/started-run.ts';
import type { Link } from './transport/link.ts';

export interface Keithley2600Options {
  readonly channels: ChannelPlaces;
  readonly sourceRangeVolts: number;
  /**
   * Limit of both columns while one cell is measured alone, amperes. The driven column then also feeds the
   * half-selected cells: one path through two cells for every other row, about rows × |V| / (2 × R). 100 rows of
   * 18 kΩ cells at 0.7 V take 1.9 mA; the selected cell itself stays guarded by the row's limit.
   */
  readonly aloneColumnLimitAmps: number;
}

/** Waiting time of spot readings between the step and the measurement. */
const SPOT_SETTLE_SECONDS = 0.005;
const MOST_SPOT_VOLTS = 1;

/** A level or limit that reads back within this part of what was set is set. */
const RELATIVE_TOLERANCE = 1e-3;

const ACCESS_CODES = { pair: 0, aloneA: 1, aloneB: 2 } as const;

/**
 * Keithley 2600A/B source-measure units (TSP): three channels over two nodes of a TSP-Link, both columns on one node.
 * The programme runs inside the instrument.
 */
export class Keithley2600 implements SweepSource {
  readonly identity: InstrumentIdentity;
  readonly accessSchemes = ['pair'] as const;
  readonly quickReads = true;
  readonly quickReadsAlone = true;
  readonly #tsp: TspConnection;
  readonly #options: Keithley2600Options;
  readonly #lineFrequency: number;
  #limits: SourceLimits | null = null;
  #stored: StoredProgramme | null = null;
  #running = false;
  /** Switched on by this driver and confirmed; found off afterwards, somebody else switched it off. */
  #outputsOn = false;

  private constructor(identity: InstrumentIdentity, tsp: TspConnection, options: Keithley2600Options, hertz: number) {
    this.identity = identity;
    this.#tsp = tsp;
    this.#options = options;
    this.#lineFrequency = hertz;
  }

  /** Identifies; touches neither outputs nor settings of the channels. */
  static async open(
    link: Link,
    name: string,
    options: Keithley2600Options,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<Keithley2600> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: 5, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: 'keithley-2600' });
    accept(identity);
    const tsp = new TspConnection(link);
    await tsp.send('localnode.prompts = 0\nlocalnode.showerrors = 0\n', signal);
    await joinNodes(tsp, signal);
    const [hertz] = await tsp.printNumbers(['localnode.linefreq'], signal);
    return new Keithley2600(identity, tsp, options, hertz);
  }

  get longestSweepSeconds(): number {
    return this.#stored ? sweepSeconds(this.#stored, this.#lineFrequency) : 0;
  }

  async describe(signal: AbortSignal) {
    const { columnA, row } = this.#options.channels;
    const facts: Record<string, string | number | boolean> = {
      lineFrequencyHertz: this.#lineFrequency,
      aloneColumnLimitAmps: this.#options.aloneColumnLimitAmps,
      tspLinkState: await this.#tsp.print('tsplink.state', signal),
    };
    for (const [label, { node }] of Object.entries({ columnNode: columnA, rowNode: row })) {
      for (const property of ['model', 'serialno', 'revision']) {
        facts[`${label}.${property}`] = await this.#tsp.print(`node[${node}].${property}`, signal);
      }
    }
    const dates: string[] = [];
    for (const channel of SOURCE_CHANNELS) {
      const [seconds] = await this.#tsp.printNumbers([`${smuName(this.#options.channels[channel])}.cal.date`], signal);
      dates.push(`${channel} ${new Date(seconds * 1000).toISOString().slice(0, 10)}`);
    }
    const visaLibrary = this.#tsp.link.visaLibrary ?? 'none';
    return { ...facts, calibrated: dates.join(', '), warmUp: NOT_REPORTED, visaLibrary };
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.#tsp.drainErrors(signal);
  }

  async configure(limits: SourceLimits, signal: AbortSignal): Promise<void> {
    const alone = this.#options.aloneColumnLimitAmps;
    this.#limits = null;
    this.#stored = null;
    await this.#tsp.drainErrors(signal);
    await this.#tsp.send(
      `loadandrunscript\n${tspLibrary(this.#options.channels, this.#tsp.copies)}endscript\n`,
      signal,
    );
    await this.#tsp.send(`tb.reset(${limits.sourceRangeVolts}, ${limits.limitAmps}, ${alone})\n`, signal);
    await setBinaryFormat(this.#tsp, signal);
    await this.#tsp.requireNoErrors('configuring', signal);
    const state = await this.readState(signal);
    for (const channel of SOURCE_CHANNELS) this.#verify(channel, state[channel], limits);
    this.#limits = limits;
  }

  async load(programme: SweepProgramme, signal: AbortSignal): Promise<void> {
    const limits = this.#configured();
    checkProgramme(this.#tsp.thing, programme, limits);
    this.#stored = null;
    const stored = storedProgramme(programme);
    await this.#tsp.send(uploadLines(stored), signal);
    await this.#tsp.requireNoErrors('loading the programme', signal);
    for (const segment of [...stored.pair, ...stored.alone, ...stored.quick, ...stored.quickAlone]) {
      const question = `tb.check(${segment.id})`;
      const line = await this.#tsp.ask(question, signal);
      const found = line.trim().split(/\s+/).map(Number);
      const expected = expectedCheck(segment);
      const same = (value: number, i: number) => Math.abs(found[i] - value) <= 1e-9 + 1e-6 * Math.abs(value);
      if (found.length !== expected.length || !expected.every(same)) {
        throw this.#tsp.malformed(`${question} of segment ${segment.segment.name}`, line, expected.join(' '));
      }
    }
    this.#stored = stored;
  }

  async setOutputs(on: boolean, signal: AbortSignal): Promise<void> {
    if (on) this.#configured();
    this.#outputsOn = false;
    const lines = this.#smus().map(
      (smu) => `${smu}.source.levelv = 0\n${smu}.source.output = ${smu}.OUTPUT_${on ? 'ON' : 'OFF'}\n`,
    );
    await this.#tsp.send(lines.join(''), signal);
    await this.#tsp.requireNoErrors(`switching the outputs ${on ? 'on' : 'off'}`, signal);
    const state = await this.readState(signal);
    for (const channel of SOURCE_CHANNELS) {
      if (state[channel].outputOn === on && state[channel].levelVolts === 0) continue;
      throw this.#unsafe(`${channel} did not switch ${on ? 'on' : 'off'} at 0 V`, state[channel]);
    }
    this.#outputsOn = on;
  }

  start(request: SweepRequest, signal: AbortSignal): SweepRun {
    return startedRun((onIdle) => this.#run(request, onIdle, signal));
  }

  async spot(
    levels: Readonly<Record<SourceChannel, number>>,
    limitAmps: number,
    nplc: number,
    signal: AbortSignal,
  ): Promise<SpotReading> {
    const limits = this.#configured();
    checkRange(this.#tsp.thing, 'spot reading', { rangeAmps: limitAmps, limitAmps }, limits);
    const volts = SOURCE_CHANNELS.map((channel) => levels[channel]);
    const most = Math.min(MOST_SPOT_VOLTS, limits.sourceRangeVolts);
    if (!volts.every((level) => Math.abs(level) <= most)) {
      throw this.#cannot('a spot level is out of bounds', volts.join(', '), `at most ${most} V`);
    }
    const token = randomToken();
    const call = `tb.spot("${token}", ${volts.join(', ')}, ${limitAmps}, ${nplc}, ${SPOT_SETTLE_SECONDS})`;
    const seconds = 5 + SPOT_SETTLE_SECONDS + (12 * nplc) / this.#lineFrequency;
    return this.#tsp.link.exchange(async (wire) => {
      const marked = new MarkedCall(this.#tsp, wire, token, seconds, signal);
      const line = await marked.begin(call, this.#outputsOn);
      const reading = parseSpotLine(line, token);
      if (!reading) throw this.#tsp.malformed('a spot reading', line, `TBSPOT ${token} and nine numbers`);
      await marked.end();
      return reading;
    }, signal);
  }

  async readState(signal: AbortSignal): Promise<Readonly<Record<SourceChannel, ChannelState>>> {
    const states: Partial<Record<SourceChannel, ChannelState>> = {};
    for (const channel of SOURCE_CHANNELS) {
      const source = `${smuName(this.#options.channels[channel])}.source`;
      const expressions = ['output', 'levelv', 'limiti', 'rangev'].map((attribute) => `${source}.${attribute}`);
      const [output, levelVolts, limitAmps, sourceRangeVolts] = await this.#tsp.printNumbers(expressions, signal);
      if (output !== 0 && output !== 1) throw this.#tsp.malformed(expressions[0], `${output}`, '0 or 1');
      // An answer means that no script is running; only a run of ours can have a sweep under way behind it.
      states[channel] = { outputOn: output === 1, levelVolts, limitAmps, sourceRangeVolts, busy: this.#running };
    }
    return states as Record<SourceChannel, ChannelState>;
  }

  async makeSafe(signal: AbortSignal): Promise<void> {
    this.#outputsOn = false;
    if (this.#tsp.link.unsettled) await this.#tsp.link.reopen(signal);
    // One line a channel: a fault on one must not keep the others from going to 0 V.
    const lines = this.#smus().map(
      (smu) => `${smu}.abort() ${smu}.source.levelv = 0 ${smu}.source.output = ${smu}.OUTPUT_OFF\n`,
    );
    await this.#tsp.sendInStep(`abort\n${lines.join('')}`, signal);
    this.#running = false;
    await this.#tsp.drainErrors(signal);
    const state = await this.readState(signal);
    for (const channel of SOURCE_CHANNELS) {
      if (state[channel].outputOn || state[channel].levelVolts !== 0) {
        throw this.#unsafe(`${channel} is not confirmed off at 0 V`, state[channel]);
      }
    }
  }

  async reopen(signal: AbortSignal): Promise<void> {
    // After a loss the instrument may have been switched off and on: nothing that was set is taken for granted.
    this.#limits = null;
    this.#stored = null;
    this.#outputsOn = false;
    await this.#tsp.link.reopen(signal);
    const aborts = this.#smus().map((smu) => `${smu}.abort()\n`);
    await this.#tsp.sendInStep('abort\nlocalnode.prompts = 0\nlocalnode.showerrors = 0\n', signal);
    await joinNodes(this.#tsp, signal);
    await this.#tsp.sendInStep(aborts.join(''), signal);
    this.#running = false;
    await this.#tsp.drainErrors(signal);
  }

  close(): Promise<void> {
    return this.#tsp.link.close();
  }

  async #run(request: SweepRequest, onIdle: () => void, signal: AbortSignal): Promise<PairReading> {
    const { token, run, access, rangeOverride } = request;
    const limits = this.#configured();
    const stored = this.#stored;
    if (!stored) throw this.#cannot('no programme is loaded', 'none', 'load() before start()');
    checkToken(this.#tsp.thing, token);
    if (access === 'single') throw this.#cannot('the access scheme is not realised', 'single', 'pair, aloneA, aloneB');
    if (run === 'quick' && stored.quick.length === 0) {
      throw this.#cannot('the programme has no quick read', 'none', 'a programme with a quick read');
    }
    const ranges = [rangeOverride?.A ?? null, rangeOverride?.B ?? null];
    for (const range of ranges) if (range) checkRange(this.#tsp.thing, 'repeat', range, limits);
    const overrides = ranges.map((range: CurrentRange | null) => `${range?.rangeAmps ?? 0}, ${range?.limitAmps ?? 0}`);
    const call = `tb.run("${token}", "${run}", ${ACCESS_CODES[access]}, ${overrides.join(', ')})`;
    const seconds = this.longestSweepSeconds;
    return this.#tsp.link.exchange(async (wire) => {
      const marked = new MarkedCall(this.#tsp, wire, token, seconds, signal);
      this.#running = true;
      const idle = marked.idle(await marked.begin(call, this.#outputsOn));
      this.#running = false;
      onIdle();
      const blocks = await marked.blocks(idle);
      requirePlausible(this.#tsp.thing, blocks, limits.sourceRangeVolts);
      await marked.end();
      return pairReading(this.#tsp.thing, stored, request, idle, blocks);
    }, signal);
  }

  #verify(channel: SourceChannel, state: ChannelState, limits: SourceLimits): void {
    const isSet = (found: number, wanted: number) => Math.abs(found - wanted) <= RELATIVE_TOLERANCE * wanted;
    const right =
      !state.outputOn &&
      state.levelVolts === 0 &&
      isSet(state.limitAmps, limits.limitAmps) &&
      isSet(state.sourceRangeVolts, limits.sourceRangeVolts);
    if (right) return;
    const wanted: ChannelState = { ...limits, outputOn: false, levelVolts: 0, busy: false };
    throw notVerified(
      this.#tsp.thing,
      `${channel} does not read back what was set`,
      stateText(state),
      stateText(wanted),
    );
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw notConfigured(this.#tsp.thing);
  }

  #smus(): string[] {
    return SOURCE_CHANNELS.map((channel) => smuName(this.#options.channels[channel]));
  }

  #unsafe(what: string, state: ChannelState): TunnelbenchError {
    return unsafe(this.#tsp.thing, what, state);
  }

  #cannot(what: string, value: string, expected: string): TunnelbenchError {
    return cannot(this.#tsp.thing, what, value, expected);
  }
}

function randomToken(): number {
  return Math.floor(Math.random() * (2 ** 31 - 1)) + 1;
}
