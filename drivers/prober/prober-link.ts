import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { readFrameNumber } from '../framing/frame-values.ts';
import { answersDiffer, type Link } from '../transport/link.ts';

const QUERY_SECONDS = 5;

/** A reply of a prober, whatever its framing. */
export interface ProberReply {
  /** 0: done. */
  readonly error: number;
  /** The route through the wafer map ends here: not a fault. */
  readonly endOfRoute: boolean;
  /** Values, or the error's message. */
  readonly text: string;
  readonly fields: readonly string[];
}

/** How a family puts its replies, and how it is told from others. */
export interface ProberFraming {
  readonly driver: string;
  /** Takes a reply line apart; TB_REPLY_MALFORMED on another form. */
  parse(thing: string, command: string, line: string): ProberReply;
  /**
   * A question that moves nothing and whose answer is known: it tells this family from others, and a reply that belongs to
   * it from one that belongs to the question before. `answer` null: whatever it is, it never changes, and matches `form`.
   * `count` is another number each time.
   */
  proof(count: number): { readonly question: string; readonly answer: string | null; readonly form: RegExp };
}

/** Commands and questions over the framing of one family. */
export class ProberLink {
  readonly link: Link;
  readonly #framing: ProberFraming;
  /** The answer to the family's proof, where it never changes. */
  #proof: string | null = null;
  #asked = 0;

  constructor(link: Link, framing: ProberFraming) {
    this.link = link;
    this.#framing = framing;
  }

  get thing(): string {
    return this.link.thing;
  }

  /** Sends a command once; the reply to a motion comes after it has ended. Refusals come back as replies. */
  async converse(command: string, timeoutSeconds: number, signal: AbortSignal): Promise<ProberReply> {
    return this.#framing.parse(this.thing, command, await this.link.query(command, { timeoutSeconds, signal }));
  }

  /** The same; a refusal is TB_INSTRUMENT_ERROR. */
  async command(command: string, timeoutSeconds: number, signal: AbortSignal): Promise<ProberReply> {
    return this.done(command, await this.converse(command, timeoutSeconds, signal));
  }

  /**
   * Asks for something that the question does not change. Replies carry neither checksum nor address: it is asked twice,
   * which shows a damaged digit, with the proof in between, which shows replies that are one place off. `apart`: how far
   * two honest measurements may differ, where the first field is measured.
   */
  async ask(question: string, signal: AbortSignal, apart = 0): Promise<ProberReply> {
    const wait = { timeoutSeconds: QUERY_SECONDS, signal };
    const first = await this.link.query(question, wait);
    const { question: proof, answer } = this.#nextProof();
    const told = await this.converse(proof, QUERY_SECONDS, signal);
    if (told.error !== 0 || told.text !== (answer ?? this.#proof)) {
      throw answersDiffer(this.thing, proof, [told.text, answer ?? this.#proof ?? '']);
    }
    const second = await this.link.query(question, wait);
    const [one, other] = [first, second].map((line) => this.#framing.parse(this.thing, question, line));
    const near = apart > 0 && one.error === 0 && Math.abs(Number(one.fields[0]) - Number(other.fields[0])) <= apart;
    if (first === second || (near && other.error === 0)) return one;
    throw answersDiffer(this.thing, question, [first, second]);
  }

  /** The identification names the station and not what speaks for it: the proof tells. TB_INSTRUMENT_WRONG_MODEL. */
  async requireFamily(signal: AbortSignal): Promise<void> {
    const { question, answer, form } = this.#nextProof();
    const line = await this.link.queryTwice(question, { timeoutSeconds: QUERY_SECONDS, signal });
    const told = this.#parsedOrNull(question, line);
    if (told?.error === 0 && form.test(told.text) && (answer === null || told.text === answer)) {
      this.#proof = told.text;
      return;
    }
    throw new TunnelbenchError('TB_INSTRUMENT_WRONG_MODEL', {
      thing: this.thing,
      what: `the instrument at this address does not speak the commands of the driver ${this.#framing.driver}`,
      value: JSON.stringify(line.slice(0, 80)),
      expected: `the answer to "${question}"`,
      remedy: 'Correct driver or resource in the bench file; nothing was moved.',
    });
  }

  #nextProof() {
    this.#asked += 1;
    return this.#framing.proof(this.#asked);
  }

  #parsedOrNull(question: string, line: string): ProberReply | null {
    try {
      return this.#framing.parse(this.thing, question, line);
    } catch (error) {
      if (error instanceof TunnelbenchError) return null;
      throw error;
    }
  }

  /** The fields of an answer; a refusal is TB_INSTRUMENT_ERROR. */
  async fields(question: string, signal: AbortSignal, apart = 0): Promise<readonly string[]> {
    return this.done(question, await this.ask(question, signal, apart)).fields;
  }

  number(question: string, field: string | undefined): number {
    return readFrameNumber(this.thing, question, field);
  }

  done(command: string, reply: ProberReply): ProberReply {
    if (reply.error === 0) return reply;
    throw new TunnelbenchError('TB_INSTRUMENT_ERROR', {
      thing: this.thing,
      what: `refused "${command}"`,
      value: `${reply.error} ${reply.text}`,
      remedy: 'Clear the cause at the prober; nothing is moved until then.',
    });
  }
}
