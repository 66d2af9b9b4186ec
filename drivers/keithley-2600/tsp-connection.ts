import { randomBytes } from 'node:crypto';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { drainQueue } from '../framing/error-queue.ts';
import { answersDiffer, type Link, readLine, type Wire } from '../transport/link.ts';
import { noticesDamage } from '../transport/resource-string.ts';

const REPLY_SECONDS = 10;

/** Codes that say that the output is blocked from outside: interlock (802), output enable not asserted (5041). */
const INTERLOCK_CODES = new Set([802, 5041]);

/** Questions and answers in TSP: nothing is returned unless printed. */
export class TspConnection {
  readonly link: Link;
  /** How often the instrument sends the answer of a sweep: twice where neither TSP nor the link has a checksum. */
  readonly copies: 1 | 2;

  constructor(link: Link) {
    this.link = link;
    this.copies = noticesDamage(link.resource) ? 1 : 2;
  }

  get thing(): string {
    return this.link.thing;
  }

  /** Prints an expression; numbers must go through string.format, because print shortens them to six digits. */
  print(expression: string, signal: AbortSignal): Promise<string> {
    return this.ask(`print(${expression})`, signal);
  }

  /**
   * Runs a command that prints one line and changes nothing. It is run twice and must print the same, because replies carry
   * no checksum. A mark is asked for in the same segment: a command that fails prints nothing, so the mark coming first
   * tells of the failure at once, where waiting for the line would end in a time-out.
   */
  ask(command: string, signal: AbortSignal): Promise<string> {
    const mark = newMark();
    return this.link.exchange(async (wire) => {
      await wire.write(Buffer.from(`${command}\n${command}\nprint("${mark}")\n`, 'latin1'), signal);
      const wait = { awaited: `the answer to ${command}`, timeoutSeconds: REPLY_SECONDS, signal };
      const line = await readLine(wire, wait);
      if (line.trim() === mark) throw this.reported(`after ${command}`, await this.readErrors(wire, signal));
      const again = await readLine(wire, wait);
      if (again !== line) throw answersDiffer(this.thing, command, [line, again]);
      const end = await readLine(wire, wait);
      if (end.trim() !== mark) throw this.malformed(command, end, mark);
      return line;
    }, signal);
  }

  /** Empties the error queue inside an exchange; entries as "code text". */
  async readErrors(wire: Wire, signal: AbortSignal): Promise<string[]> {
    const wait = { awaited: 'the error queue', timeoutSeconds: REPLY_SECONDS, signal };
    return drainQueue(this.thing, async () => {
      await wire.write(Buffer.from('print(errorqueue.next())\n', 'latin1'), signal);
      return this.#errorEntry(await readLine(wire, wait));
    });
  }

  /** Prints numbers with ten digits, separated by blanks. */
  async printNumbers(expressions: readonly string[], signal: AbortSignal): Promise<number[]> {
    const pattern = expressions.map(() => '%.9e').join(' ');
    const line = await this.print(`string.format("${pattern}", ${expressions.join(', ')})`, signal);
    const values = line.trim().split(/\s+/).map(Number);
    if (values.length === expressions.length && values.every(Number.isFinite)) return values;
    throw this.malformed(`${expressions[0]} …`, line, `${expressions.length} numbers`);
  }

  send(lines: string, signal: AbortSignal): Promise<void> {
    return this.link.send(lines, signal);
  }

  /**
   * Sends lines, then discards everything that arrives until a fresh mark comes back: what a broken-off exchange left
   * on the wire, even the middle of a binary block, is gone and the two sides are in step.
   */
  sendInStep(lines: string, signal: AbortSignal): Promise<void> {
    const mark = newMark();
    return this.link.exchange(async (wire) => {
      await wire.clear();
      await wire.write(Buffer.from(`${lines}print("${mark}")\n`, 'latin1'), signal);
      await this.#discardTo(wire, mark, signal);
    }, signal);
  }

  /** Empties the error queue; entries as "code text". */
  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.link.exchange((wire) => this.readErrors(wire, signal), signal);
  }

  /** Drains the error queue and throws if it held anything; TB_INTERLOCK_OPEN where that is the reason. */
  async requireNoErrors(doing: string, signal: AbortSignal): Promise<void> {
    const entries = await this.drainErrors(signal);
    if (entries.length > 0) throw this.reported(doing, entries);
  }

  reported(doing: string, entries: readonly string[]): TunnelbenchError {
    const interlock = entries.some((entry) => INTERLOCK_CODES.has(Number.parseInt(entry, 10)));
    return new TunnelbenchError(interlock ? 'TB_INTERLOCK_OPEN' : 'TB_INSTRUMENT_ERROR', {
      thing: this.thing,
      what: interlock ? `the interlock is open (${doing})` : `reported errors: ${doing}`,
      value: entries.join('; ') || 'the script ended without an error entry',
      expected: 'an empty error queue',
      remedy: interlock
        ? 'Close the interlock (light-tight box, output-enable line) and start again; outputs stay off until then.'
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

  /** "code TAB text TAB severity TAB node"; code 0 is an empty queue, and says so: a damaged digit must not hide an error. */
  #errorEntry(line: string): string | null {
    const [code, text = ''] = line.split('\t');
    const number = Number(code);
    const empty = /^queue is empty/i.test(text.trim());
    if (code.trim() === '' || !Number.isFinite(number) || empty !== (number === 0)) {
      throw this.malformed('errorqueue.next()', line, 'code, text; 0 with "Queue Is Empty"');
    }
    return empty ? null : `${number} ${text.trim()}`;
  }

  async #discardTo(wire: Wire, mark: string, signal: AbortSignal): Promise<void> {
    const wait = { awaited: `the mark ${mark}`, timeoutSeconds: REPLY_SECONDS, signal };
    await wire.readUntil(Buffer.from(`${mark}\n`, 'latin1'), wait);
  }
}

/** Never the same twice, so that an old mark on the wire is not taken for a new one. */
function newMark(): string {
  return `TBMARK${randomBytes(8).toString('hex')}`;
}
