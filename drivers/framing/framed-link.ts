import { isDeepStrictEqual } from 'node:util';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { answersDiffer, type Link, readLine, type Wire } from '../transport/link.ts';
import { decodeReply, encodeCommand, MAX_TAG, type ReplyFrame } from './line-frame.ts';

const ATTEMPTS = 3;

/** Time in which an honest device answers, beyond its settling time. */
const REPLY_SECONDS = 2;

/**
 * Commands and replies of drivers/PROTOCOL.md over a link. A command whose reply is lost or garbled is repeated under
 * the same tag, which the device answers without executing it again.
 */
export class FramedLink {
  readonly #link: Link;
  #tag: number;
  #strays: string[] = [];

  /** The first tag is drawn at random: after a restart the device must not take our first command for a repeat. */
  constructor(link: Link, firstTag = Math.floor(Math.random() * MAX_TAG) + 1) {
    this.#link = link;
    this.#tag = firstTag;
  }

  get thing(): string {
    return this.#link.thing;
  }

  get resource(): string {
    return this.#link.resource;
  }

  /** Replies of earlier commands that came late and were discarded, oldest first; emptied by the call. */
  takeStrays(): string[] {
    return this.#strays.splice(0);
  }

  /** Sends a command, returns the values of its reply. A refusal is TB_INSTRUMENT_ERROR with code and text. */
  async command(command: string, settleSeconds: number, signal: AbortSignal): Promise<readonly string[]> {
    const tag = this.#nextTag();
    const exchange = (wire: Wire) => this.#converse(wire, tag, command, settleSeconds, signal);
    return this.#values(command, await this.#link.exchange(exchange, signal));
  }

  /**
   * Asks for what cannot be held against anything known. The checksum lets one damage in 256 pass, so the question is
   * repeated under the same tag, which the device answers without executing it again, until two replies in a row are the same.
   */
  async question(command: string, signal: AbortSignal): Promise<readonly string[]> {
    const tag = this.#nextTag();
    const exchange = async (wire: Wire) => {
      const replies = [await this.#converse(wire, tag, command, 0, signal)];
      for (let repeat = 0; repeat < ATTEMPTS; repeat++) {
        const reply = await this.#converse(wire, tag, command, 0, signal);
        if (isDeepStrictEqual(reply, replies[repeat])) return reply;
        replies.push(reply);
      }
      const texts = replies.map((reply) => (reply.ok ? reply.values.join(' ') : `ERR ${reply.code}`));
      throw answersDiffer(this.thing, command, texts);
    };
    return this.#values(command, await this.#link.exchange(exchange, signal));
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#link.reopen(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #nextTag(): number {
    const tag = this.#tag;
    this.#tag = (tag % MAX_TAG) + 1;
    return tag;
  }

  #values(command: string, reply: ReplyFrame): readonly string[] {
    if (reply.ok) return reply.values;
    throw new TunnelbenchError('TB_INSTRUMENT_ERROR', {
      thing: this.thing,
      what: `refused "${command}"`,
      value: `${reply.code} ${reply.text}`,
      remedy: 'The device kept to a safe state as drivers/PROTOCOL.md says; check lines and wiring.',
    });
  }

  async #converse(
    wire: Wire,
    tag: number,
    command: string,
    settleSeconds: number,
    signal: AbortSignal,
  ): Promise<ReplyFrame> {
    let failure: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await wire.write(encodeCommand(tag, command), signal);
      try {
        return await this.#reply(wire, tag, command, settleSeconds + REPLY_SECONDS, signal);
      } catch (error) {
        if (!isRepeatable(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #reply(wire: Wire, tag: number, command: string, seconds: number, signal: AbortSignal): Promise<ReplyFrame> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const timeoutSeconds = Math.max(0.001, (deadline - performance.now()) / 1000);
      const line = await readLine(wire, { awaited: `the reply to "@${tag} ${command}"`, timeoutSeconds, signal });
      const reply = decodeReply(this.thing, line);
      if (reply.tag === tag) return reply;
      // Tag 0 says that the device could not read a frame: ours was garbled on the way.
      if (reply.tag === 0 && !reply.ok) throw garbled(this.thing, command, line);
      this.#strays.push(`discarded a late reply: ${line}`);
    }
  }
}

function garbled(thing: string, command: string, line: string): TunnelbenchError {
  return new TunnelbenchError('TB_REPLY_MALFORMED', {
    thing,
    what: `the device could not read "${command}"`,
    value: line,
    remedy: 'Check the cable and the baud rate.',
  });
}

function isRepeatable(error: unknown): boolean {
  return error instanceof TunnelbenchError && (error.code === 'TB_REPLY_MALFORMED' || error.code === 'TB_LINK_TIMEOUT');
}
