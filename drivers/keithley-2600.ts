import type { CurrentRange, SweepProgramme } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import {
  type ChannelState,
  type InstrumentIdentity,
  type PairReading,
  SOURCE_CHANNELS,
  type SourceChannel,
  type SourceLimits,
  type SpotReading,
  type SweepRequest,
  type SweepRun,
  type SweepSource,
} from './capabilities.ts';
import { readRealBlock } from './framing/block.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { expectedCheck, type StoredProgramme, storedProgramme, uploadLines } from './keithley-2600/programme-upload.ts';
import { checkProgramme, checkRange } from './keithley-2600/source-limits.ts';
import { parseSpotLine } from './keithley-2600/spot-reply.ts';
import { type ChannelBlocks, type IdleLine, pairReading, parseIdleLine } from './keithley-2600/sweep-reply.ts';
import { sweepSeconds } from './keithley-2600/sweep-time.ts';
import { TspConnection } from './keithley-2600/tsp-connection.ts';
import { type ChannelPlaces, smuName, tspLibrary } from './keithley-2600/tsp-library.ts';
import { type Link, readLine, type Wire } from './transport/link.ts';

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
const LARGEST_TOKEN = 2 ** 31;

/** A level or limit that reads back within this part of what was set is set. */
const RELATIVE_TOLERANCE = 1e-3;

const ACCESS_CODES = { pair: 0, aloneA: 1, aloneB: 2 } as const;

/**
 * Keithley 2600A/B source-measure units (TSP): three channels over two nodes of a TSP-Link, both columns on one node.
 * The link ends at node whose numbers the channel names use; the programme runs inside the instrument.
 */
export class Keithley2600 implements SweepSource {
  readonly identity: InstrumentIdentity;
  readonly accessSchemes = ['pair'] as const;
  readonly #tsp: TspConnection;
  readonly #options: Keithley2600Options;
  readonly #lineFrequency: number;
  #limits: SourceLimits | null = null;
  #stored: StoredProgramme | null = null;
  #running = false;

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
    const reply = await link.query('*IDN?', { timeoutSeconds: 5, signal });
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

  async describe(signal: AbortSignal): Promise<Readonly<Record<string, string | number | boolean>>> {
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
    return facts;
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.#tsp.drainErrors(signal);
  }

