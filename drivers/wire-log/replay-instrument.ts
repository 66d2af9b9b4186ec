import { chanceWords, withWords } from './chance-words.ts';
import type { Exchange } from './wire-record.ts';

/** One client's connection, as a server gives it. */
export interface ReplayLink {
  send(bytes: Uint8Array): void;
  drop(): void;
}

/**
 * Plays the recorded part of one instrument: answers what it answered then, if it is told what it was told then. The first
 * line that differs is noted and ends the connection: a replay never guesses.
 */
export class ReplayInstrument {
  readonly #name: string;
  readonly #exchanges: readonly Exchange[];
  #next = 0;
  /** What of the present exchange was not sent yet. */
  #awaited: string;
  #words = new Map<string, string>();
  /** How the client left the record, or null. */
  difference: string | null = null;

  constructor(name: string, exchanges: readonly Exchange[]) {
    this.#name = name;
    this.#exchanges = exchanges;
    this.#awaited = exchanges[0]?.sent ?? '';
  }

  /** Recorded bytes that were never sent: the client stopped early. */
  get unsent(): number {
    return this.#awaited.length + this.#exchanges.slice(this.#next + 1).reduce((sum, { sent }) => sum + sent.length, 0);
  }

  attach(link: ReplayLink): { receive(bytes: Uint8Array): void; detached(): void } {
    let pending = '';
    const receive = (bytes: Uint8Array) => {
      pending += Buffer.from(bytes).toString('latin1');
      for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 1);
        if (this.difference === null) this.#take(line, link);
      }
    };
    return { receive, detached: () => {} };
  }

  #take(line: string, link: ReplayLink): void {
    const end = this.#awaited.indexOf('\n');
    const recorded = end < 0 ? this.#awaited : this.#awaited.slice(0, end);
    const words = this.#awaited === '' ? null : chanceWords(recorded, line);
    if (words === null) {
      const wanted = this.#awaited === '' ? 'nothing more' : JSON.stringify(recorded.slice(0, 120));
      this.difference = `${this.#name} was sent ${JSON.stringify(line.slice(0, 120))}; recorded was ${wanted}`;
      link.drop();
      return;
    }
    for (const [then, now] of words) this.#words.set(then, now);
    this.#awaited = end < 0 ? '' : this.#awaited.slice(end + 1);
    if (this.#awaited !== '') return;
    const { received } = this.#exchanges[this.#next];
    if (received !== '') link.send(Buffer.from(withWords(received, this.#words), 'latin1'));
    this.#words.clear();
    this.#next += 1;
    this.#awaited = this.#exchanges[this.#next]?.sent ?? '';
  }
}
