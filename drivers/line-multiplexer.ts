import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { Crosspoint, InstrumentIdentity, LineRouter, SourceChannel } from './capabilities.ts';
import { drainQueue } from './framing/error-queue.ts';
import { readFrameIdentity, readFrameNumber } from './framing/frame-values.ts';
import type { FramedLink } from './framing/framed-link.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';

/** Letters of drivers/PROTOCOL.md. */
const LETTER = { columnA: 'A', columnB: 'B', row: 'X', guard: 'none' } as const;
const CHANNEL: Readonly<Record<string, SourceChannel>> = { A: 'columnA', B: 'columnB', X: 'row' };

/** Line multiplexer ("LMX") of drivers/PROTOCOL.md: even columns to A, odd columns to B, rows to X; the rest floats. */
export class LineMultiplexer implements LineRouter {
  readonly identity: InstrumentIdentity;
  readonly rows: number;
  readonly columns: number;
  readonly unselected = 'float';
  readonly #link: FramedLink;
  #settleSeconds = 1;

  private constructor(identity: InstrumentIdentity, link: FramedLink, rows: number, columns: number) {
    this.identity = identity;
    this.#link = link;
    this.rows = rows;
    this.columns = columns;
  }

  static async open(
    link: FramedLink,
    name: string,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<LineMultiplexer> {
    const identity = await readFrameIdentity(
      link,
      { name, resource: link.resource, driver: 'line-multiplexer' },
      signal,
    );
    accept(identity);
    const [rows, columns] = await link.question('SIZE?', signal);
    const number = (field: string | undefined) => readFrameNumber(link.thing, 'SIZE?', field);
    return new LineMultiplexer(identity, link, number(rows), number(columns));
  }

  canConnect({ kind, index, channel }: Crosspoint): boolean {
    if (kind === 'row') return channel === 'row' && index < this.rows;
    return index < this.columns && channel === (index % 2 === 0 ? 'columnA' : 'columnB');
  }

  async configure(settleSeconds: number, signal: AbortSignal): Promise<void> {
    await this.#link.command(`SETTLE ${settleSeconds}`, 1, signal);
    const [back] = await this.#link.question('SETTLE?', signal);
    if (Math.abs(readFrameNumber(this.#link.thing, 'SETTLE?', back) - settleSeconds) > 1e-6) {
      throw this.#unconfirmed('the settling time reads back another value', back, `${settleSeconds}`);
    }
    this.#settleSeconds = settleSeconds;
  }

  async connect(crosspoints: readonly Crosspoint[], signal: AbortSignal): Promise<void> {
    const missing = crosspoints.find((crosspoint) => !this.canConnect(crosspoint));
    if (missing) throw this.#noCrosspoint(missing);
    const asked = routeText(crosspoints);
    const confirmed = await this.#link.command(`ROUTE ${asked}`, 2 * this.#settleSeconds, signal);
    if (confirmed.join(' ') !== asked)
      throw this.#unconfirmed('the route is not confirmed', confirmed.join(' '), asked);
  }

  async readState(signal: AbortSignal): Promise<readonly Crosspoint[]> {
    const values = await this.#link.question('ROUTE?', signal);
    return values.length === 1 && values[0] === 'NONE' ? [] : values.map((value) => this.#crosspoint(value));
  }

  /** The device's queue, and the late replies that were discarded on the way. */
  async drainErrors(signal: AbortSignal): Promise<string[]> {
    const entries = await drainQueue(this.#link.thing, async () => {
      const entry = (await this.#link.question('NEXTERR?', signal)).join(' ');
      return entry.startsWith('0 ') ? null : entry;
    });
    return [...this.#link.takeStrays(), ...entries];
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#link.reopen(signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #crosspoint(text: string): Crosspoint {
    const parsed = /^([RC])(\d{1,5})=([ABX])$/.exec(text);
    if (!parsed) throw this.#unconfirmed('the route reads back in an unknown form', text, 'e.g. R3=X C4=A');
    return { kind: parsed[1] === 'R' ? 'row' : 'column', index: Number(parsed[2]), channel: CHANNEL[parsed[3]] };
  }

  #noCrosspoint({ kind, index, channel }: Crosspoint): TunnelbenchError {
    return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
      thing: this.#link.thing,
      what: 'the multiplexer has no such crosspoint',
      value: `${kind} ${index} on ${channel}`,
      expected: `even columns on columnA, odd ones on columnB, rows on row; ${this.rows} × ${this.columns} lines`,
      remedy: 'Use the access scheme pair, or a switch matrix.',
    });
  }

  #unconfirmed(what: string, value: string | undefined, expected: string): TunnelbenchError {
    return new TunnelbenchError('TB_ROUTE_NOT_CONFIRMED', {
      thing: this.#link.thing,
      what,
      value: value ?? 'nothing',
      expected,
      remedy: 'No sweep is sent over an unconfirmed route; check the multiplexer for a stuck relay.',
    });
  }
}

/** The list in the order in which the device answers: rows, then columns, each ascending. */
function routeText(crosspoints: readonly Crosspoint[]): string {
  if (crosspoints.length === 0) return 'NONE';
  const rank = ({ kind, index }: Crosspoint) => (kind === 'row' ? index : 1e6 + index);
  const ordered = crosspoints.toSorted((a, b) => rank(a) - rank(b));
  return ordered
    .map(({ kind, index, channel }) => `${kind === 'row' ? 'R' : 'C'}${index}=${LETTER[channel]}`)
    .join(' ');
}
