import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { InstrumentIdentity, Supplies, SupplyState } from './capabilities.ts';
import { drainQueue, refuseErrors, scpiErrorEntry } from './framing/error-queue.ts';
import { readFrameNumber } from './framing/frame-values.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { askScpiTwice } from './framing/scpi-question.ts';
import type { Link } from './transport/link.ts';

const REPLY_SECONDS = 3;

/** Programming resolution and accuracy of the family's read-back, generously. */
const VOLTS_TOLERANCE = 2e-3;
const AMPS_TOLERANCE = 2e-3;

/** Two measurements of one quantity further apart than this are not taken for honest noise. */
const SAME_VOLTS = 5e-3;
const SAME_AMPS = 1e-3;

/** STATus:QUEStionable:INSTrument:ISUMmary condition: bits 0 and 1 together name the mode (0 off, 1 CC, 2 CV, 3 fault). */
const MODE_BITS = 0b11;
const CONSTANT_VOLTAGE = 0b10;

/** Keysight E36311A…E36313A triple-output supply (SCPI). Output names are those of the bench file. */
export class KeysightE36300 implements Supplies {
  readonly identity: InstrumentIdentity;
  readonly outputs: readonly string[];
  readonly #link: Link;
  readonly #channels: Readonly<Record<string, number>>;

  private constructor(identity: InstrumentIdentity, link: Link, channels: Readonly<Record<string, number>>) {
    this.identity = identity;
    this.#link = link;
    this.#channels = channels;
    this.outputs = Object.keys(channels);
  }

  static async open(
    link: Link,
    name: string,
    channels: Readonly<Record<string, number>>,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<KeysightE36300> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: REPLY_SECONDS, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: 'keysight-e36300' });
    accept(identity);
    return new KeysightE36300(identity, link, channels);
  }

  async configure(output: string, volts: number, limitAmps: number, signal: AbortSignal): Promise<void> {
    const channel = this.#channel(output);
    await this.drainErrors(signal);
    await this.#link.send(`VOLT ${volts},(@${channel})\nCURR ${limitAmps},(@${channel})\n`, signal);
    await this.#expect(output, `VOLT? (@${channel})`, volts, VOLTS_TOLERANCE, signal);
    await this.#expect(output, `CURR? (@${channel})`, limitAmps, AMPS_TOLERANCE, signal);
    refuseErrors(this.#link.thing, `setting ${output}`, await this.drainErrors(signal));
  }

  async setOn(output: string, on: boolean, signal: AbortSignal): Promise<void> {
    const channel = this.#channel(output);
    // What the queue holds of earlier commands says nothing of this one, and must not keep an output from going off.
    await this.drainErrors(signal);
    await this.#link.send(`OUTP ${on ? 'ON' : 'OFF'},(@${channel})\n`, signal);
    await this.#expect(output, `OUTP? (@${channel})`, on ? 1 : 0, 0, signal);
    refuseErrors(this.#link.thing, `switching ${output} ${on ? 'on' : 'off'}`, await this.drainErrors(signal));
  }

  async readState(output: string, signal: AbortSignal): Promise<SupplyState> {
    const channel = this.#channel(output);
    const ask = (question: string) => this.#ask(question, signal);
    const on = (await ask(`OUTP? (@${channel})`)) === 1;
    const setVolts = await ask(`VOLT? (@${channel})`);
    const limitAmps = await ask(`CURR? (@${channel})`);
    const measuredVolts = await this.#measure(`MEAS:VOLT? (@${channel})`, SAME_VOLTS, signal);
    const measuredAmps = await this.#measure(`MEAS:CURR? (@${channel})`, SAME_AMPS, signal);
    const mode = (await ask(`STAT:QUES:INST:ISUM${channel}:COND?`)) & MODE_BITS;
    // An output that is on and does not hold its voltage is limiting, whatever the reason.
    return { on, setVolts, limitAmps, measuredVolts, measuredAmps, limiting: on && mode !== CONSTANT_VOLTAGE };
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return drainQueue(this.#link.thing, async () => {
      const entry = await this.#link.query('SYST:ERR?', { timeoutSeconds: REPLY_SECONDS, signal });
      return scpiErrorEntry(this.#link.thing, entry);
    });
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#link.reopen(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #ask(question: string, signal: AbortSignal): Promise<number> {
    return this.#measure(question, 0, signal);
  }

  /** Answers that agree within `apart`. */
  async #measure(question: string, apart: number, signal: AbortSignal): Promise<number> {
    const { thing } = this.#link;
    const ask = (message: string) => this.#link.query(message, { timeoutSeconds: REPLY_SECONDS, signal });
    const same = (one: string, other: string) => Math.abs(Number(one) - Number(other)) <= apart;
    return readFrameNumber(thing, question, await askScpiTwice(thing, question, ask, same));
  }

  async #expect(
    output: string,
    question: string,
    wanted: number,
    tolerance: number,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#ask(question, signal);
    if (Math.abs(found - wanted) <= tolerance) return;
    throw new TunnelbenchError('TB_SUPPLY_NOT_CONFIRMED', {
      thing: this.#link.thing,
      what: `${output}: ${question} does not read back what was set`,
      value: `${found}`,
      expected: `${wanted}`,
      remedy: "Check the output's range and its over-voltage and over-current protection.",
    });
  }

  #channel(output: string): number {
    const channel = this.#channels[output];
    if (channel !== undefined) return channel;
    throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
      thing: this.#link.thing,
      what: `no output is assigned to ${output}`,
      expected: this.outputs.join(', '),
      remedy: 'Name the output under instruments.supplies.outputs in the bench file.',
    });
  }
}
