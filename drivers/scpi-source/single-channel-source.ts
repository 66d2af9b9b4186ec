import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { type CurrentRange, chooseBranch, type SweepKind, type SweepProgramme } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type {
  ChannelState,
  InstrumentIdentity,
  PairReading,
  SourceChannel,
  SourceLimits,
  SpotReading,
  SweepRequest,
  SweepRun,
  SweepSource,
} from '../capabilities.ts';
import { type AcceptIdentity, parseIdentity } from '../framing/instrument-identity.ts';
import { preReadOhms } from '../keithley-2600/pre-read-branch.ts';
import { checkProgramme, checkRange } from '../keithley-2600/source-limits.ts';
import type { Link, Wire } from '../transport/link.ts';
import { ScpiConnection } from './scpi-connection.ts';
import type { ReadBack, SmuDialect } from './smu-dialect.ts';
import { readingsOf, type StageBlock, secondsOf } from './stage-readings.ts';
import { listCommands, type SweepStage, stagesSeconds, sweepStages } from './sweep-stage.ts';

const RELATIVE_TOLERANCE = 1e-3;
const SPOT_SETTLE_SECONDS = 0.005;
const MOST_SPOT_VOLTS = 1;
const LARGEST_TOKEN = 2 ** 31;

/** The mask of *ESE serves as an echo: it is set with each run and read back behind its data. */
const ECHO_VALUES = 255;

/**
 * One SMU channel over SCPI, for the access scheme "single": HI on the selected column, LO on the selected row, the
 * neighbour column on the guard. The three channel names of the pair scheme all mean this one channel. Junction voltage
 * is HI minus LO, signed as programmed. With one current there is no sum to check for leaks: `residualAmps` is 0.
 */
export class SingleChannelSource implements SweepSource {
  readonly identity: InstrumentIdentity;
  readonly accessSchemes = ['single'] as const;
  readonly #scpi: ScpiConnection;
  readonly #dialect: SmuDialect;
  readonly #hertz: number;
  #limits: SourceLimits | null = null;
  #programme: SweepProgramme | null = null;
  #outputOn = false;
  #running = false;
  /** List and settings that the instrument holds, as sent; null when unknown. */
  #held: { list: string; stage: string } | null = null;

  private constructor(identity: InstrumentIdentity, scpi: ScpiConnection, dialect: SmuDialect, hertz: number) {
    this.identity = identity;
    this.#scpi = scpi;
    this.#dialect = dialect;
    this.#hertz = hertz;
  }

  /** Identifies and asks for the line frequency; changes no setting. */
  static async open(
    link: Link,
    name: string,
    dialect: SmuDialect,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<SingleChannelSource> {
    const reply = await link.query('*IDN?', { timeoutSeconds: 5, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: dialect.driver });
    accept(identity);
    const scpi = new ScpiConnection(link, dialect.interlockCodes);
    const hertz = await link.exchange((wire) => scpi.askNumber(wire, dialect.lineFrequency, signal), signal);
    return new SingleChannelSource(identity, scpi, dialect, hertz);
  }

  get longestSweepSeconds(): number {
    if (this.#programme === null) return 0;
    return stagesSeconds(this.#allStages(this.#programme), this.#hertz);
  }

  async describe(): Promise<Readonly<Record<string, string | number | boolean>>> {
    return { lineFrequencyHertz: this.#hertz, channels: 1, accessScheme: 'single' };
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.#scpi.drainErrors(signal);
  }

  async configure(limits: SourceLimits, signal: AbortSignal): Promise<void> {
    this.#forget();
    const { commands, readBacks } = this.#dialect.setUp(limits);
    await this.#scpi.link.exchange(async (wire) => {
      await this.#scpi.readErrors(wire, signal);
      await this.#scpi.write(wire, commands, signal);
      await this.#scpi.requireNoErrors(wire, 'configuring', signal);
      for (const readBack of readBacks) await this.#verify(wire, readBack, signal);
    }, signal);
    const { columnA } = await this.readState(signal);
    if (columnA.outputOn || columnA.levelVolts !== 0)
      throw this.#notVerified('the output is not off at 0 V', stateText(columnA));
    this.#limits = limits;
  }

  /** Every list of the programme is sent once and counted, so that one that does not fit is refused before any sweep. */
  async load(programme: SweepProgramme, signal: AbortSignal): Promise<void> {
    const limits = this.#configured();
    const { thing } = this.#scpi;
    checkProgramme(thing, programme, limits);
    const stages = this.#allStages(programme);
    const { nplc, list } = this.#dialect;
    for (const stage of stages) {
      if (stage.nplc < nplc.min || stage.nplc > nplc.max) {
        throw this.#cannot('an integration time is out of bounds', `${stage.nplc} PLC`, `${nplc.min}…${nplc.max} PLC`);
      }
      if (stage.levels.length > list.total) {
        throw this.#cannot('a list is too long', `${stage.levels.length} points`, `at most ${list.total}`);
      }
    }
    this.#programme = null;
    await this.#scpi.link.exchange(async (wire) => {
      for (const stage of stages) await this.#sendList(wire, stage, signal);
      await this.#scpi.requireNoErrors(wire, 'loading the programme', signal);
    }, signal);
    this.#programme = programme;
  }

