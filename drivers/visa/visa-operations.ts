import {
  ATTRIBUTE_BYTES,
  type AttributeType,
  attributeState,
  cString,
  decodeAttribute,
  VISA_ATTRIBUTES,
} from './attributes.ts';
import type { VisaCalls, VisaFunction } from './visa-calls.ts';
import type { Ask, ReadEnd, ReadReply } from './worker-protocol.ts';

const SUCCESS_TERM_CHAR = 0x3fff0005;
const SUCCESS_MAX_CNT = 0x3fff0006;
const ERROR_RESOURCE_NOT_FOUND = 0xbfff0011 | 0;
const ERROR_TIMEOUT = 0xbfff0015 | 0;
const ERROR_ABORT = 0xbfff0030 | 0;
const EXCLUSIVE_LOCK = 1;
const QUEUE = 1;

/** One call of the library brings at most this many bytes; more follow while it says that its buffer was too small. */
const CHUNK_BYTES = 65_536;

/** Longest text of VISA's own: names, descriptions, access keys (VI_FIND_BUFLEN). */
const TEXT_BYTES = 256;

/** A call that ended with an error status. */
export class CallFailed extends Error {
  readonly function: VisaFunction;
  readonly status: number;
  readonly description: string;

  constructor(name: VisaFunction, status: number, description: string) {
    super(`${name}: ${description}`);
    this.function = name;
    this.status = status;
    this.description = description;
  }
}

/** The caller no longer wants the answer. */
export class Cancelled extends Error {}

/**
 * The operations of one session, or of the resource manager, in blocking calls. Waits are cut into slices: between two
 * of them a cancellation is seen whether or not the library can break off a running call.
 */
export class VisaOperations {
  readonly #calls: VisaCalls;
  readonly #isCancelled: () => boolean;
  /** Output arguments, as the library writes them. */
  readonly #number = new Uint32Array(1);
  readonly #second = new Uint32Array(1);
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  /** What was set last; undefined where it is not known. */
  #timeoutMs: number | undefined;
  #terminator: number | null | undefined;

  constructor(calls: VisaCalls, isCancelled: () => boolean) {
    this.#calls = calls;
    this.#isCancelled = isCancelled;
  }

  openManager(): number {
    this.#require(0, 'viOpenDefaultRM', this.#number);
    return this.#number[0];
  }

  /** The names found; none is no error. */
  find({ manager, expression }: Ask<'find'>): string[] {
    const name = Buffer.alloc(TEXT_BYTES);
    const list = this.#number;
    const count = this.#second;
    const status = this.#calls.call('viFindRsrc', manager, expression, list.fill(0), count.fill(0), name);
    if (status === ERROR_RESOURCE_NOT_FOUND) return [];
    if (status < 0) this.#fail(manager, 'viFindRsrc', status);
    const vi = list[0];
    const names = [cString(name)];
    try {
      for (let left = count[0] - 1; left > 0; left--) {
        this.#require(vi, 'viFindNext', vi, name.fill(0));
        names.push(cString(name));
      }
    } finally {
      this.#calls.call('viClose', vi);
    }
    return names;
  }

  open({ manager, resource, timeoutMs }: Ask<'open'>): number {
    const status = this.#calls.call('viOpen', manager, resource, 0, timeoutMs, this.#number.fill(0));
    if (status < 0) this.#fail(manager, 'viOpen', status);
    return this.#number[0];
  }

  /** Returns the completion code, which can say more than success. */
  plain({ vi, function: name, numbers, timeoutMs }: Ask<'plain'>): number {
    if (timeoutMs !== undefined) this.#setTimeout(vi, timeoutMs);
    return this.#require(vi, name, vi, ...numbers);
  }

  write({ vi, bytes, timeoutMs }: Ask<'write'>): null {
    this.#setTimeout(vi, timeoutMs);
    for (let sent = 0; sent < bytes.length; ) {
      const rest = Buffer.from(bytes.buffer, bytes.byteOffset + sent, bytes.length - sent);
      this.#require(vi, 'viWrite', vi, rest, rest.length, this.#number.fill(0));
      const count = this.#number[0];
      // A library that reports success without progress would be asked for ever.
      if (count === 0) this.#fail(vi, 'viWrite', ERROR_TIMEOUT);
      sent += count;
    }
    return null;
  }