  async configure(limits: SourceLimits, signal: AbortSignal): Promise<void> {
    const alone = this.#options.aloneColumnLimitAmps;
    this.#limits = null;
    this.#stored = null;
    await this.#tsp.drainErrors(signal);
    await this.#tsp.send(`loadandrunscript\n${tspLibrary(this.#options.channels)}endscript\n`, signal);
    await this.#tsp.send(`tb.reset(${limits.sourceRangeVolts}, ${limits.limitAmps}, ${alone})\n`, signal);
    await this.#setFormat(signal);
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
    for (const segment of [...stored.pair, ...stored.alone]) {
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
  }

  start(request: SweepRequest, signal: AbortSignal): SweepRun {
    const idle = Promise.withResolvers<void>();
    const reading = this.#run(request, idle.resolve, signal);
    reading.catch(idle.reject);
    // Both promises fail together; a caller that awaits one only must not see the other as unhandled.
    idle.promise.catch(() => {});
    return { idle: idle.promise, reading };
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
      const line = await this.#call(wire, token, call, seconds, signal);
      const reading = parseSpotLine(line, token);
      if (!reading) throw this.#tsp.malformed('a spot reading', line, `TBSPOT ${token} and nine numbers`);
      await this.#end(wire, token, seconds, signal);
      return reading;
    }, signal);
  }

  async readState(signal: AbortSignal): Promise<Readonly<Record<SourceChannel, ChannelState>>> {
    const states: Partial<Record<SourceChannel, ChannelState>> = {};
    for (const channel of SOURCE_CHANNELS) {
      const source = `${smuName(this.#options.channels[channel])}.source`;
      const expressions = ['output', 'levelv', 'limiti', 'rangev'].map((attribute) => `${source}.${attribute}`);
      const [output, levelVolts, limitAmps, sourceRangeVolts] = await this.#tsp.printNumbers(expressions, signal);
      // An answer means that no script is running; only a run of ours can have a sweep under way behind it.
      states[channel] = { outputOn: output === 1, levelVolts, limitAmps, sourceRangeVolts, busy: this.#running };
    }
    return states as Record<SourceChannel, ChannelState>;
  }

  async makeSafe(signal: AbortSignal): Promise<void> {
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
    if (!Number.isInteger(token) || token < 1 || token > LARGEST_TOKEN) {
      throw this.#cannot('a token is out of bounds', `${token}`, '1…2^31');
    }
    if (access === 'single') throw this.#cannot('the access scheme is not realised', 'single', 'pair, aloneA, aloneB');
    const ranges = [rangeOverride?.A ?? null, rangeOverride?.B ?? null];
    for (const range of ranges) if (range) checkRange(this.#tsp.thing, 'repeat', range, limits);
    const overrides = ranges.map((range: CurrentRange | null) => `${range?.rangeAmps ?? 0}, ${range?.limitAmps ?? 0}`);
    const call = `tb.run("${token}", "${run}", ${ACCESS_CODES[access]}, ${overrides.join(', ')})`;
    const seconds = this.longestSweepSeconds;
    return this.#tsp.link.exchange(async (wire) => {
      this.#running = true;
      const idle = this.#idle(await this.#call(wire, token, call, seconds, signal), token);
      this.#running = false;
      onIdle();
      const blocks = await this.#blocks(wire, idle, seconds, signal);
      await this.#end(wire, token, seconds, signal);
      return pairReading(this.#tsp.thing, stored, token, access, idle, blocks);
    }, signal);
  }

  /**
   * Sends a call and, in the same segment, the line that marks its end: if the script is aborted by an error, the mark
   * still comes, so a failure is known at once and not by a time-out. Returns the first line of the answer.
   */
  async #call(wire: Wire, token: number, call: string, seconds: number, signal: AbortSignal): Promise<string> {
    const end = `print(string.format("TBEND %s %d", "${token}", errorqueue.count))`;
    await wire.write(Buffer.from(`${call}\n${end}\n`, 'latin1'), signal);
    const line = await readLine(wire, { awaited: `the answer to ${call}`, timeoutSeconds: seconds, signal });
    if (line.startsWith(`TBEND ${token} `)) throw await this.#scriptError(wire, signal);
    if (line.startsWith(`TBFAULT ${token} `)) {
      await this.#end(wire, token, seconds, signal);
      throw this.#fault(line);
    }
    return line;
  }

  #idle(line: string, token: number): IdleLine {
    const idle = parseIdleLine(line);
    if (!idle) throw this.#tsp.malformed('a sweep', line, `TBIDLE ${token} …`);
    if (idle.token === String(token)) return idle;
    throw new TunnelbenchError('TB_REPLY_MISMATCH', {
      thing: this.#tsp.thing,
      what: 'the reply belongs to another sweep',
      value: `token ${idle.token}`,
      expected: `token ${token}`,
      remedy: 'The readings are not used; reopen the link and repeat the sweep.',
    });
  }

  async #blocks(wire: Wire, idle: IdleLine, timeoutSeconds: number, signal: AbortSignal): Promise<ChannelBlocks> {
    const shape = { rows: idle.points, columns: 3 };
    const read = (channel: SourceChannel) =>
      readRealBlock(this.#tsp.thing, wire, shape, { awaited: `the readings of ${channel}`, timeoutSeconds, signal });
    return [await read('columnA'), await read('columnB'), await read('row')];
  }

  /** The end mark carries the length of the error queue: every sweep is checked without a question of its own. */
  async #end(wire: Wire, token: number, timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    const line = await readLine(wire, { awaited: `the end mark of ${token}`, timeoutSeconds, signal });
    const parsed = /^TBEND (\d+) (\d+)$/.exec(line);
    if (!parsed || parsed[1] !== String(token)) throw this.#tsp.malformed('a sweep', line, `TBEND ${token} 0`);
    if (parsed[2] !== '0') throw await this.#scriptError(wire, signal);
  }

  /** Reads the error queue inside the exchange that met the error. */
  async #scriptError(wire: Wire, signal: AbortSignal): Promise<TunnelbenchError> {
    return this.#tsp.reported('during a sweep', await this.#tsp.readErrors(wire, signal));
  }

  #fault(line: string): TunnelbenchError {
    const [, , fault, number, set, back] = line.split(' ');
    const channel = SOURCE_CHANNELS[Number(number) - 1] ?? 'a channel';
    if (fault === 'OUTPUT') {
      return new TunnelbenchError('TB_INSTRUMENT_ERROR', {
        thing: this.#tsp.thing,
        what: `the output of ${channel} is off`,
        expected: 'all three outputs on for the whole of a sweep',
        remedy: 'The readings are not used. Check interlock and output-enable line, make the bench safe, start again.',
      });
    }
    return new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
      thing: this.#tsp.thing,
      what: `the current limit of ${channel} reads back another value`,
      value: `${Number(back)} A`,
      expected: `${Number(set)} A`,
      remedy: 'The sweep was not run. Check the instrument; no junction is driven under an unknown limit.',
    });
  }

  /** Binary read-out, set, read back, and proved with two known numbers: a wrong byte order can never reach the data. */
  async #setFormat(signal: AbortSignal): Promise<void> {
    const known = [1.5, -2.25];
    await this.#tsp.link.exchange(async (wire) => {
      const lines =
        'format.data = format.REAL32\nformat.byteorder = format.LITTLEENDIAN\n' +
        'print(format.data == format.REAL32 and format.byteorder == format.LITTLEENDIAN)\n' +
        `printnumber(${known.join(', ')})\n`;
      await wire.write(Buffer.from(lines, 'latin1'), signal);
      const wait = { awaited: 'the data format read back', timeoutSeconds: 10, signal };
      const set = (await readLine(wire, wait)).trim();
      const values = await readRealBlock(this.#tsp.thing, wire, { rows: 1, columns: known.length }, wait);
      if (set !== 'true' || values.some((value, i) => value !== known[i])) {
        throw this.#tsp.malformed('the data format', `${set} ${values.join(' ')}`, `true ${known.join(' ')}`);
      }
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
    throw new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
      thing: this.#tsp.thing,
      what: `${channel} does not read back what was set`,
      value: stateText(state),
      expected: `output off, 0 V, limit ${limits.limitAmps} A, source range ${limits.sourceRangeVolts} V`,
      remedy: 'The outputs stay off. Check that limit and range exist on this model.',
    });
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
      thing: this.#tsp.thing,
      what: 'ranges and limits were not set and read back since the link was opened',
      expected: 'configure() before anything is switched on or swept',
      remedy: 'Configure the source first.',
    });
  }

  #smus(): string[] {
    return SOURCE_CHANNELS.map((channel) => smuName(this.#options.channels[channel]));
  }

  #unsafe(what: string, state: ChannelState): TunnelbenchError {
    return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
      thing: this.#tsp.thing,
      what,
      value: stateText(state),
      remedy: 'Do not move relays or needles; switch the instrument off by hand if it does not follow.',
    });
  }

  #cannot(what: string, value: string, expected: string): TunnelbenchError {
    const remedy = 'Correct the bench file or the recipe.';
    return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', { thing: this.#tsp.thing, what, value, expected, remedy });
  }
}

function stateText({ outputOn, levelVolts, limitAmps, sourceRangeVolts }: ChannelState): string {
  return `output ${outputOn ? 'on' : 'off'}, ${levelVolts} V, limit ${limitAmps} A, source range ${sourceRangeVolts} V`;
}

function randomToken(): number {
  return Math.floor(Math.random() * (LARGEST_TOKEN - 1)) + 1;
}

/** The row's instrument answers over the TSP-Link, which is down after power-on; joining changes no channel. */
async function joinNodes(tsp: TspConnection, signal: AbortSignal): Promise<void> {
  if ((await tsp.print('tsplink.state', signal)).trim() === 'online') return;
  await tsp.send('tsplink.reset(2)\n', signal);
  const state = (await tsp.print('tsplink.state', signal)).trim();
  if (state === 'online') return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: tsp.thing,
    what: 'the TSP-Link between the two instruments is not up',
    value: state,
    expected: 'online, with two nodes',
    remedy: 'Check the link cable and that the node numbers of the two instruments differ.',
  });
}
