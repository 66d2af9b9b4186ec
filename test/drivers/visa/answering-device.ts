import type { ClientLink, ClientSession, WireInstrument } from '../../../drivers/simulated/instrument-link.ts';
import type { MessageControls } from './message-server.ts';

type Answer = (send: (bytes: Uint8Array | string) => void) => void;

/** Answers known lines, is silent on others, and records what it was told. */
export class AnsweringDevice implements WireInstrument, MessageControls {
  readonly heard: string[] = [];
  status = 0;
  readonly #answers: Readonly<Record<string, Answer | Uint8Array | string>>;
  #links: ClientLink[] = [];

  constructor(answers: Readonly<Record<string, Answer | Uint8Array | string>> = {}) {
    this.#answers = answers;
  }

  attach(link: ClientLink): ClientSession {
    this.#links.push(link);
    let pending = '';
    return {
      receive: (bytes) => {
        pending += Buffer.from(bytes).toString('latin1');
        const lines = pending.split('\n');
        pending = lines.pop() ?? '';
        for (const line of lines) this.#take(line, link);
      },
      detached: () => {
        this.#links = this.#links.filter((other) => other !== link);
      },
    };
  }

  get clients(): number {
    return this.#links.length;
  }

  /** Sends something that nobody asked for. */
  blurt(text: string): void {
    for (const link of this.#links) link.send(Buffer.from(text, 'latin1'));
  }

  hangUp(): void {
    for (const link of this.#links) link.drop();
  }

  statusByte(): number {
    return this.status;
  }

  deviceClear(): void {
    this.heard.push('(clear)');
  }

  trigger(): void {
    this.heard.push('(trigger)');
  }

  #take(line: string, link: ClientLink): void {
    this.heard.push(line);
    const answer = this.#answers[line];
    const send = (bytes: Uint8Array | string) => link.send(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    if (typeof answer === 'function') answer(send);
    else if (answer !== undefined) send(answer);
  }
}
