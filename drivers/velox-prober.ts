import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { ChuckHeight, InstrumentIdentity, Prober, ProberState } from './capabilities.ts';
import { readFrameNumber } from './framing/frame-values.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { parseVeloxReply } from './framing/velox-reply.ts';
import type { Link } from './transport/link.ts';

/** Time limits: queries as the command set states them; motion with room for a slow chuck. */
const QUERY_SECONDS = 5;
const CONTACT_SECONDS = 60;
const STEP_SECONDS = 120;

/** "End of wafer": a normal end of the map, not a fault. */
const END_OF_WAFER = 703;

/** Raising the last micrometres slowly, in percent of full speed. */
const OVERDRIVE_VELOCITY = 25;

/**
 * FormFactor/Cascade Velox prober, ProberBench commands in text framing over a raw socket or serial line. Die steps are
 * absolute; the reply to a motion comes only after it has ended.
 */
export class VeloxProber implements Prober {
  readonly identity: InstrumentIdentity;
  readonly #link: Link;

  private constructor(identity: InstrumentIdentity, link: Link) {
    this.identity = identity;
    this.#link = link;
  }

  static async open(link: Link, name: string, accept: AcceptIdentity, signal: AbortSignal): Promise<VeloxProber> {
    const reply = await link.query('*IDN?', { timeoutSeconds: QUERY_SECONDS, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: 'velox' });
    accept(identity);
    return new VeloxProber(identity, link);
  }

  async readState(signal: AbortSignal): Promise<ProberState> {
    const { height, moving } = await this.#chuck(signal);
    const [touchdowns] = await this.#command('ReadContactCount C', QUERY_SECONDS, signal);
    return { height, moving, die: await this.#die(signal), touchdowns: this.#number('ReadContactCount', touchdowns) };
  }

  async readWaferId(signal: AbortSignal): Promise<string> {
    return (await this.#command('GetWaferID', QUERY_SECONDS, signal)).join(' ');
  }

  /** Null where the prober has no thermal chuck, which it says with an error. */
  async readChuckCelsius(signal: AbortSignal): Promise<number | null> {
    const reply = await this.#converse('GetHeaterTemp C', QUERY_SECONDS, signal);
    return 'values' in reply ? this.#number('GetHeaterTemp', reply.values[0]) : null;
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
    // Contact height first, overdrive on top of it: called again with more, the overdrive does not add up.
    await this.#command('MoveChuckContact', CONTACT_SECONDS, signal);
    if (overdriveMicrometres > 0) {
      await this.#command(`MoveChuckZ ${overdriveMicrometres} R Y ${OVERDRIVE_VELOCITY}`, CONTACT_SECONDS, signal);
    }
    const { height } = await this.#chuck(signal);
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
    await this.#command('MoveChuckSeparation', CONTACT_SECONDS, signal);
    await this.#requireSeparated('separating', signal);
  }

  /** The text protocol has no error queue: errors come as replies. */
  async drainErrors(): Promise<string[]> {
    return [];
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#link.reopen(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** One absolute step. After a time-out the position is asked for, never stepped again. */
  async #step(x: number, y: number, signal: AbortSignal): Promise<{ x: number; y: number } | null> {
    try {
      const reply = await this.#converse(`StepNextDie ${x} ${y} 0`, STEP_SECONDS, signal);
      if ('values' in reply) {
        const [dieX, dieY] = reply.values;
        return { x: this.#number('StepNextDie', dieX), y: this.#number('StepNextDie', dieY) };
      }
      if (reply.code !== END_OF_WAFER) throw this.#refused(`StepNextDie ${x} ${y} 0`, reply);
    } catch (error) {
      if (!(error instanceof TunnelbenchError && error.code === 'TB_LINK_TIMEOUT')) throw error;
      await this.#link.reopen(signal);
    }
    return this.#die(signal);
  }

  async #requireSeparated(doing: string, signal: AbortSignal): Promise<void> {
    const { height, moving } = await this.#chuck(signal);
    if (height === 'separation' && !moving) return;
    throw new TunnelbenchError('TB_PROBER_NOT_SEPARATED', {
      thing: this.#link.thing,
      what: `the chuck is not at separation after or before ${doing}`,
      value: moving ? 'moving' : height,
      expected: 'separation, at rest',
      remedy: 'Separate the needles from the wafer before anything moves in x or y.',
    });
  }

  /** ReadChuckStatus: FlagsInit FlagsMode FlagsLimit FlagsMoving Comp IsVacuumOn PresetHeight … */
  async #chuck(signal: AbortSignal): Promise<{ height: ChuckHeight; moving: boolean }> {
    const values = await this.#command('ReadChuckStatus', QUERY_SECONDS, signal);
    return { height: chuckHeight(values[6]), moving: this.#number('ReadChuckStatus', values[3]) !== 0 };
  }

  /** ReadMapPosition2: DieX DieY …; null when the prober answers with an error, as without a wafer map. */
  async #die(signal: AbortSignal): Promise<{ x: number; y: number } | null> {
    const reply = await this.#converse('ReadMapPosition2', QUERY_SECONDS, signal);
    if (!('values' in reply)) return null;
    const [x, y] = reply.values;
    return { x: this.#number('ReadMapPosition2', x), y: this.#number('ReadMapPosition2', y) };
  }

  async #command(command: string, seconds: number, signal: AbortSignal): Promise<readonly string[]> {
    const reply = await this.#converse(command, seconds, signal);
    if ('values' in reply) return reply.values;
    throw this.#refused(command, reply);
  }

  async #converse(command: string, timeoutSeconds: number, signal: AbortSignal) {
    const line = await this.#link.query(command, { timeoutSeconds, signal });
    return parseVeloxReply(this.#link.thing, command, line);
  }

  #number(question: string, field: string | undefined): number {
    return readFrameNumber(this.#link.thing, question, field);
  }

  #refused(command: string, { code, message }: { code: number; message: string }): TunnelbenchError {
    return new TunnelbenchError('TB_INSTRUMENT_ERROR', {
      thing: this.#link.thing,
      what: `refused "${command}"`,
      value: `${code} ${message}`,
      remedy: 'Clear the cause at the prober; nothing is moved until then.',
    });
  }
}

/** PresetHeight begins with C(ontact), O(vertravel), A(lign), S(eparation) or T(ransfer). Only S is clear of the needles. */
function chuckHeight(preset: string | undefined): ChuckHeight {
  switch (preset?.[0]?.toUpperCase()) {
    case 'C':
    case 'O':
      return 'contact';
    case 'S':
      return 'separation';
    default:
      return 'unknown';
  }
}
