import { randomInt } from 'node:crypto';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { Crosspoint, InstrumentIdentity, LineRouter } from './capabilities.ts';
import { type AcceptIdentity, parseIdentity } from './framing/instrument-identity.ts';
import { TspConnection } from './keithley-2600/tsp-connection.ts';
import { checkCards, joinMainframes, setBreakBeforeMake } from './keithley-matrix/mainframe-setup.ts';
import type { MatrixFamily } from './keithley-matrix/matrix-family.ts';
import {
  crosspointAt,
  hasCrosspoint,
  type MatrixPoint,
  type MatrixWiring,
  matrixPoint,
} from './keithley-matrix/matrix-wiring.ts';
import { closedScript, parseRouteReply, routeScript } from './keithley-matrix/route-script.ts';
import { answersDiffer, type Link, readLine } from './transport/link.ts';

/** Relays, the TSP-Link to the other mainframes, and the replies; beyond the settling time. */
const REPLY_SECONDS = 10;
const LARGEST_TOKEN = 2 ** 31;

/**
 * Keithley 707B or 3706A switch mainframes (TSP) with matrix cards: any line on any source channel, so that both access
 * schemes are possible. Several mainframes are nodes of one TSP-Link and not resources of their own: one chunk then opens
 * on all of them before it closes on any, and one answer confirms the whole route.
 *
 * The closed set that is read back is the firmware's, which knows its relay drivers and not the contacts behind them.
 * From the reference manuals: channel specifiers, open, close, getclose (names by semicolon, nil for none), connectrule.
 * Not verified on an instrument: the identification of a 707B ("MODEL 707B"), slot[n].idn of an empty slot of the 707B,
 * that a refused close leaves an entry in the master's error queue when another node refused it.
 */
export class KeithleyMatrix implements LineRouter {
  readonly identity: InstrumentIdentity;
  /** Lines that are in no crosspoint float: on a guard they would see the full voltage in one of the two halves. */
  readonly unselected = 'float';
  readonly #tsp: TspConnection;
  readonly #wiring: MatrixWiring;
  readonly #nodes: readonly number[];
  #settleSeconds = 1;
  /** What the last answer said is closed; null when that is not known. */
  #closed: readonly MatrixPoint[] | null = null;

  private constructor(identity: InstrumentIdentity, tsp: TspConnection, wiring: MatrixWiring) {
    this.identity = identity;
    this.#tsp = tsp;
    this.#wiring = wiring;
    this.#nodes = wiring.mainframes.map(({ node }) => node);
  }

