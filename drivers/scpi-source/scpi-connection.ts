import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { drainQueue, scpiErrorEntry } from '../framing/error-queue.ts';
import { readFrameNumber } from '../framing/frame-values.ts';
import { askScpiTwice } from '../framing/scpi-question.ts';
import { answersDiffer, type Link, readLine, type Wire } from '../transport/link.ts';

const REPLY_SECONDS = 10;

/** Questions and answers in SCPI, inside one exchange or each by itself. */
export class ScpiConnection {
  readonly link: Link;
  readonly #interlockCodes: ReadonlySet<number>;

  /** `interlockCodes`: errors that say that the output is blocked from outside. */
  constructor(link: Link, interlockCodes: readonly number[]) {
    this.link = link;
    this.#interlockCodes = new Set(interlockCodes);
  }

  get thing(): string {
    return this.link.thing;
  }

  /** Sends each command as a message of its own: one that is refused does not take others with it. */
  send(commands: readonly string[], signal: AbortSignal): Promise<void> {
    return this.link.send(lines(commands), signal);
  }

  write(wire: Wire, commands: readonly string[], signal: AbortSignal): Promise<void> {
    return wire.write(Buffer.from(lines(commands), 'latin1'), signal);
  }

  async ask(wire: Wire, question: string, signal: AbortSignal, timeoutSeconds = REPLY_SECONDS): Promise<string> {
    await this.write(wire, [question], signal);
    const line = await readLine(wire, { awaited: `the reply to "${question}"`, timeoutSeconds, signal });
    return line.trim();
  }

  /** For questions that change nothing; TB_REPLY_MISMATCH when the answers differ. */
  askTwice(wire: Wire, question: string, signal: AbortSignal): Promise<string> {
    return askScpiTwice(this.thing, question, (message) => this.ask(wire, message, signal));
  }

  async askNumber(wire: Wire, question: string, signal: AbortSignal): Promise<number> {
    return readFrameNumber(this.thing, question, await this.askTwice(wire, question, signal));
  }

  /** Several questions in one exchange, each asked twice. */
  askAll(questions: readonly string[], signal: AbortSignal): Promise<string[]> {
    return this.link.exchange(async (wire) => {
      const answers: string[] = [];
      for (const question of questions) answers.push(await this.askTwice(wire, question, signal));
      return answers;
    }, signal);
  }

  /** Fetches stored readings twice, which measures nothing anew, for the same reason; all bytes must agree. */
  async fetchTwice(
    wire: Wire,
    question: string,
    read: () => Promise<Float32Array>,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    await this.write(wire, [question], signal);
    const first = await read();
    await this.write(wire, [question], signal);
    const second = await read();
    if (first.every((value, i) => Object.is(value, second[i]))) return second;
    const place = first.findIndex((value, i) => !Object.is(value, second[i]));
    throw answersDiffer(this.thing, question, [`value ${place}: ${first[place]}`, `value ${place}: ${second[place]}`]);
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.link.exchange((wire) => this.readErrors(wire, signal), signal);
  }

  /** Empties the error queue inside an exchange; entries as "code text". */
  readErrors(wire: Wire, signal: AbortSignal): Promise<string[]> {
    return drainQueue(this.thing, async () => {
      return scpiErrorEntry(this.thing, await this.ask(wire, ':SYST:ERR?', signal));
    });
  }

  /** Drains the error queue and throws if it held anything; TB_INTERLOCK_OPEN where that is the reason. */
  async requireNoErrors(wire: Wire, doing: string, signal: AbortSignal): Promise<void> {
    const entries = await this.readErrors(wire, signal);
    if (entries.length > 0) throw this.reported(doing, entries);
  }

  reported(doing: string, entries: readonly string[]): TunnelbenchError {
    const interlock = entries.some((entry) => this.#interlockCodes.has(Number.parseInt(entry, 10)));
    return new TunnelbenchError(interlock ? 'TB_INTERLOCK_OPEN' : 'TB_INSTRUMENT_ERROR', {
      thing: this.thing,
      what: interlock ? `the interlock is open (${doing})` : `reported errors: ${doing}`,
      value: entries.join('; '),
      expected: 'an empty error queue',
      remedy: interlock
        ? 'Close the interlock (light-tight box, output-enable line) and start again; the output stays off until then.'
        : "Look the code up in the instrument's reference manual; the bench must be made safe before work goes on.",
    });
  }

  malformed(question: string, line: string, expected: string): TunnelbenchError {
    return new TunnelbenchError('TB_REPLY_MALFORMED', {
      thing: this.thing,
      what: `the reply to ${question} has another form`,
      value: JSON.stringify(line.slice(0, 120)),
      expected,
      remedy: 'The reply is not used; the link must be reopened.',
    });
  }
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join('');
}
