import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { VISA_ATTRIBUTES } from '../visa/attributes.ts';
import { libraryText } from '../visa/library-text.ts';
import { VisaResourceManager } from '../visa/resource-manager.ts';
import type { VisaSession } from '../visa/visa-session.ts';
import { FifoMutex } from './fifo-mutex.ts';
import { lostError, timeoutError } from './link-errors.ts';
import type { Transport, TransportOptions, Wait } from './transport.ts';

const OPEN_SECONDS = 5;
const WRITE_SECONDS = 10;
const CLEAR_SECONDS = 5;
const LINE_FEED = 0x0a;

/** For a read of one millisecond there is nothing to cancel. */
const CALM = new AbortController().signal;

/** A read that waits for a terminator or for the end of a message may bring this much at once. */
const MOST_BYTES = 1 << 20;

/** As the serial transport opens its port: 8N1 without flow control, and no end of input but the one asked for. */
const SERIAL_SETTINGS = [
  [VISA_ATTRIBUTES.ASRL_BAUD, 115_200],
  [VISA_ATTRIBUTES.ASRL_DATA_BITS, 8],
  [VISA_ATTRIBUTES.ASRL_PARITY, 0],
  [VISA_ATTRIBUTES.ASRL_STOP_BITS, 10],
  [VISA_ATTRIBUTES.ASRL_FLOW_CNTRL, 0],
  [VISA_ATTRIBUTES.ASRL_END_IN, 0],
  [VISA_ATTRIBUTES.ASRL_END_OUT, 0],
] as const;

/**
 * Opens a link through a VISA library. Message interfaces (GPIB, USB, VXI-11, HiSLIP) are cleared first: what an earlier
 * exchange left in the instrument is gone, as it is when a socket is opened anew.
 */
export async function openVisaTransport(options: TransportOptions, signal: AbortSignal): Promise<Transport> {
  const manager = await VisaResourceManager.acquire(options.visa?.library);
  let session: VisaSession | null = null;
  try {
    session = await manager.open(options.resource, { thing: options.thing, timeoutSeconds: OPEN_SECONDS, signal });
    if (session.kind === 'messages') await session.clear({ timeoutSeconds: CLEAR_SECONDS, signal });
    if (/^ASRL/i.test(options.resource)) {
      for (const [attribute, value] of SERIAL_SETTINGS) await session.setAttribute(attribute, value, signal);
    }
    return new VisaTransport(session, manager, options);
  } catch (error) {
    await session?.close().catch(() => {});
    await manager.release();
    if (signal.aborted || !isVisaCode(error, OPENING)) throw error;
    const remedy = 'Check that the instrument is on, its address and that no other program holds it.';
    const what = 'cannot open the link through VISA';
    const facts = { thing: options.thing, what, value: error.message, remedy };
    throw new TunnelbenchError('TB_LINK_UNREACHABLE', facts, { cause: error });
  }
}

const OPENING = [
  'TB_VISA_NO_INSTRUMENT',
  'TB_VISA_TIMEOUT',
  'TB_VISA_LOCKED',
  'TB_VISA_LINK_LOST',
  'TB_VISA_CALL_FAILED',
];
/** After any of these nobody knows what is on the wire. */
const LOSING = ['TB_VISA_LINK_LOST', 'TB_VISA_CALL_FAILED', 'TB_ABORTED'];

/** A byte stream over a VISA session: the same to every driver as a socket. */
class VisaTransport implements Transport {
  readonly resource: string;
  readonly visaLibrary: string;
  readonly #session: VisaSession;
  readonly #release: () => Promise<void>;
  readonly #options: TransportOptions;
  readonly #mutex = new FifoMutex();
  #held = Buffer.alloc(0);
  #closing: Promise<void> | null = null;

