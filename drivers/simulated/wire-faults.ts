import type { ClientLink, ClientSession, WireInstrument } from './instrument-link.ts';

/**
 * What happens to replies on a wire. `drop` closes the connection instead of answering (on a serial line the reply is
 * lost), `silent` swallows the reply, `garbled` damages bytes, `late` delays it on the wall clock, `pieces` sends it in
 * parts.
 */
export const REPLY_FAULTS = ['drop', 'silent', 'garbled', 'late', 'pieces'] as const;
export type ReplyFault = (typeof REPLY_FAULTS)[number];

export interface PlannedFault {
  readonly kind: ReplyFault;
  /** Replies that still pass unharmed. */
  readonly after: number;
  /** Replies then affected; Infinity until cleared. */
  readonly count: number;
  /** For `late` and between `pieces`: wall-clock seconds. */
  readonly seconds: number;
}

const PIECES = 4;

/** Stands between an instrument and its wire. */
export class FaultyWire implements WireInstrument {
  private readonly instrument: WireInstrument;
  private planned: { kind: ReplyFault; after: number; count: number; seconds: number } | null = null;
  private readonly links = new Set<ClientLink>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private queue: (() => Promise<void> | void)[] = [];
  private sending = false;

  constructor(instrument: WireInstrument) {
    this.instrument = instrument;
  }

  plan(fault: PlannedFault | null): void {
    this.planned = fault === null ? null : { ...fault };
  }

  /** Closes all connections now. */
  dropNow(): void {
    for (const link of this.links) link.drop();
  }

  attach(link: ClientLink): ClientSession {
    this.links.add(link);
    const session = this.instrument.attach({
      send: (bytes) => this.pass(link, bytes),
      drop: () => link.drop(),
    });
    return {
      receive: (bytes) => session.receive(bytes),
      detached: () => {
        this.links.delete(link);
        session.detached();
      },
    };
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.queue = [];
  }

  private pass(link: ClientLink, bytes: Uint8Array): void {
    const fault = this.takeFault();
    if (fault === null && !this.sending) {
      link.send(bytes);
      return;
    }
    // Replies keep their order behind one that is late.
    this.queue.push(() => this.send(link, bytes, fault));
    if (!this.sending) void this.drain();
  }

  private async drain(): Promise<void> {
    this.sending = true;
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) await next();
    this.sending = false;
  }

  private async send(
    link: ClientLink,
    bytes: Uint8Array,
    fault: { kind: ReplyFault; seconds: number } | null,
  ): Promise<void> {
    switch (fault?.kind) {
      case 'drop':
        return link.drop();
      case 'silent':
        return;
      case 'garbled':
        return link.send(damaged(bytes));
      case 'late':
        await this.wait(fault.seconds);
        return link.send(bytes);
      case 'pieces': {
        const size = Math.max(1, Math.ceil(bytes.length / PIECES));
        for (let start = 0; start < bytes.length; start += size) {
          link.send(bytes.subarray(start, start + size));
          await this.wait(fault.seconds);
        }
        return;
      }
      default:
        return link.send(bytes);
    }
  }

  private takeFault(): { kind: ReplyFault; seconds: number } | null {
    const { planned } = this;
    if (planned === null) return null;
    if (planned.after > 0) {
      planned.after -= 1;
      return null;
    }
    planned.count -= 1;
    if (planned.count <= 0) this.planned = null;
    return { kind: planned.kind, seconds: planned.seconds };
  }

  private wait(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, seconds * 1000);
      this.timers.add(timer);
    });
  }
}

/** Flips bits in every third byte, but leaves line feeds alone. */
function damaged(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i % 3 === 1 && byte !== 0x0a ? (byte ^ 0x15) & 0x7f : byte));
}
