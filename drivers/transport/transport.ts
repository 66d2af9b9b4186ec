/** A byte stream to one instrument. Message framing is built on it (drivers/framing/), instruments on that. */
export interface Transport {
  readonly resource: string;
  /** The VISA library that carries the bytes, in words; null where none does. */
  readonly visaLibrary: string | null;
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Bytes up to the terminator, which is consumed but not returned. */
  readUntil(terminator: Uint8Array, wait: Wait): Promise<Buffer>;
  /** Exactly this many bytes, whatever they hold: 0x0A can be data. */
  readExactly(count: number, wait: Wait): Promise<Buffer>;
  /** Discards everything that has arrived and was not read; returns how many bytes that was. */
  clear(): number | Promise<number>;
  /** Runs one exchange at a time on this link, in the order of the calls. */
  exclusive<T>(exchange: () => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** How long and for what a read waits; `awaited` appears in the error of a time-out. */
export interface Wait {
  readonly awaited: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WireDirection = 'sent' | 'received';

/** Sees every byte on the wire as it passes; for recording and for replay as tests. */
export type WireLog = (direction: WireDirection, bytes: Uint8Array, unixMilliseconds: number) => void;

/** How far a bench works through a VISA library. */
export interface VisaUse {
  /** Path or name of the library; without one the system's usual places are searched. */
  readonly library?: string | undefined;
  /** Also sockets and serial ports, which need none. */
  readonly allResources: boolean;
}

export interface TransportOptions {
  /** Name and address for error messages, e.g. "smu (TCPIP0::192.0.2.1::5025::SOCKET)". */
  readonly thing: string;
  readonly resource: string;
  readonly wireLog?: WireLog | undefined;
  readonly visa?: VisaUse | undefined;
}

/** Opens the same link again, after a loss or a time-out. */
export type OpenTransport = (signal: AbortSignal) => Promise<Transport>;

export const LINE_FEED = Uint8Array.of(0x0a);
