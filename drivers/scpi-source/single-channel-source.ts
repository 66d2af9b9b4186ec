import type { SweepProgramme } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import {
  type ChannelState,
  type InstrumentIdentity,
  NOT_REPORTED,
  type PairReading,
  type SourceChannel,
  type SourceLimits,
  type SpotReading,
  type SweepRequest,
  type SweepRun,
  type SweepSource,
} from '../capabilities.ts';
import { type AcceptIdentity, parseIdentity } from '../framing/instrument-identity.ts';
import { preReadOhms } from '../keithley-2600/pre-read-branch.ts';
import { checkProgramme, checkRange } from '../keithley-2600/source-limits.ts';
import { cannot, notConfigured, notVerified, stateText, unsafe } from '../sweep-source/source-errors.ts';
import { checkToken, startedRun } from '../sweep-source/started-run.ts';
import type { Link, Wire } from '../transport/link.ts';
import { oneChannelSpot, spotStage } from './one-channel-spot.ts';
import { firstDeviation } from './read-back.ts';
import { ScpiConnection } from './scpi-connection.ts';
import { allStages, singleSweep } from './single-sweep.ts';
import type { SmuDialect } from './smu-dialect.ts';
import { readingsOf, type StageBlock, secondsOf } from './stage-readings.ts';
import { StageRunner } from './stage-runner.ts';
import { type SweepStage, stagesSeconds } from './sweep-stage.ts';

/** The mask of *ESE serves as an echo: it is set with each run and read back behind its data. */
const ECHO_VALUES = 255;

/**
 * One SMU channel over SCPI, for the access scheme "single": HI on the selected column, LO on the selected row, the
 * neighbour column on the guard; HI and LO exchanged by the router for negative junction voltages, so that HI never goes
 * below LO. The three channel names of the pair scheme all mean this one channel. With one current there is no sum to
 * check for leaks: `residualAmps` is 0.
 */
export class SingleChannelSource implements SweepSource {
  readonly identity: InstrumentIdentity;
  readonly accessSchemes = ['single'] as const;
  readonly quickReads = true;
  readonly #scpi: ScpiConnection;
  readonly #dialect: SmuDialect;
  readonly #hertz: number;
  readonly #runner: StageRunner;
  #limits: SourceLimits | null = null;
  #programme: SweepProgramme | null = null;
  #outputOn = false;
  #running = false;

  private constructor(identity: InstrumentIdentity, scpi: ScpiConnection, dialect: SmuDialect, hertz: number) {
    this.identity = identity;
    this.#scpi = scpi;
    this.#dialect = dialect;
    this.#hertz = hertz;
    this.#runner = new StageRunner(scpi, dialect, hertz);
  }