  constructor(session: VisaSession, manager: VisaResourceManager, options: TransportOptions) {
    this.resource = options.resource;
    this.visaLibrary = libraryText(manager.library);
    this.#session = session;
    this.#release = () => manager.release();
    this.#options = options;
  }

  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#options.wireLog?.('sent', bytes, Date.now());
    await this.#lossy(() => this.#session.write(bytes, { timeoutSeconds: WRITE_SECONDS, signal }));
  }

  async readUntil(terminator: Uint8Array, wait: Wait): Promise<Buffer> {
    const deadline = deadlineOf(wait);
    for (let searched = 0; ; ) {
      const at = this.#held.indexOf(terminator, Math.max(0, searched - terminator.length + 1));
      if (at >= 0) return this.#take(at, terminator.length);
      searched = this.#held.length;
      // The last byte of the terminator ends a read on a stream; a message ends by itself.
      const last = this.#session.kind === 'stream' ? (terminator.at(-1) ?? null) : null;
      await this.#receive(MOST_BYTES, last, wait, deadline);
    }
  }

  async readExactly(count: number, wait: Wait): Promise<Buffer> {
    const deadline = deadlineOf(wait);
    while (this.#held.length < count) {
      // Beyond the count a stream may be silent for ever; a message is taken in whole.
      const most = this.#session.kind === 'stream' ? count - this.#held.length : MOST_BYTES;
      await this.#receive(most, null, wait, deadline);
    }
    return this.#take(count, 0);
  }

  /**
   * On a stream also what waits in the library's buffers. On a message interface only what was read already: to read
   * from an instrument that has nothing to say is an error there, and opening the link has cleared it.
   */
  async clear(): Promise<number> {
    if (this.#session.kind === 'stream') {
      const now = { count: MOST_BYTES, terminator: null, timeoutSeconds: 0, signal: CALM };
      const { bytes } = await this.#lossy(() => this.#session.read(now));
      this.#keep(bytes);
    }
    const discarded = this.#held.length;
    this.#held = Buffer.alloc(0);
    return discarded;
  }

  exclusive<T>(exchange: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#mutex.run(exchange, signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#session
      .close()
      // What the library says to a session that is lost already changes nothing.
      .catch(() => {})
      .then(this.#release);
    return this.#closing;
  }

  /** Waits for more bytes; TB_LINK_TIMEOUT when the deadline passes without any. */
  async #receive(count: number, terminator: number | null, wait: Wait, deadline: number): Promise<void> {
    const timeoutSeconds = Math.max(0, (deadline - performance.now()) / 1000);
    const read = { count, terminator, timeoutSeconds, signal: wait.signal };
    const { bytes, end } = await this.#lossy(() => this.#session.read(read));
    this.#keep(bytes);
    const message = this.#session.kind === 'messages' && end === 'end';
    // Some instruments end a message with END alone: the line feed that IEEE 488.2 wants before it is put in.
    if (message && bytes.length > 0 && bytes.at(-1) !== LINE_FEED) {
      this.#held = Buffer.concat([this.#held, Uint8Array.of(LINE_FEED)]);
    }
    if (end === 'timeout' || (bytes.length === 0 && performance.now() >= deadline))
      throw timeoutError(this.#options.thing, wait, this.#held);
    // A library that reports success and brings nothing must not be asked without pause.
    if (bytes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#options.wireLog?.('received', bytes, Date.now());
    this.#held = Buffer.concat([this.#held, bytes]);
  }

  #take(count: number, skipped: number): Buffer {
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count + skipped);
    return taken;
  }

  async #lossy<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isVisaCode(error, ['TB_VISA_TIMEOUT'])) {
        const wait = { awaited: 'the instrument to take what is sent', timeoutSeconds: WRITE_SECONDS };
        throw timeoutError(this.#options.thing, wait, this.#held);
      }
      if (!isVisaCode(error, LOSING)) throw error;
      const why = this.#closing ? 'the link was closed by this program' : error.message;
      throw lostError(this.#options.thing, why, error);
    }
  }
}

function deadlineOf({ timeoutSeconds }: Wait): number {
  return performance.now() + timeoutSeconds * 1000;
}

function isVisaCode(error: unknown, codes: readonly string[]): error is TunnelbenchError {
  return error instanceof TunnelbenchError && codes.includes(error.code);
}
