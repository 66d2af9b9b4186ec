import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { SOURCE_CHANNELS, type SourceChannel } from '../capabilities.ts';
import { readRealBlock } from '../framing/block.ts';
import { answersDiffer, readLine, type Wire } from '../transport/link.ts';
import { type ChannelBlocks, type IdleLine, parseIdleLine } from './sweep-reply.ts';
import type { TspConnection } from './tsp-connection.ts';

/**
 * One call of the instrument's script within an exchange, and the parts of its answer in their order. The line that
 * marks its end leaves in the same segment as the call: if the script is aborted by an error, the mark still comes, so
 * a failure is known at once and not by a time-out.
 */
export class MarkedCall {
  readonly #tsp: TspConnection;
  readonly #wire: Wire;
  readonly #token: number;
  readonly #seconds: number;
  readonly #signal: AbortSignal;

  constructor(tsp: TspConnection, wire: Wire, token: number, seconds: number, signal: AbortSignal) {
    this.#tsp = tsp;
    this.#wire = wire;
    this.#token = token;
    this.#seconds = seconds;
    this.#signal = signal;
  }

  /**
   * Sends the call and returns the first line of its answer, which comes in as many copies as the link needs and must be the
   * same in all. `expectOutputs`: the outputs were switched on and
   * confirmed, so one that is off was switched off from outside.
   */
  async begin(call: string, expectOutputs: boolean): Promise<string> {
    const end = `print(string.format("TBEND %s %d", "${this.#token}", errorqueue.count))`;
    await this.#wire.write(Buffer.from(`${call}\n${end}\n`, 'latin1'), this.#signal);
    const line = await readLine(this.#wire, this.#wait(`the answer to ${call}`));
    if (line.startsWith(`TBEND ${this.#token} `)) throw await this.#scriptError();
    if (this.#tsp.copies === 2) {
      const again = await readLine(this.#wire, this.#wait(`the answer to ${call} again`));
      if (again !== line) throw answersDiffer(this.#tsp.thing, call, [line, again]);
    }
    if (line.startsWith(`TBFAULT ${this.#token} `)) {
      await this.end();
      throw this.#fault(line, expectOutputs);
    }
    return line;
  }

  /** The first line of a sweep: all channels are at 0 V. TB_REPLY_MISMATCH when it names another sweep. */
  idle(line: string): IdleLine {
    const idle = parseIdleLine(line);
    if (!idle) throw this.#tsp.malformed('a sweep', line, `TBIDLE ${this.#token} …`);
    if (idle.token === String(this.#token)) return idle;
    throw new TunnelbenchError('TB_REPLY_MISMATCH', {
      thing: this.#tsp.thing,
      what: 'the reply belongs to another sweep',
      value: `token ${idle.token}`,
      expected: `token ${this.#token}`,
      remedy: 'The readings are not used; reopen the link and repeat the sweep.',
    });
  }

  async blocks(idle: IdleLine): Promise<ChannelBlocks> {
    const blocks = await this.#copy(idle);
    if (this.#tsp.copies === 1) return blocks;
    const again = await this.#copy(idle);
    blocks.forEach((block, channel) => {
      const place = block.findIndex((value, i) => !Object.is(value, again[channel][i]));
      if (place < 0) return;
      const values = [`value ${place}: ${block[place]}`, `value ${place}: ${again[channel][place]}`];
      throw answersDiffer(this.#tsp.thing, `the readings of ${SOURCE_CHANNELS[channel]}`, values);
    });
    return blocks;
  }

  async #copy({ points }: IdleLine): Promise<ChannelBlocks> {
    const read = (channel: SourceChannel) =>
      readRealBlock(
        this.#tsp.thing,
        this.#wire,
        { rows: points, columns: 3 },
        this.#wait(`the readings of ${channel}`),
      );
    return [await read('columnA'), await read('columnB'), await read('row')];
  }

  /** The end mark carries the length of the error queue: every sweep is checked without a question of its own. */
  async end(): Promise<void> {
    const line = await readLine(this.#wire, this.#wait(`the end mark of ${this.#token}`));
    const parsed = /^TBEND (\d+) (\d+)$/.exec(line);
    if (parsed?.[1] !== String(this.#token)) throw this.#tsp.malformed('a sweep', line, `TBEND ${this.#token} 0`);
    if (parsed[2] !== '0') throw await this.#scriptError();
  }

  #wait(awaited: string) {
    return { awaited, timeoutSeconds: this.#seconds, signal: this.#signal };
  }

  async #scriptError(): Promise<TunnelbenchError> {
    return this.#tsp.reported('during a sweep', await this.#tsp.readErrors(this.#wire, this.#signal));
  }

  /** "TBFAULT <token> <fault> <channel> <set> <found>" */
  #fault(line: string, expectOutputs: boolean): TunnelbenchError {
    const [, , fault, number, set, found] = line.split(' ');
    const channel = SOURCE_CHANNELS[Number(number) - 1] ?? 'a channel';
    const { thing } = this.#tsp;
    if (fault === 'OUTPUT') {
      const what = `the output of ${channel} ${expectOutputs ? 'was switched off from outside' : 'is off'}`;
      const expected = 'all three outputs on for the whole of a sweep';
      const remedy = 'The readings are not used. Check interlock and output-enable line, make the bench safe.';
      const code = expectOutputs ? 'TB_INTERLOCK_OPEN' : 'TB_INSTRUMENT_ERROR';
      return new TunnelbenchError(code, { thing, what, expected, remedy });
    }
    return new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
      thing,
      what: `the current limit of ${channel} reads back another value`,
      value: `${Number(found)} A`,
      expected: `${Number(set)} A`,
      remedy: 'The sweep was not run to its end. No junction is driven under an unknown limit: check the instrument.',
    });
  }
}
