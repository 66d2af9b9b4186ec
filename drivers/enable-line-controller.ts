import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { EnableLines, EnableState, InstrumentIdentity } from './capabilities.ts';
import { drainQueue } from './framing/error-queue.ts';
import { readFrameIdentity, readFrameNumber } from './framing/frame-values.ts';
import type { FramedLink } from './framing/framed-link.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';

/** Gate voltages are set and read back as short decimals; more than this apart is another voltage. */
const GATE_TOLERANCE_VOLTS = 1e-3;

/** Enable-line controller ("ELC") of drivers/PROTOCOL.md. */
export class EnableLineController implements EnableLines {
  readonly identity: InstrumentIdentity;
  readonly count: number;
  readonly #link: FramedLink;
  #settleSeconds = 1;

  private constructor(identity: InstrumentIdentity, link: FramedLink, count: number) {
    this.identity = identity;
    this.#link = link;
    this.count = count;
  }

  static async open(
    link: FramedLink,
    name: string,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<EnableLineController> {
    const place = { name, resource: link.resource, driver: 'enable-line-controller' };
    const identity = await readFrameIdentity(link, place, signal);
    accept(identity);
    const [count] = await link.question('LINES?', signal);
    return new EnableLineController(identity, link, readFrameNumber(link.thing, 'LINES?', count));
  }

  async configure(gateVolts: number, settleSeconds: number, signal: AbortSignal): Promise<void> {
    await this.#set('SETTLE', settleSeconds, 1e-6, signal);
    this.#settleSeconds = settleSeconds;
    await this.#set('GATE', gateVolts, GATE_TOLERANCE_VOLTS, signal);
  }

  async enable(line: number | null, signal: AbortSignal): Promise<void> {
    const asked = line === null ? 'NONE' : String(line);
    const [confirmed] = await this.#link.command(`ENABLE ${asked}`, 2 * this.#settleSeconds, signal);
    if (confirmed !== asked) throw this.#unconfirmed(`enable line ${asked} is not confirmed`, confirmed, asked);
  }

  async readState(signal: AbortSignal): Promise<EnableState> {
    const [enabled] = await this.#link.question('ENABLE?', signal);
    const [gate] = await this.#link.question('GATE?', signal);
    const [volts, amps] = await this.#link.question('MEAS?', signal);
    const number = (field: string | undefined) => readFrameNumber(this.#link.thing, 'state', field);
    return {
      enabled: enabled === 'NONE' ? null : number(enabled),
      gateVolts: number(gate),
      measuredVolts: number(volts),
      leakageAmps: number(amps),
    };
  }

  /** The device's queue, and the late replies that were discarded on the way. */
  async drainErrors(signal: AbortSignal): Promise<string[]> {
    const entries = await drainQueue(this.#link.thing, async () => {
      const entry = (await this.#link.question('NEXTERR?', signal)).join(' ');
      return entry.startsWith('0 ') ? null : entry;
    });
    return [...this.#link.takeStrays(), ...entries];
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#link.reopen(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #set(verb: 'GATE' | 'SETTLE', value: number, tolerance: number, signal: AbortSignal): Promise<void> {
    await this.#link.command(`${verb} ${value}`, 1, signal);
    const [back] = await this.#link.question(`${verb}?`, signal);
    const set = readFrameNumber(this.#link.thing, `${verb}?`, back);
    if (Math.abs(set - value) > tolerance)
      throw this.#unconfirmed(`${verb} reads back another value`, back, `${value}`);
  }

  #unconfirmed(what: string, value: string | undefined, expected: string): TunnelbenchError {
    return new TunnelbenchError('TB_ENABLE_NOT_CONFIRMED', {
      thing: this.#link.thing,
      what,
      value: value ?? 'nothing',
      expected,
      remedy: 'No sweep is sent through an unconfirmed line; check the controller.',
    });
  }
}