  /** Identifies, joins the mainframes and looks for their cards; moves no relay. */
  static async open(
    link: Link,
    name: string,
    family: MatrixFamily,
    wiring: MatrixWiring,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<KeithleyMatrix> {
    const reply = await link.queryTwice('*IDN?', { timeoutSeconds: 5, signal });
    const identity = parseIdentity(reply, { name, resource: link.resource, driver: family.driver });
    accept(identity);
    const tsp = new TspConnection(link);
    await tsp.send('localnode.prompts = 0\nlocalnode.showerrors = 0\n', signal);
    await joinMainframes(tsp, wiring.mainframes, signal);
    await checkCards(tsp, wiring.mainframes, signal);
    return new KeithleyMatrix(identity, tsp, wiring);
  }

  get rows(): number {
    return this.#wiring.lines.rows;
  }

  get columns(): number {
    return this.#wiring.lines.columns;
  }

  canConnect(crosspoint: Crosspoint): boolean {
    return hasCrosspoint(this.#wiring, crosspoint);
  }

  async configure(settleSeconds: number, signal: AbortSignal): Promise<void> {
    await this.#tsp.drainErrors(signal);
    await setBreakBeforeMake(this.#tsp, this.#nodes, signal);
    this.#settleSeconds = settleSeconds;
  }

  async connect(crosspoints: readonly Crosspoint[], signal: AbortSignal): Promise<void> {
    const missing = crosspoints.find((crosspoint) => !this.canConnect(crosspoint));
    if (missing) throw this.#noCrosspoint(missing);
    // Errors of earlier commands must not keep the lines from being opened.
    if (crosspoints.length === 0) await this.#tsp.drainErrors(signal);
    const wanted = crosspoints.map((crosspoint) => matrixPoint(this.#wiring, crosspoint));
    const before = this.#closed;
    const open = before === null ? 'all' : without(before, wanted);
    const close = before === null ? wanted : without(wanted, before);
    const closed = await this.#exchange(
      (token) => routeScript(this.#nodes, token, open, close, this.#settleSeconds),
      signal,
    );
    if (!sameSet(closed, wanted)) {
      this.#closed = null;
      throw this.#unconfirmed('the route is not confirmed', pointsText(closed), pointsText(wanted));
    }
  }

  async readState(signal: AbortSignal): Promise<readonly Crosspoint[]> {
    const closed = await this.#exchange((token) => closedScript(this.#nodes, token), signal);
    return closed.map((point) => {
      const crosspoint = crosspointAt(this.#wiring, point);
      if (crosspoint !== null) return crosspoint;
      throw this.#unconfirmed(
        'a crosspoint is closed that leads to no line',
        pointsText([point]),
        'lines and channels',
      );
    });
  }

  drainErrors(signal: AbortSignal): Promise<string[]> {
    return this.#tsp.drainErrors(signal);
  }

  /** What is closed stays closed over a lost link, but is not known until the next route has opened everything. */
  async reopen(signal: AbortSignal): Promise<void> {
    this.#closed = null;
    await this.#tsp.link.reopen(signal);
    await this.#tsp.sendInStep('abort\nlocalnode.prompts = 0\nlocalnode.showerrors = 0\n', signal);
    await joinMainframes(this.#tsp, this.#wiring.mainframes, signal);
    await this.#tsp.drainErrors(signal);
  }

  close(): Promise<void> {
    return this.#tsp.link.close();
  }

  /** Runs a chunk that ends by printing what is closed; remembers it. Until the answer is there nothing is known. */
  async #exchange(script: (token: number) => string, signal: AbortSignal): Promise<readonly MatrixPoint[]> {
    this.#closed = null;
    const token = randomInt(1, LARGEST_TOKEN);
    const end = `TBEND ${token}`;
    const closed = await this.#tsp.link.exchange(async (wire) => {
      // The mark comes even where the chunk breaks off: a failure is known at once and not by a time-out.
      await wire.write(Buffer.from(`${script(token)}\nprint("${end}")\n`, 'latin1'), signal);
      const timeoutSeconds = REPLY_SECONDS + this.#settleSeconds;
      const wait = { awaited: `the closed crosspoints (${token})`, timeoutSeconds, signal };
      const line = await readLine(wire, wait);
      if (line.trim() === end) throw this.#tsp.reported('a route', await this.#tsp.readErrors(wire, signal));
      const again = await readLine(wire, wait);
      const mark = await readLine(wire, wait);
      if (mark.trim() !== end) throw this.#tsp.malformed('a route', mark, end);
      if (again !== line) throw answersDiffer(this.#tsp.thing, 'getclose', [line, again]);
      const reply = parseRouteReply(this.#nodes, line);
      if (reply === null) throw this.#tsp.malformed('a route', line, `TBROUTE ${token} 0 and a list a mainframe`);
      if (reply.token !== String(token)) throw this.#anotherRoute(reply.token, token);
      if (reply.errors > 0) throw this.#tsp.reported('a route', await this.#tsp.readErrors(wire, signal));
      return reply.closed;
    }, signal);
    this.#closed = closed;
    return closed;
  }

  #noCrosspoint({ kind, index, channel }: Crosspoint): TunnelbenchError {
    const { channels } = this.#wiring;
    return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
      thing: this.#tsp.thing,
      what: 'the matrix has no such crosspoint',
      value: `${kind} ${index} on ${channel}`,
      expected: `${this.rows} × ${this.columns} lines on ${Object.keys(channels).join(', ')}`,
      remedy: 'Correct lines or channels of the router in the bench file.',
    });
  }

  #anotherRoute(found: string, token: number): TunnelbenchError {
    return new TunnelbenchError('TB_REPLY_MISMATCH', {
      thing: this.#tsp.thing,
      what: 'the answer belongs to another route',
      value: `token ${found}`,
      expected: `token ${token}`,
      remedy: 'No sweep is sent; reopen the link.',
    });
  }

  #unconfirmed(what: string, value: string, expected: string): TunnelbenchError {
    return new TunnelbenchError('TB_ROUTE_NOT_CONFIRMED', {
      thing: this.#tsp.thing,
      what,
      value,
      expected,
      remedy: 'No sweep is sent over an unconfirmed route; check the matrix cards for a stuck relay.',
    });
  }
}

function keyOf({ node, name }: MatrixPoint): string {
  return `${node} ${name}`;
}

function without(points: readonly MatrixPoint[], others: readonly MatrixPoint[]): MatrixPoint[] {
  const keys = new Set(others.map(keyOf));
  return points.filter((point) => !keys.has(keyOf(point)));
}

function sameSet(one: readonly MatrixPoint[], other: readonly MatrixPoint[]): boolean {
  return one.length === other.length && without(one, other).length === 0;
}

function pointsText(points: readonly MatrixPoint[]): string {
  return points.map(({ node, name }) => `node ${node}: ${name}`).join(', ') || 'nothing closed';
}