  async setOutputs(on: boolean, signal: AbortSignal): Promise<void> {
    if (on) this.#configured();
    this.#outputOn = false;
    await this.#scpi.link.exchange(async (wire) => {
      await this.#scpi.write(wire, this.#dialect.output(on), signal);
      await this.#scpi.requireNoErrors(wire, `switching the output ${on ? 'on' : 'off'}`, signal);
    }, signal);
    const { columnA } = await this.readState(signal);
    if (columnA.outputOn !== on || columnA.levelVolts !== 0) {
      throw this.#unsafe(`the output did not switch ${on ? 'on' : 'off'} at 0 V`, columnA);
    }
    this.#outputOn = on;
  }

  start(request: SweepRequest, signal: AbortSignal): SweepRun {
    const idle = Promise.withResolvers<void>();
    const reading = this.#run(request, idle.resolve, signal);
    reading.catch(idle.reject);
    // Both promises fail together; a caller that awaits one only must not see the other as unhandled.
    idle.promise.catch(() => {});
    return { idle: idle.promise, reading };
  }

  /** The column's level against the row's; two columns at different levels need two channels. */
  async spot(
    levels: Readonly<Record<SourceChannel, number>>,
    limitAmps: number,
    nplc: number,
    signal: AbortSignal,
  ): Promise<SpotReading> {
    const limits = this.#configured();
    const range: CurrentRange = { rangeAmps: limitAmps, limitAmps };
    checkRange(this.#scpi.thing, 'spot reading', range, limits);
    const columns = [levels.columnA, levels.columnB].filter((volts) => volts !== 0);
    const volts = (columns[0] ?? 0) - levels.row;
    if (columns.length === 2 && columns[0] !== columns[1]) {
      throw this.#cannot('one channel cannot hold two columns', columns.join(' V, '), 'one level, or 0 V');
    }
    if (!(Math.abs(volts) <= Math.min(MOST_SPOT_VOLTS, limits.sourceRangeVolts))) {
      throw this.#cannot('a spot level is out of bounds', `${volts} V`, `at most ${MOST_SPOT_VOLTS} V`);
    }
    const stage: SweepStage = { levels: [volts, 0], keep: [0], nplc, settleSeconds: SPOT_SETTLE_SECONDS, range };
    const { readings } = await this.#scpi.link.exchange(async (wire) => {
      const block = await this.#runStage(wire, stage, signal);
      await this.#scpi.requireNoErrors(wire, 'a spot reading', signal);
      return this.#readings([block]);
    }, signal);
    const compliance = (readings.flags[0] & UNUSABLE_POINT) !== 0;
    const own = { volts: readings.volts[0], amps: readings.amps[0], compliance };
    const none = { volts: 0, amps: 0, compliance: false };
    const column = (level: number) => (level !== 0 || columns.length === 0 ? own : none);
    return {
      columnA: column(levels.columnA),
      columnB: column(levels.columnB),
      row: { volts: 0, amps: -own.amps, compliance },
    };
  }

  async readState(signal: AbortSignal): Promise<Readonly<Record<SourceChannel, ChannelState>>> {
    const { output, level, limit, range } = this.#dialect.state;
    const answers = await this.#scpi.askAll([output, level, limit, range], signal);
    const numbers = answers.map(Number);
    if (!numbers.every(Number.isFinite) || !(numbers[0] === 0 || numbers[0] === 1)) {
      throw this.#scpi.malformed(output, answers.join(' '), 'four numbers');
    }
    const [on, levelVolts, limitAmps, sourceRangeVolts] = numbers;
    const state = { outputOn: on === 1, levelVolts, limitAmps, sourceRangeVolts, busy: this.#running };
    return { columnA: state, columnB: state, row: state };
  }

  async makeSafe(signal: AbortSignal): Promise<void> {
    this.#outputOn = false;
    this.#held = null;
    if (this.#scpi.link.unsettled) await this.#scpi.link.reopen(signal);
    await this.#scpi.send(this.#dialect.safe, signal);
    this.#running = false;
    await this.#scpi.drainErrors(signal);
    const { columnA } = await this.readState(signal);
    if (columnA.outputOn || columnA.levelVolts !== 0) throw this.#unsafe('not confirmed off at 0 V', columnA);
  }

  async reopen(signal: AbortSignal): Promise<void> {
    this.#forget();
    await this.#scpi.link.reopen(signal);
    await this.#scpi.send([this.#dialect.abort], signal);
    this.#running = false;
    await this.#scpi.drainErrors(signal);
  }

  close(): Promise<void> {
    return this.#scpi.link.close();
  }

  async #run(request: SweepRequest, onIdle: () => void, signal: AbortSignal): Promise<PairReading> {
    const { token, run, access, rangeOverride } = request;
    const limits = this.#configured();
    const programme = this.#programme;
    if (!programme) throw this.#cannot('no programme is loaded', 'none', 'load() before start()');
    if (!Number.isInteger(token) || token < 1 || token > LARGEST_TOKEN) {
      throw this.#cannot('a token is out of bounds', `${token}`, '1…2^31');
    }
    if (access !== 'single') throw this.#cannot('the access scheme is not realised', access, 'single');
    const override = rangeOverride?.A ?? null;
    if (override) checkRange(this.#scpi.thing, 'repeat', override, limits);
    if (!this.#outputOn) throw this.#cannot('the output is off', 'off', 'setOutputs(true) before start()');
    return this.#scpi.link.exchange(async (wire) => {
      this.#running = true;
      const echo = (token % ECHO_VALUES) + 1;
      await this.#scpi.write(wire, [`*ESE ${echo}`], signal);
      const blocks = [await this.#runStage(wire, this.#preRead(programme), signal)];
      const pre = this.#readings(blocks).readings;
      const ohms = preReadOhms(pre, pre.volts.length);
      const branch = ohms === null ? 0 : chooseBranch(programme.branches, ohms);
      const then = this.#following(programme, run, branch, override);
      for (const stage of then.stages) blocks.push(await this.#runStage(wire, stage, signal));
      await this.#requireEcho(wire, echo, signal);
      this.#running = false;
      onIdle();
      await this.#scpi.requireNoErrors(wire, 'a sweep', signal);
      const { readings, rawStatus } = this.#readings(blocks);
      return {
        token,
        access,
        A: { kind: then.kind, branch, readings, rawStatus },
        B: null,
        preReadOnly: then.preReadOnly,
        residualAmps: 0,
        instrumentSeconds: secondsOf(blocks),
      };
    }, signal);
  }

  /** What follows the pre-read. */
  #following(
    programme: SweepProgramme,
    run: SweepRequest['run'],
    branch: number,
    override: CurrentRange | null,
  ): { kind: SweepKind; stages: readonly SweepStage[]; preReadOnly: boolean } {
    const { action, range } = programme.branches[branch];
    if (run === 'preRead') return { kind: 'open', stages: [this.#preRead(programme)], preReadOnly: false };
    if (run === 'lowBias') {
      const stages = sweepStages([programme.lowBias], programme.complianceRepeat);
      return { kind: 'lowBias', stages, preReadOnly: false };
    }
    if (run === 'auto' && action !== 'loop') return { kind: 'open', stages: [], preReadOnly: true };
    const stages = sweepStages(programme.loop, override ?? range ?? programme.complianceRepeat);
    return { kind: 'loop', stages, preReadOnly: false };
  }

  #preRead(programme: SweepProgramme): SweepStage {
    return sweepStages([programme.preRead], programme.complianceRepeat)[0];
  }

  #allStages(programme: SweepProgramme): SweepStage[] {
    const ranges = [programme.complianceRepeat];
    const { preRead, lowBias, loop } = programme;
    return ranges.flatMap((range) =>
      [preRead, lowBias].flatMap((one) => sweepStages([one], range)).concat(sweepStages(loop, range)),
    );
  }

  /** One list: settings where they differ, limit read back, run, readings. */
  async #runStage(wire: Wire, stage: SweepStage, signal: AbortSignal): Promise<StageBlock> {
    const settings = this.#dialect.stage(stage);
    const key = settings.join('\n');
    if (this.#held?.stage !== key) {
      await this.#scpi.write(wire, settings, signal);
      for (const readBack of this.#dialect.stageLimits(stage.range)) await this.#verify(wire, readBack, signal);
      this.#held = { list: this.#held?.list ?? '', stage: key };
    }
    await this.#sendList(wire, stage, signal);
    const seconds = stagesSeconds([stage], this.#hertz);
    const values = await this.#dialect.run(this.#scpi, wire, stage.levels.length, seconds, signal);
    return { stage, values };
  }

  async #sendList(wire: Wire, { levels }: SweepStage, signal: AbortSignal): Promise<void> {
    const { header, perCommand } = this.#dialect.list;
    const commands = listCommands(header, levels, perCommand);
    const key = commands.join('\n');
    if (this.#held?.list === key) return;
    this.#held = { list: '', stage: this.#held?.stage ?? '' };
    await this.#scpi.write(wire, commands, signal);
    const points = await this.#scpi.askNumber(wire, `${header}:POIN?`, signal);
    if (points !== levels.length) {
      await this.#scpi.requireNoErrors(wire, 'loading a list', signal);
      throw this.#scpi.malformed(`${header}:POIN?`, `${points}`, `${levels.length}`);
    }
    this.#held = { list: key, stage: this.#held.stage };
  }

  async #requireEcho(wire: Wire, echo: number, signal: AbortSignal): Promise<void> {
    const found = await this.#scpi.ask(wire, '*ESE?', signal);
    if (Number(found) === echo) return;
    throw new TunnelbenchError('TB_REPLY_MISMATCH', {
      thing: this.#scpi.thing,
      what: 'the readings belong to another run',
      value: found.slice(0, 40),
      expected: `${echo}`,
      remedy: 'The sweep is not stored; reopen the link, configure and load the programme again.',
    });
  }

  #readings(blocks: readonly StageBlock[]) {
    return readingsOf(this.#scpi.thing, blocks, (status) => {
      const point = this.#dialect.statusOf(status);
      if (point !== null) return point;
      this.#outputOn = false;
      throw new TunnelbenchError('TB_INSTRUMENT_ERROR', {
        thing: this.#scpi.thing,
        what: 'the output was off during a sweep',
        value: `status ${status}`,
        expected: 'output on',
        remedy: 'Check the interlock; make the bench safe before work goes on.',
      });
    });
  }

  async #verify(wire: Wire, { question, expected, overhead = 1 }: ReadBack, signal: AbortSignal): Promise<void> {
    const answer = await this.#scpi.ask(wire, question, signal);
    if (typeof expected === 'string') {
      if (answer.toUpperCase() === expected) return;
    } else {
      const found = answer === '' ? Number.NaN : Number(answer);
      const low = expected - RELATIVE_TOLERANCE * Math.abs(expected);
      const high = overhead * expected + RELATIVE_TOLERANCE * Math.abs(expected);
      if (found >= low && found <= high) return;
    }
    this.#forget();
    throw this.#notVerified(`${question} does not read back what was set`, answer.slice(0, 40), `${expected}`);
  }

  #forget(): void {
    this.#limits = null;
    this.#programme = null;
    this.#held = null;
    this.#outputOn = false;
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw this.#notVerified('ranges and limits were not set and read back since the link was opened', 'nothing');
  }

  #notVerified(
    what: string,
    value: string,
    expected = 'configure() before anything is switched on or swept',
  ): TunnelbenchError {
    return new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
      thing: this.#scpi.thing,
      what,
      value,
      expected,
      remedy: 'The output stays off. Check that limit and range exist on this model.',
    });
  }

  #unsafe(what: string, state: ChannelState): TunnelbenchError {
    return new TunnelbenchError('TB_BENCH_NOT_SAFE', {
      thing: this.#scpi.thing,
      what,
      value: stateText(state),
      remedy: 'Do not move relays or needles; switch the instrument off by hand if it does not follow.',
    });
  }

  #cannot(what: string, value: string, expected: string): TunnelbenchError {
    const remedy = 'Correct the bench file or the recipe.';
    return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', { thing: this.#scpi.thing, what, value, expected, remedy });
  }
}

function stateText({ outputOn, levelVolts, limitAmps, sourceRangeVolts }: ChannelState): string {
  return `output ${outputOn ? 'on' : 'off'}, ${levelVolts} V, limit ${limitAmps} A, source range ${sourceRangeVolts} V`;
}
