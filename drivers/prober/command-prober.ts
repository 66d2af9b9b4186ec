import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { InstrumentIdentity, Prober, ProberState } from '../capabilities.ts';
import { type AcceptIdentity, parseIdentity } from '../framing/instrument-identity.ts';
import type { Link } from '../transport/link.ts';
import { CONTACT_SECONDS, type DiePlace, type ProberDialect, STEP_SECONDS } from './prober-dialect.ts';
import { ProberLink } from './prober-link.ts';

const IDENTIFY_SECONDS = 5;

/**
 * A prober driven by one command at a time, whose reply to a motion comes after it has ended. Holds the rules that do not
 * depend on the family: x and y move only when separation is read back, a step is absolute and never repeated, and what a
 * motion has done is asked for afterwards.
 */
export class CommandProber implements Prober {
  readonly identity: InstrumentIdentity;
  readonly #dialect: ProberDialect;
  readonly #prober: ProberLink;

  private constructor(identity: InstrumentIdentity, dialect: ProberDialect, prober: ProberLink) {
    this.identity = identity;
    this.#dialect = dialect;
    this.#prober = prober;
  }

  static async open(
    link: Link,
    name: string,
    dialect: ProberDialect,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<CommandProber> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: IDENTIFY_SECONDS, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: dialect.driver });
    accept(identity);
    const prober = new CommandProber(identity, dialect, new ProberLink(link, dialect));
    await prober.#takeControl(signal);
    await prober.#prober.requireFamily(signal);
    return prober;
  }

  async readState(signal: AbortSignal): Promise<ProberState> {
    const { height, moving } = await this.#dialect.chuck(this.#prober, signal);
    const touchdowns = await this.#dialect.touchdowns(this.#prober, signal);
    return { height, moving, die: await this.#dialect.die(this.#prober, signal), touchdowns };
  }

  readWaferId(signal: AbortSignal): Promise<string> {
    return this.#dialect.waferId(this.#prober, signal);
  }

  readChuckCelsius(signal: AbortSignal): Promise<number | null> {
    return this.#dialect.chuckCelsius(this.#prober, signal);
  }

  async moveToDie(x: number, y: number, signal: AbortSignal): Promise<void> {
    await this.#requireSeparated(`moving to die (${x}, ${y})`, signal);
    const reached = await this.#step(x, y, signal);
    if (reached && reached.x === x && reached.y === y) return;
    throw new TunnelbenchError('TB_PROBER_POSITION', {
      thing: this.#prober.thing,
      what: 'another die is under the needles than was asked for',
      value: reached ? `(${reached.x}, ${reached.y})` : 'a die that the prober does not know',
      expected: `(${x}, ${y})`,
      remedy: 'The step is not repeated; check wafer map, map origin and alignment at the prober.',
    });
  }

  async contact(overdriveMicrometres: number, signal: AbortSignal): Promise<void> {
    await this.#dialect.toContact(overdriveMicrometres, this.#prober, signal);
    const { height } = await this.#dialect.chuck(this.#prober, signal);
    if (height === 'contact') return;
    throw new TunnelbenchError('TB_PROBER_POSITION', {
      thing: this.#prober.thing,
      what: 'the chuck does not confirm contact',
      value: height,
      expected: 'contact',
      remedy: 'Check that a contact height is set and that the vacuum holds the wafer.',
    });
  }

  async separate(signal: AbortSignal): Promise<void> {
    await this.#prober.command(this.#dialect.separate, CONTACT_SECONDS, signal);
    await this.#requireSeparated('separating', signal);
  }

  /** There is no error queue: errors come as replies. */
  async drainErrors(): Promise<string[]> {
    return [];
  }

  async reopen(signal: AbortSignal): Promise<void> {
    await this.#prober.link.reopen(signal);
    await this.#takeControl(signal);
  }

  close(): Promise<void> {
    return this.#prober.link.close();
  }

  async #takeControl(signal: AbortSignal): Promise<void> {
    const { takeControl } = this.#dialect;
    if (takeControl !== null) await this.#prober.link.send(`${takeControl}\n`, signal);
  }

  /** One absolute step. After a time-out, or at the end of the route, the position is asked for, never stepped again. */
  async #step(x: number, y: number, signal: AbortSignal): Promise<DiePlace | null> {
    const command = this.#dialect.step(x, y);
    try {
      const reply = await this.#prober.converse(command, STEP_SECONDS, signal);
      if (reply.error === 0) {
        const [column, row] = reply.fields;
        return { x: this.#prober.number(command, column), y: this.#prober.number(command, row) };
      }
      if (!reply.endOfRoute) this.#prober.done(command, reply);
    } catch (error) {
      if (!(error instanceof TunnelbenchError && error.code === 'TB_LINK_TIMEOUT')) throw error;
      await this.reopen(signal);
    }
    return this.#dialect.die(this.#prober, signal);
  }

  async #requireSeparated(doing: string, signal: AbortSignal): Promise<void> {
    const { height, moving } = await this.#dialect.chuck(this.#prober, signal);
    if (height === 'separation' && !moving) return;
    throw new TunnelbenchError('TB_PROBER_NOT_SEPARATED', {
      thing: this.#prober.thing,
      what: `the chuck is not at separation after or before ${doing}`,
      value: moving ? 'moving' : height,
      expected: 'separation, at rest',
      remedy: 'Separate the needles from the wafer before anything moves in x or y.',
    });
  }
}