  /** Identifies and asks for the line frequency; changes no setting. */
  static async open(
    link: Link,
    name: string,
    dialect: SmuDialect,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<SingleChannelSource> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: 5, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: dialect.driver });
    accept(identity);
    const scpi = new ScpiConnection(link, dialect.interlockCodes);
    const hertz = await link.exchange((wire) => scpi.askNumber(wire, dialect.lineFrequency, signal), signal);
    return new SingleChannelSource(identity, scpi, dialect, hertz);
  }

  get longestSweepSeconds(): number {
    if (this.#programme === null) return 0;
    return stagesSeconds(allStages(this.#programme), this.#hertz);
  }

  async describe() {
    return {
      lineFrequencyHertz: this.#hertz,
      channels: 1,
      accessScheme: 'single',
      // None of the dialects knows a question for either.
      calibrated: NOT_REPORTED,
      warmUp: NOT_REPORTED,
      visaLibrary: this.#scpi.link.visaLibrary ?? 'none',
    };
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
      const wrong = await firstDeviation(this.#scpi, wire, readBacks, signal);
      if (wrong === null) return;
      const what = `${wrong.question} does not read back what was set`;
      throw notVerified(this.#scpi.thing, what, wrong.answer, wrong.expected);
    }, signal);
    const { columnA } = await this.readState(signal);
    if (columnA.outputOn || columnA.levelVolts !== 0) {
      throw notVerified(this.#scpi.thing, 'the output is not off at 0 V', stateText(columnA), 'off at 0 V');
    }
    this.#limits = limits;
  }

  async load(programme: SweepProgramme, signal: AbortSignal): Promise<void> {
    checkProgramme(this.#scpi.thing, programme, this.#configured());
    const stages = allStages(programme);
    this.#runner.check(stages);
    this.#programme = null;
    await this.#scpi.link.exchange((wire) => this.#runner.tryLists(wire, stages, signal), signal);
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
    return startedRun((onIdle) => this.#run(request, onIdle, signal));
  }

  async spot(
    levels: Readonly<Record<SourceChannel, number>>,
    limitAmps: number,
    nplc: number,
    signal: AbortSignal,
  ): Promise<SpotReading> {
    const stage = spotStage(this.#scpi.thing, levels, limitAmps, nplc, this.#configured());
    const { readings } = await this.#scpi.link.exchange(async (wire) => {
      const block = await this.#runner.run(wire, stage, signal);
      await this.#scpi.requireNoErrors(wire, 'a spot reading', signal);
      return this.#readings([block]);
    }, signal);
    return oneChannelSpot(levels, readings);
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
    this.#runner.forget();
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
    const { token, access, exchange } = request;
    const { thing } = this.#scpi;
    checkToken(thing, token);
    if (access !== 'single') throw cannot(thing, 'the access scheme is not realised', access, 'single');
    if (!exchange) throw cannot(thing, 'nobody exchanges HI and LO', 'none', 'a sweep with its exchange');
    const programme = this.#ready(request);
    const override = request.rangeOverride?.[exchange.side] ?? null;
    if (override) checkRange(thing, 'repeat', override, this.#configured());
    const measured = this.#scpi.link.exchange(async (wire) => {
      this.#running = true;
      const echo = (token % ECHO_VALUES) + 1;
      await this.#scpi.write(wire, [`*ESE ${echo}`], signal);
      const parts = {
        programme,
        polarity: exchange.polarity,
        run: (stage: SweepStage) => this.#runner.run(wire, stage, signal),
        reverse: exchange.reverse,
        ohmsOf: (blocks: readonly StageBlock[]) => {
          const { readings } = this.#readings(blocks);
          return preReadOhms(readings, readings.volts.length);
        },
        notAtZero: (volts: number) => this.#notAtZero(volts),
      };
      const { blocks, kind, branch, preReadOnly } = await singleSweep(parts, request.run, override);
      await this.#requireEcho(wire, echo, signal);
      this.#running = false;
      onIdle();
      await this.#scpi.requireNoErrors(wire, 'a sweep', signal);
      const own = { kind, branch, ...this.#readings(blocks) };
      const sides = { A: exchange.side === 'A' ? own : null, B: exchange.side === 'B' ? own : null };
      return { token, access, ...sides, preReadOnly, residualAmps: 0, instrumentSeconds: secondsOf(blocks) };
    }, signal);
    return measured.catch((error) => {
      // What the instrument took of the last settings is not known any more; a limit that is not confirmed least of all.
      this.#runner.forget();
      if (error instanceof TunnelbenchError && error.code === 'TB_LIMIT_NOT_VERIFIED') this.#forget();
      throw error;
    });
  }

  /** The programme, if everything is as a sweep needs it. */
  #ready({ run }: SweepRequest): SweepProgramme {
    this.#configured();
    const { thing } = this.#scpi;
    const programme = this.#programme;
    if (!programme) throw cannot(thing, 'no programme is loaded', 'none', 'load() before start()');
    if (!this.#outputOn) throw cannot(thing, 'the output is off', 'off', 'setOutputs(true) before start()');
    if (run === 'quick' && (programme.quick ?? []).length === 0) {
      throw cannot(thing, 'the programme has no quick read', 'none', 'a programme with a quick read');
    }
    return programme;
  }

  #notAtZero(volts: number): never {
    throw new TunnelbenchError('TB_BENCH_NOT_SAFE', {
      thing: this.#scpi.thing,
      what: 'a list did not end at 0 V',
      value: `${volts} V measured`,
      expected: '0 V before HI and LO are exchanged',
      remedy: 'No relay was moved. Make the bench safe; check the source before it is used again.',
    });
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

  #forget(): void {
    this.#limits = null;
    this.#programme = null;
    this.#outputOn = false;
    this.#runner.forget();
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw notConfigured(this.#scpi.thing);
  }
}