  /**
   * Reads until END, the terminator or the count; what came before a time-out is returned, not lost. The terminator is
   * switched off where none is given: in binary data its byte would end the read early.
   */
  read({ vi, count, terminator, timeoutMs, sliceMs }: Ask<'read'>): ReadReply {
    this.#setTerminator(vi, terminator);
    const parts: Buffer[] = [];
    let got = 0;
    let end: ReadEnd = 'timeout';
    this.#inSlices(timeoutMs, sliceMs, (ms) => {
      this.#setTimeout(vi, ms);
      for (;;) {
        const room = Math.min(count - got, CHUNK_BYTES);
        const status = this.#calls.call('viRead', vi, this.#chunk, room, this.#number.fill(0));
        const arrived = Math.min(this.#number[0], room);
        if (arrived > 0) parts.push(Buffer.from(this.#chunk.subarray(0, arrived)));
        got += arrived;
        if (status === ERROR_TIMEOUT) return false;
        if (status < 0) this.#fail(vi, 'viRead', status);
        // More is waiting: the buffer was too small, not the message at its end.
        if (status === SUCCESS_MAX_CNT && got < count) continue;
        end = status === SUCCESS_TERM_CHAR ? 'terminator' : status === SUCCESS_MAX_CNT ? 'count' : 'end';
        return true;
      }
    });
    return { bytes: Buffer.concat(parts, got), end };
  }

  /** The library may leave anything in the upper half of its 16 bits. */
  statusByte({ vi, timeoutMs }: Ask<'statusByte'>): number {
    this.#setTimeout(vi, timeoutMs);
    this.#require(vi, 'viReadSTB', vi, this.#number.fill(0));
    return new Uint16Array(this.#number.buffer)[0] & 0xff;
  }

  /** Returns the access key of a shared lock, an empty text for an exclusive one. */
  lock({ vi, mode, key, timeoutMs, sliceMs }: Ask<'lock'>): string {
    const access = mode === EXCLUSIVE_LOCK ? null : Buffer.alloc(TEXT_BYTES);
    const locked = this.#inSlices(timeoutMs, sliceMs, (ms) => {
      const status = this.#calls.call('viLock', vi, mode, ms, key, access);
      if (status < 0 && status !== ERROR_TIMEOUT) this.#fail(vi, 'viLock', status);
      return status >= 0;
    });
    if (!locked) this.#fail(vi, 'viLock', ERROR_TIMEOUT);
    return access ? cString(access) : '';
  }

  /** True when an event came; its context is closed here. */
  waitEvent({ vi, type, timeoutMs, sliceMs }: Ask<'waitEvent'>): boolean {
    return this.#inSlices(timeoutMs, sliceMs, (ms) => {
      const status = this.#calls.call('viWaitOnEvent', vi, type, ms, this.#number.fill(0), this.#second.fill(0));
      if (status === ERROR_TIMEOUT) return false;
      if (status < 0) this.#fail(vi, 'viWaitOnEvent', status);
      const context = this.#second[0];
      if (context !== 0) this.#calls.call('viClose', context);
      return true;
    });
  }

  /** Events come by queue only: a handler would run on a thread of the library. */
  static readonly eventMechanism = QUEUE;

  getAttribute({ vi, code, type }: { vi: number; code: number; type: AttributeType }) {
    const bytes = Buffer.alloc(ATTRIBUTE_BYTES);
    this.#require(vi, 'viGetAttribute', vi, code, bytes);
    return decodeAttribute(bytes, type);
  }

  setAttribute({ vi, code, state }: Ask<'setAttribute'>): number {
    this.#timeoutMs = undefined;
    this.#terminator = undefined;
    return this.#require(vi, 'viSetAttribute', vi, code, state);
  }

  /**
   * Repeats a step of at most `sliceMs` until it is done (true) or the time is over (false); at least one step. Never of
   * 0 ms: VISA means "at once" by it, but a library that hands it on to the socket waits for ever.
   */
  #inSlices(timeoutMs: number, sliceMs: number, step: (milliseconds: number) => boolean): boolean {
    const deadline = performance.now() + timeoutMs;
    for (let left = timeoutMs; ; left = deadline - performance.now()) {
      if (this.#isCancelled()) throw new Cancelled();
      if (step(Math.ceil(Math.max(1, Math.min(left, sliceMs))))) return true;
      if (performance.now() >= deadline) return false;
    }
  }

  #setTimeout(vi: number, milliseconds: number): void {
    if (this.#timeoutMs === milliseconds) return;
    this.#set(vi, VISA_ATTRIBUTES.TMO_VALUE.code, milliseconds);
    this.#timeoutMs = milliseconds;
  }

  #setTerminator(vi: number, terminator: number | null): void {
    if (this.#terminator === terminator) return;
    if (terminator !== null) this.#set(vi, VISA_ATTRIBUTES.TERMCHAR.code, terminator);
    this.#set(vi, VISA_ATTRIBUTES.TERMCHAR_EN.code, terminator !== null);
    this.#terminator = terminator;
  }

  #set(vi: number, code: number, value: number | boolean): void {
    this.#require(vi, 'viSetAttribute', vi, code, attributeState(value));
  }

  #require(vi: number, name: VisaFunction, ...values: (number | bigint | Buffer | Uint32Array)[]): number {
    const status = this.#calls.call(name, ...values);
    if (status < 0) this.#fail(vi, name, status);
    return status;
  }

  /** A call that was aborted because its caller gave up is no error of the instrument. */
  #fail(vi: number, name: VisaFunction, status: number): never {
    if (status === ERROR_ABORT && this.#isCancelled()) throw new Cancelled();
    throw new CallFailed(name, status, this.#describe(vi, status));
  }

  /** The library's own words; empty where it has none. */
  #describe(vi: number, status: number): string {
    if (vi === 0 || this.#calls.missing.includes('viStatusDesc')) return '';
    const text = Buffer.alloc(TEXT_BYTES);
    return this.#calls.call('viStatusDesc', vi, status, text) === 0 ? cString(text).trim() : '';
  }
}
