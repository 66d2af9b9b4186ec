import type { ChannelState, InstrumentIdentity, SourceLimits } from '../capabilities.ts';
import { type AcceptIdentity, parseIdentity } from '../framing/instrument-identity.ts';
import { firstDeviation, type ReadBack } from '../scpi-source/read-back.ts';
import { ScpiConnection } from '../scpi-source/scpi-connection.ts';
import type { SmuDialect } from '../scpi-source/smu-dialect.ts';
import { StageRunner } from '../scpi-source/stage-runner.ts';
import { notVerified, stateText, unsafe } from '../sweep-source/source-errors.ts';
import type { Link, Wire } from '../transport/link.ts';
import { dialectB2900 } from './dialect-b2900.ts';
import type { TriggerSetUp } from './trigger-line.ts';

/** One channel of an instrument of the pair. */
export interface UnitChannel {
  readonly number: 1 | 2;
  readonly dialect: SmuDialect;
  readonly runner: StageRunner;
}

/** One of the two instruments: its connection and those of its channels that the pair uses. */
export class PairUnit {
  readonly identity: InstrumentIdentity;
  readonly scpi: ScpiConnection;
  readonly channels: readonly UnitChannel[];
  readonly hertz: number;
  readonly #driver: string;

  private constructor(identity: InstrumentIdentity, scpi: ScpiConnection, numbers: readonly (1 | 2)[], hertz: number) {
    this.identity = identity;
    this.scpi = scpi;
    this.hertz = hertz;
    this.#driver = identity.driver;
    this.channels = numbers.map((number) => {
      const dialect = dialectB2900(number);
      return { number, dialect, runner: new StageRunner(scpi, dialect, hertz) };
    });
  }

  /** Identifies and asks for the line frequency; changes no setting. */
  static async open(
    link: Link,
    place: { readonly name: string; readonly driver: string },
    numbers: readonly (1 | 2)[],
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<PairUnit> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: 5, signal });
    const identity = parseIdentity(reply, { ...place, resource: link.resource });
    accept(identity);
    const { interlockCodes, lineFrequency } = dialectB2900(1);
    const scpi = new ScpiConnection(link, interlockCodes);
    const hertz = await link.exchange((wire) => scpi.askNumber(wire, lineFrequency, signal), signal);
    return new PairUnit(identity, scpi, numbers, hertz);
  }

  /** Ranges, limits and the trigger line, each read back; the outputs stay off at 0 V. */
  async configure(limits: SourceLimits, trigger: TriggerSetUp, signal: AbortSignal): Promise<void> {
    const setUps = [...this.channels.map(({ dialect }) => dialect.setUp(limits)), trigger];
    await this.scpi.link.exchange(async (wire) => {
      await this.scpi.readErrors(wire, signal);
      for (const { commands } of setUps) await this.scpi.write(wire, commands, signal);
      await this.scpi.requireNoErrors(wire, 'configuring', signal);
      for (const { readBacks } of setUps) await this.verify(wire, readBacks, signal);
    }, signal);
    for (const state of await this.readState(false, signal)) {
      if (!state.outputOn && state.levelVolts === 0) continue;
      throw notVerified(this.scpi.thing, 'an output is not off at 0 V', stateText(state), 'off at 0 V');
    }
  }

  /** TB_LIMIT_NOT_VERIFIED at the first answer that is not what was set. */
  async verify(wire: Wire, readBacks: readonly ReadBack[], signal: AbortSignal): Promise<void> {
    const wrong = await firstDeviation(this.scpi, wire, readBacks, signal);
    if (wrong === null) return;
    const what = `${wrong.question} does not read back what was set`;
    throw notVerified(this.scpi.thing, what, wrong.answer, wrong.expected);
  }

  async setOutputs(on: boolean, signal: AbortSignal): Promise<void> {
    await this.scpi.link.exchange(async (wire) => {
      for (const { dialect } of this.channels) await this.scpi.write(wire, dialect.output(on), signal);
      await this.scpi.requireNoErrors(wire, `switching the outputs ${on ? 'on' : 'off'}`, signal);
    }, signal);
    for (const state of await this.readState(false, signal)) {
      if (state.outputOn === on && state.levelVolts === 0) continue;
      throw unsafe(this.scpi.thing, `an output did not switch ${on ? 'on' : 'off'} at 0 V`, state);
    }
  }

  /** In the order of `channels`. */
  async readState(busy: boolean, signal: AbortSignal): Promise<ChannelState[]> {
    const questions = this.channels.flatMap(({ dialect: { state } }) => [
      state.output,
      state.level,
      state.limit,
      state.range,
    ]);
    const answers = await this.scpi.askAll(questions, signal);
    const numbers = answers.map(Number);
    return this.channels.map((_, i) => {
      const [on, levelVolts, limitAmps, sourceRangeVolts] = numbers.slice(4 * i, 4 * i + 4);
      if (![on, levelVolts, limitAmps, sourceRangeVolts].every(Number.isFinite) || !(on === 0 || on === 1)) {
        throw this.scpi.malformed(questions[4 * i], answers.join(' '), 'numbers');
      }
      return { outputOn: on === 1, levelVolts, limitAmps, sourceRangeVolts, busy };
    });
  }

  /** Abort, 0 V, off, read back, on a new link where the present one is out of step. */
  async makeSafe(signal: AbortSignal): Promise<void> {
    this.forget();
    if (this.scpi.link.unsettled) await this.scpi.link.reopen(signal);
    for (const { dialect } of this.channels) await this.scpi.send(dialect.safe, signal);
    await this.scpi.drainErrors(signal);
    for (const state of await this.readState(false, signal)) {
      if (state.outputOn || state.levelVolts !== 0)
        throw unsafe(this.scpi.thing, `an output of the ${this.#driver} is not confirmed off at 0 V`, state);
    }
  }

  async reopen(signal: AbortSignal): Promise<void> {
    this.forget();
    await this.scpi.link.reopen(signal);
    for (const { dialect } of this.channels) await this.scpi.send([dialect.abort], signal);
    await this.scpi.drainErrors(signal);
  }

  /** What the instrument holds is not known any more. */
  forget(): void {
    for (const { runner } of this.channels) runner.forget();
  }
}
