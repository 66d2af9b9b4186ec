import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What a run took and came to. */
export interface Timing {
  /** Of the thread that trains: what else runs on the machine counts as little as possible. */
  readonly processorSeconds: number;
  readonly meanLoss: number;
}

/** A program that trains: kept running, told what to do a line at a time. */
export class Contender implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(command: string, programArguments: readonly string[]) {
    this.#child = spawn(command, programArguments, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Starts the program; `greeting` is the start of a line it must print first, if any. */
  static async start(command: string, programArguments: readonly string[], greeting?: string): Promise<Contender> {
    const contender = new Contender(command, programArguments);
    if (greeting !== undefined && !(await contender.#line()).startsWith(greeting)) {
      throw new Error(`${command} did not start`);
    }
    return contender;
  }

  async run(mode: string, steps: number): Promise<Timing> {
    this.#child.stdin.write(`${mode} ${steps}\n`);
    const [processorSeconds, meanLoss] = (await this.#line()).split(' ').map(Number);
    return { processorSeconds, meanLoss };
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the program ended without an answer');
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
    this.#reader.close();
  }
}
