import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { ChuckHeight, InstrumentIdentity, Prober, ProberState } from './capabilities.ts';
import { readFrameNumber } from './framing/frame-values.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { parseSentioReply, type SentioReply } from './framing/sentio-reply.ts';
import type { Link } from './transport/link.ts';

/** Time limits with room for a slow chuck. */
const QUERY_SECONDS = 5;
const CONTACT_SECONDS = 60;
const STEP_SECONDS = 120;

/** "Not supported": no thermal chuck, no such variable. */
const NOT_SUPPORTED = new Set([4, 13]);

/** Chuck height within this of a taught height is at it, micrometres. */
const HEIGHT_TOLERANCE = 1;

/** What get_chuck_site_heights answers, micrometres. */
interface Heights {
  readonly contact: number;
  readonly separation: number;
  readonly overtravelGap: number;
}

/**
 * MPI SENTIO prober, native remote command set over its socket. Die steps are absolute; the reply to a motion comes only
 * after it has ended. Columns are x, rows y, as the wafer map's axis orientation has them.
 */
export class SentioProber implements Prober {
  readonly identity: InstrumentIdentity;
  readonly #link: Link;

  private constructor(identity: InstrumentIdentity, link: Link) {
    this.identity = identity;
    this.#link = link;
  }

  static async open(link: Link, name: string, accept: AcceptIdentity, signal: AbortSignal): Promise<SentioProber> {
    const reply = await link.query('*IDN?', { timeoutSeconds: QUERY_SECONDS, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: 'sentio' });
    accept(identity);
    const prober = new SentioProber(identity, link);
    await prober.#takeControl(signal);
    return prober;
  }

  async readState(signal: AbortSignal): Promise<ProberState> {
    const height = await this.#height(signal);
    const counter = await this.#command('setup:contact_counter:get', QUERY_SECONDS, signal);
    // The reply to a motion comes after its end, and one command is out at a time: whoever can ask finds it at rest.
    const touchdowns = this.#number('setup:contact_counter:get', counter.text.split(',')[0]);
    return { height, moving: false, die: await this.#die(signal), touchdowns };
  }

  /** What the loader knows of the wafer on the chuck; it stays empty where wafers are loaded by hand. */
  async readWaferId(signal: AbortSignal): Promise<string> {
    return (await this.#command('loader:query_wafer_id chuck, 1', QUERY_SECONDS, signal)).text;
  }

  /** Null where the prober has no thermal chuck, which it says with an error. */
  async readChuckCelsius(signal: AbortSignal): Promise<number | null> {
    const reply = await this.#converse('get_chuck_temp', QUERY_SECONDS, signal);
    if (NOT_SUPPORTED.has(reply.error)) return null;
    if (reply.error !== 0) throw this.#refused('get_chuck_temp', reply);
    return this.#number('get_chuck_temp', reply.text.split(',')[0]);
  }

  async moveToDie(x: number, y: number, signal: AbortSignal): Promise<void> {
    await this.#requireSeparated(`moving to die (${x}, ${y})`, signal);
    const reached = await this.#step(x, y, signal);
    if (reached && reached.x === x && reached.y === y) return;
    throw new TunnelbenchError('TB_PROBER_POSITION', {
      thing: this.#link.thing,
      what: 'another die is under the needles than was asked for',
      value: reached ? `(${reached.x}, ${reached.y})` : 'a die that the prober does not know',
      expected: `(${x}, ${y})`,
      remedy: 'The step is not repeated; check wafer map, map origin and alignment at the prober.',
    });
  }

  async contact(overdriveMicrometres: number, signal: AbortSignal): Promise<void> {
    const { overtravelGap } = await this.#heights(signal);
    if (overdriveMicrometres > 0 && Math.abs(overtravelGap - overdriveMicrometres) > HEIGHT_TOLERANCE) {
      await this.#command(`set_chuck_overtravel_gap ${overdriveMicrometres}`, QUERY_SECONDS, signal);
    }
    const on = overdriveMicrometres > 0;
    await this.#command(`enable_chuck_overtravel ${on ? 'true' : 'false'}`, QUERY_SECONDS, signal);
    await this.#command('move_chuck_contact', CONTACT_SECONDS, signal);
    const height = await this.#height(signal);
    if (height === 'contact') return;
    throw new TunnelbenchError('TB_PROBER_POSITION', {
      thing: this.#link.thing,
      what: 'the chuck does not confirm contact',
      value: height,
      expected: 'contact',
      remedy: 'Check that a contact height is set and that the vacuum holds the wafer.',
    });
  }

  async separate(signal: AbortSignal): Promise<void> {
    await this.#command('move_chuck_separation', CONTACT_SECONDS, signal);
    await this.#requireSeparated('separating', signal);
  }

  /** Errors come as replies: there is no queue. */
  async drainErrors(): Promise<string[]> {
    return [];
  }

  async reopen(signal: AbortSignal): Promise<void> {
    await this.#link.reopen(signal);
    await this.#takeControl(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Chooses the native command set; this command alone has no reply. */
  #takeControl(signal: AbortSignal): Promise<void> {
    return this.#link.send('*RCS 1\n', signal);
  }

  /** One absolute step. After a time-out the position is asked for, never stepped again. */
  async #step(x: number, y: number, signal: AbortSignal): Promise<{ x: number; y: number } | null> {
    const command = `map:step_die ${x},${y}`;
    try {
      const reply = await this.#converse(command, STEP_SECONDS, signal);
      if (reply.error !== 0 && !reply.endOfRoute) throw this.#refused(command, reply);
      if (reply.error === 0) return this.#place(command, reply.text);
    } catch (error) {
      if (!(error instanceof TunnelbenchError && error.code === 'TB_LINK_TIMEOUT')) throw error;
      await this.reopen(signal);
    }
    return this.#die(signal);
  }

  /** Null when the prober answers with an error, as without a wafer map. */
  async #die(signal: AbortSignal): Promise<{ x: number; y: number } | null> {
    const command = 'map:die:get_current_index';
    const reply = await this.#converse(command, QUERY_SECONDS, signal);
    if (reply.error !== 0) return null;
    // The place in the route comes first.
    const [, ...place] = reply.text.split(',');
    return this.#place(command, place.join(','));
  }

