import type { ClientLink, ClientSession, WireInstrument } from '../../../drivers/simulated/instrument-link.ts';

/** What becomes of one reply: the pieces in which it leaves, none for silence. `number` counts replies from 0. */
export type Treatment = (reply: Buffer, number: number) => readonly Buffer[];

/** Stands between an instrument and its wire and does to replies whatever a test says. */
export class HostileWire implements WireInstrument {
  readonly #instrument: WireInstrument;
  readonly #links = new Set<ClientLink>();
  #treatment: Treatment | null = null;
  #number = 0;
  #deafTo: RegExp | null = null;
  #delayMilliseconds = 0;
  #lastActivity = performance.now();
  #sending: Promise<void> = Promise.resolve();

  constructor(instrument: WireInstrument) {
    this.#instrument = instrument;
  }

  /** Null: replies pass unharmed. */
  treat(treatment: Treatment | null, delayMilliseconds = 0): void {
    this.#treatment = treatment;
    this.#delayMilliseconds = delayMilliseconds;
    this.#number = 0;
  }

  /** Lines from the client that never reach the instrument; null: all do. */
  deafTo(line: RegExp | null): void {
    this.#deafTo = line;
  }

  /** Closes all connections now. */
  drop(): void {
    for (const link of this.#links) link.drop();
  }

  /** Resolves when nothing has passed in either direction for so long, or `over` is aborted. */
  async quiet(milliseconds: number, over: AbortSignal): Promise<void> {
    this.#lastActivity = performance.now();
    while (!over.aborted && performance.now() - this.#lastActivity < milliseconds) await pause(milliseconds / 4);
  }

  attach(link: ClientLink): ClientSession {
    this.#links.add(link);
    const session = this.#instrument.attach({
      send: (bytes) => this.#pass(link, Buffer.from(bytes)),
      drop: () => link.drop(),
    });
    return {
      receive: (bytes) => {
        this.#lastActivity = performance.now();
        session.receive(this.#heard(Buffer.from(bytes)));
      },
      detached: () => {
        this.#links.delete(link);
        session.detached();
      },
    };
  }

  /** Drivers send whole lines. */
  #heard(bytes: Buffer): Buffer {
    const deafTo = this.#deafTo;
    if (deafTo === null) return bytes;
    const lines = bytes.toString('latin1').split(/(?<=\n)/);
    return Buffer.from(lines.filter((line) => !deafTo.test(line)).join(''), 'latin1');
  }

  /** In order, and each piece in a turn of its own, so that it travels alone. */
  #pass(link: ClientLink, reply: Buffer): void {
    const pieces = this.#treatment?.(reply, this.#number) ?? [reply];
    this.#number += 1;
    const delay = this.#delayMilliseconds;
    this.#sending = this.#sending.then(async () => {
      for (const piece of pieces) {
        if (delay > 0 || pieces.length > 1) await pause(delay);
        this.#lastActivity = performance.now();
        if (this.#links.has(link)) link.send(piece);
      }
    });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve);
    else setTimeout(resolve, milliseconds);
  });
}
