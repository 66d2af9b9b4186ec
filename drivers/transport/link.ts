import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { LINE_FEED, type OpenTransport, type Transport, type Wait } from './transport.ts';

/** What one exchange may do with the wire while it holds the link. */
export type Wire = Pick<Transport, 'write' | 'readUntil' | 'readExactly' | 'clear'>;

/**
 * A link that can be reopened. After an exchange that did not end as it should (time-out, abort, loss) a late reply
 * may still come, so the link refuses further exchanges until it is reopened: a late reply is never taken for the
 * answer to a later question.
 */
export class Link {
  readonly thing: string;
  readonly resource: string;
  readonly #open: OpenTransport;
  #transport: Transport;
  #unsettled: string | null = null;

  private constructor(thing: string, open: OpenTransport, transport: Transport) {
    this.thing = thing;
    this.resource = transport.resource;
    this.#open = open;
    this.#transport = transport;
  }

  static async open(thing: string, open: OpenTransport, signal: AbortSignal): Promise<Link> {
    return new Link(thing, open, await open(signal));
  }

  /** The VISA library in use, in words, or null. */
  get visaLibrary(): string | null {
    return this.#transport.visaLibrary;
  }

  /** True when the link must be reopened before the next exchange. */
  get unsettled(): boolean {
    return this.#unsettled !== null;
  }

  /** One exchange at a time; a failure inside it, other than an orderly refusal, leaves the link to be reopened. */
  exchange<T>(work: (wire: Wire) => Promise<T>, signal: AbortSignal): Promise<T> {
    const transport = this.#transport;
    const guarded = async () => {
      if (this.#unsettled !== null) throw this.#refusal(this.#unsettled);
      if (transport !== this.#transport) throw this.#refusal('the link was reopened before its turn came');
      try {
        return await work(transport);
      } catch (error) {
        const present = transport === this.#transport;
        if (present && !isOrderly(error)) this.#unsettled = error instanceof Error ? error.message : String(error);
        throw error;
      }
    };
    return transport.exclusive(guarded, signal);
  }

  /** Sends a line and reads one line, both in ASCII; write and query leave in one segment. */
  query(line: string, wait: Omit<Wait, 'awaited'>): Promise<string> {
    return this.exchange(async (wire) => {
      const stray = await wire.clear();
      if (stray > 0) throw this.#unasked(stray, line);
      await wire.write(Buffer.from(`${line}\n`, 'latin1'), wait.signal);
      return readLine(wire, { ...wait, awaited: `the reply to "${line.slice(0, 60)}"` });
    }, wait.signal);
  }

  /**
   * Asks twice and wants the same answer; for questions that change nothing. Where replies carry no checksum a damaged digit
   * is a number like any other, and two answers damaged alike are not to be expected. TB_REPLY_MISMATCH when they differ.
   */
  async queryTwice(line: string, wait: Omit<Wait, 'awaited'>): Promise<string> {
    const answers = [await this.query(line, wait), await this.query(line, wait)];
    if (answers[0] === answers[1]) return answers[0];
    throw answersDiffer(this.thing, line, answers);
  }

  send(text: string, signal: AbortSignal): Promise<void> {
    return this.exchange((wire) => wire.write(Buffer.from(text, 'latin1'), signal), signal);
  }

  /** Closes and opens the link anew, whatever state it was in. */
  async reopen(signal: AbortSignal): Promise<void> {
    this.#unsettled = 'the link is being reopened';
    await this.#transport.close();
    this.#transport = await this.#open(signal);
    this.#unsettled = null;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Bytes that came before the question cannot be its answer, and would put every later answer one place off. */
  #unasked(bytes: number, line: string): TunnelbenchError {
    return new TunnelbenchError('TB_REPLY_MALFORMED', {
      thing: this.thing,
      what: `the instrument sent something that nobody asked for, before "${line.slice(0, 60)}"`,
      value: `${bytes} bytes`,
      expected: 'nothing',
      remedy: 'Check that no other program uses this connection and that the instrument sends replies only; reopen.',
    });
  }

  #refusal(why: string): TunnelbenchError {
    return new TunnelbenchError('TB_LINK_LOST', {
      thing: this.thing,
      what: 'the link was not reopened after an exchange that failed',
      value: why,
      remedy: 'Reopen the link: a late reply could be taken for the answer to this question.',
    });
  }
}

/** One line without its line end. */
export async function readLine(wire: Wire, wait: Wait): Promise<string> {
  const line = (await wire.readUntil(LINE_FEED, wait)).toString('latin1');
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** TB_REPLY_MISMATCH: one question, several answers. */
export function answersDiffer(thing: string, question: string, answers: readonly string[]): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MISMATCH', {
    thing,
    what: `the answers to "${question.slice(0, 60)}" differ`,
    value: answers.map((answer) => JSON.stringify(answer.slice(0, 60))).join(', '),
    expected: 'the same answer twice',
    remedy:
      'No answer is used. Check cable, shielding and baud rate, and that no other program talks to the instrument.',
  });
}

/** Errors that an instrument reported in a complete reply: the wire is in step. */
const ORDERLY = new Set([
  'TB_INSTRUMENT_ERROR',
  'TB_INTERLOCK_OPEN',
  'TB_LIMIT_NOT_VERIFIED',
  'TB_PROBER_POSITION',
  'TB_PROBER_NOT_SEPARATED',
  'TB_ROUTE_NOT_CONFIRMED',
  'TB_ENABLE_NOT_CONFIRMED',
  'TB_SUPPLY_NOT_CONFIRMED',
]);

function isOrderly(error: unknown): boolean {
  return error instanceof TunnelbenchError && ORDERLY.has(error.code);
}