  /** "column,row[,site]". */
  #place(command: string, text: string): { x: number; y: number } {
    const [x, y] = text.split(',').map((field) => field.trim());
    return { x: this.#number(command, x), y: this.#number(command, y) };
  }

  async #requireSeparated(doing: string, signal: AbortSignal): Promise<void> {
    const height = await this.#height(signal);
    if (height === 'separation') return;
    throw new TunnelbenchError('TB_PROBER_NOT_SEPARATED', {
      thing: this.#link.thing,
      what: `the chuck is not at separation after or before ${doing}`,
      value: height,
      expected: 'separation',
      remedy: 'Separate the needles from the wafer before anything moves in x or y.',
    });
  }

  /** Chuck height above the axis' zero, which is the default reference, against the taught heights: at or above contact, at or below separation, or unknown in between. */
  async #height(signal: AbortSignal): Promise<ChuckHeight> {
    const { contact, separation } = await this.#heights(signal);
    const reply = await this.#command('get_chuck_z', QUERY_SECONDS, signal);
    const z = this.#number('get_chuck_z', reply.text.split(',')[0]);
    if (!(contact > separation)) return 'unknown';
    if (z >= contact - HEIGHT_TOLERANCE) return 'contact';
    return z <= separation + HEIGHT_TOLERANCE ? 'separation' : 'unknown';
  }

  /** "contact,separation,overtravel gap,hover". */
  async #heights(signal: AbortSignal): Promise<Heights> {
    const command = 'get_chuck_site_heights Wafer';
    const { text } = await this.#command(command, QUERY_SECONDS, signal);
    const [contact, separation, overtravelGap] = text.split(',').map((field) => this.#number(command, field.trim()));
    return { contact, separation, overtravelGap: this.#number(command, String(overtravelGap)) };
  }

  async #command(command: string, seconds: number, signal: AbortSignal): Promise<SentioReply> {
    const reply = await this.#converse(command, seconds, signal);
    if (reply.error === 0) return reply;
    throw this.#refused(command, reply);
  }

  async #converse(command: string, timeoutSeconds: number, signal: AbortSignal): Promise<SentioReply> {
    const line = await this.#link.query(command, { timeoutSeconds, signal });
    return parseSentioReply(this.#link.thing, command, line);
  }

  #number(question: string, field: string | undefined): number {
    return readFrameNumber(this.#link.thing, question, field);
  }

  #refused(command: string, { error, text }: SentioReply): TunnelbenchError {
    return new TunnelbenchError('TB_INSTRUMENT_ERROR', {
      thing: this.#link.thing,
      what: `refused "${command}"`,
      value: `${error} ${text}`,
      remedy: 'Clear the cause at the prober; nothing is moved until then.',
    });
  }
}
