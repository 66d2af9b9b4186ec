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
import { cannot, notVerified, stateText, unsafe } from './source-errors.ts';
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
 * neighbour column on the guard. The three channel names of the pair scheme all mean this one channel; the reading of
 * the selected cell comes back as side A, whichever column it is in. Junction voltage is HI minus LO, signed as
 * programmed. With one current there is no sum to check for leaks: `residualAmps` is 0.
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
      await this.#verify(wire, readBacks, signal);
    }, signal);
    const { columnA } = await this.readState(signal);
    if (columnA.outputOn || columnA.levelVolts !== 0)
      throw notVerified(this.#scpi.thing, 'the output is not off at 0 V', stateText(columnA));
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
        throw cannot(
          this.#scpi.thing,
          'an integration time is out of bounds',
          `${stage.nplc} PLC`,
          `${nplc.min}…${nplc.max} PLC`,
        );
      }
      if (stage.levels.length > list.total) {
        throw cannot(this.#scpi.thing, 'a list is too long', `${stage.levels.length} points`, `at most ${list.total}`);
      }
    }
    this.#programme = null;
    this.#held = null;
    await this.#scpi.link.exchange(async (wire) => {
      for (const stage of stages) {
        await this.#scpi.write(wire, this.#listCommands(stage), signal);
        const points = await this.#scpi.askNumber(wire, this.#pointsQuestion, signal);
        await this.#scpi.requireNoErrors(wire, 'loading the programme', signal);
        if (points === stage.levels.length) continue;
        throw this.#scpi.malformed(this.#pointsQuestion, `${points}`, `${stage.levels.length}`);
      }
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
      throw unsafe(this.#scpi.thing, `the output did not switch ${on ? 'on' : 'off'} at 0 V`, columnA);
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
      throw cannot(this.#scpi.thing, 'one channel cannot hold two columns', columns.join(' V, '), 'one level, or 0 V');
    }
    if (!(Math.abs(volts) <= Math.min(MOST_SPOT_VOLTS, limits.sourceRangeVolts))) {
      throw cannot(this.#scpi.thing, 'a spot level is out of bounds', `${volts} V`, `at most ${MOST_SPOT_VOLTS} V`);
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
    if (columnA.outputOn || columnA.levelVolts !== 0)
      throw unsafe(this.#scpi.thing, 'not confirmed off at 0 V', columnA);
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
    if (!programme) throw cannot(this.#scpi.thing, 'no programme is loaded', 'none', 'load() before start()');
    if (!Number.isInteger(token) || token < 1 || token > LARGEST_TOKEN) {
      throw cannot(this.#scpi.thing, 'a token is out of bounds', `${token}`, '1…2^31');
    }
    if (access !== 'single') throw cannot(this.#scpi.thing, 'the access scheme is not realised', access, 'single');
    const override = rangeOverride?.A ?? null;
    if (override) checkRange(this.#scpi.thing, 'repeat', override, limits);
    if (!this.#outputOn) throw cannot(this.#scpi.thing, 'the output is off', 'off', 'setOutputs(true) before start()');
    const measured = this.#scpi.link.exchange(async (wire) => {
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
    return measured.catch((error) => {
      // What the instrument took of the last settings is not known any more.
      this.#held = null;
      throw error;
    });
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

  /** One list: settings and list where they differ from what is held, read back in one question, run, readings. */
  async #runStage(wire: Wire, stage: SweepStage, signal: AbortSignal): Promise<StageBlock> {
    const { stage: commandsOf, stageLimits, run } = this.#dialect;
    const settings = commandsOf(stage);
    const list = this.#listCommands(stage);
    const [settingsKey, listKey] = [settings, list].map((commands) => commands.join('\n'));
    const newSettings = this.#held?.stage !== settingsKey;
    const newList = this.#held?.list !== listKey;
    if (newSettings || newList) {
      this.#held = null;
      await this.#scpi.write(wire, [...(newSettings ? settings : []), ...(newList ? list : [])], signal);
      const readBacks = [
        ...(newSettings ? stageLimits(stage.range) : []),
        ...(newList ? [{ question: this.#pointsQuestion, expected: stage.levels.length }] : []),
      ];
      await this.#verify(wire, readBacks, signal);
      this.#held = { list: listKey, stage: settingsKey };
    }
    const seconds = stagesSeconds([stage], this.#hertz);
    const values = await run(this.#scpi, wire, stage.levels.length, seconds, signal);
    return { stage, values };
  }

  #listCommands({ levels }: SweepStage): string[] {
    return listCommands(this.#dialect.list.header, levels, this.#dialect.list.perCommand);
  }

  get #pointsQuestion(): string {
    return `${this.#dialect.list.header}:POIN?`;
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

  /** Asks everything in one message; the first answer that is not what was set is TB_LIMIT_NOT_VERIFIED. */
  async #verify(wire: Wire, readBacks: readonly ReadBack[], signal: AbortSignal): Promise<void> {
    const question = readBacks.map((readBack) => readBack.question).join(';');
    const answer = await this.#scpi.ask(wire, question, signal);
    const answers = answer.split(';');
    if (answers.length !== readBacks.length) {
      throw this.#scpi.malformed(question, answer, `${readBacks.length} answers`);
    }
    readBacks.forEach((readBack, i) => {
      if (readsBack(readBack, answers[i])) return;
      this.#forget();
      const what = `${readBack.question} does not read back what was set`;
      throw notVerified(this.#scpi.thing, what, answers[i].slice(0, 40), `${readBack.expected}`);
    });
  }

  #forget(): void {
    this.#limits = null;
    this.#programme = null;
    this.#held = null;
    this.#outputOn = false;
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw notVerified(
      this.#scpi.thing,
      'ranges and limits were not set and read back since the link was opened',
      'nothing',
    );
  }
}

function readsBack({ expected, overhead = 1 }: ReadBack, answer: string): boolean {
  const text = answer.trim();
  if (typeof expected === 'string') return text.toUpperCase() === expected;
  const found = text === '' ? Number.NaN : Number(text);
  const slack = RELATIVE_TOLERANCE * Math.abs(expected);
  return found >= expected - slack && found <= overhead * expected + slack;
}
