import {
  type AttributeCode,
  type AttributeType,
  type AttributeValue,
  attributeState,
  VISA_ATTRIBUTES,
} from './attributes.ts';
import { statusSymbol } from './status-codes.ts';
import { VisaOperations } from './visa-operations.ts';
import type { VisaWorkerLink } from './worker-link.ts';
import type { Ask, Operation, PlainFunction, ReadReply, Reply } from './worker-protocol.ts';

const CALM = new AbortController().signal;
const SERVICE_REQUEST = 0x3fff200b;
const SERIAL_INTERFACE = 4;

/**
 * Longest single call of a wait, milliseconds. On a stream (socket, serial port) a call that times out loses nothing
 * and is repeated at will. On a message interface (GPIB, USB, VXI-11, HiSLIP) a time-out can break off the transfer and
 * upset the instrument, so the slices are far longer than an ordinary answer takes.
 */
const SLICE_MS = { stream: 100, messages: 5000, event: 250, lock: 100 } as const;

export interface VisaWait {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

interface Opened {
  readonly link: VisaWorkerLink;
  readonly vi: number;
  readonly resource: string;
  /** Asks the library to break off what runs on the session. */
  readonly interrupt: () => Promise<void>;
}

/**
 * A VISA session: calls run on its own thread, one at a time and in the order they were made; other sessions run beside
 * it. A call whose signal aborts rejects at once. Every method rejects with a TB_VISA code that carries the status.
 */
export class VisaSession {
  readonly resource: string;
  /** A stream has no message ends; messages end with END. */
  readonly kind: 'stream' | 'messages';
  readonly #opened: Opened;
  #closing: Promise<void> | null = null;

  private constructor(opened: Opened, kind: 'stream' | 'messages') {
    this.resource = opened.resource;
    this.#opened = opened;
    this.kind = kind;
  }

  static async over(opened: Opened): Promise<VisaSession> {
    const ask = ({ code, type }: AttributeCode) =>
      opened.link.ask('getAttribute', { vi: opened.vi, code, type }, CALM).catch(() => null);
    const resourceClass = (await ask(VISA_ATTRIBUTES.RSRC_CLASS)) ?? opened.resource.split('::').at(-1) ?? '';
    const interfaceType = await ask(VISA_ATTRIBUTES.INTF_TYPE);
    const serial = interfaceType === SERIAL_INTERFACE || /^ASRL/i.test(opened.resource);
    const stream = serial || String(resourceClass).toUpperCase() === 'SOCKET';
    return new VisaSession(opened, stream ? 'stream' : 'messages');
  }

  /** Writes all bytes, the last one with END. */
  async write(bytes: Uint8Array, { timeoutSeconds, signal }: VisaWait): Promise<void> {
    await this.#ask('write', { bytes, timeoutMs: milliseconds(timeoutSeconds) }, signal);
  }

  /**
   * Reads until END, the terminator (a byte, or null in binary data) or `count` bytes, whichever comes first. A time-out
   * is no error: what had come is returned with `end: 'timeout'`.
   */
  read({
    count,
    terminator,
    timeoutSeconds,
    signal,
  }: VisaWait & { count: number; terminator: number | null }): Promise<ReadReply> {
    const times = { timeoutMs: milliseconds(timeoutSeconds), sliceMs: SLICE_MS[this.kind] };
    return this.#ask('read', { count, terminator, ...times }, signal);
  }

  /** Device clear: the instrument drops its input and output buffers. */
  clear(wait: VisaWait): Promise<string> {
    return this.#plain('viClear', [], wait);
  }

  /** Serial poll, or what stands for it on the interface; 0…255. */
  readStatusByte({ timeoutSeconds, signal }: VisaWait): Promise<number> {
    return this.#ask('statusByte', { timeoutMs: milliseconds(timeoutSeconds) }, signal);
  }

  /** Group execute trigger, USB488 TRIGGER or VXI-11 device_trigger. */
  trigger(wait: VisaWait): Promise<string> {
    return this.#plain('viAssertTrigger', [0], wait);
  }

  /**
   * An exclusive lock, or a shared one under a key (the library makes one up where none is given). Returns the access
   * key, empty for an exclusive lock. TB_VISA_LOCKED when it is not granted in time.
   */
  lock(
    mode: 'exclusive' | 'shared',
    { timeoutSeconds, signal, key = null }: VisaWait & { key?: string | null },
  ): Promise<string> {
    const code = mode === 'exclusive' ? 1 : 2;
    const times = { timeoutMs: milliseconds(timeoutSeconds), sliceMs: SLICE_MS.lock };
    return this.#ask('lock', { mode: code, key: mode === 'shared' ? key : null, ...times }, signal);
  }

  unlock(signal: AbortSignal): Promise<string> {
    return this.#plain('viUnlock', [], { signal });
  }

  /** viGpibControlREN with a mode of VPP-4.3 (6: address and go to local). */
  controlRemote(mode: number, wait: VisaWait): Promise<string> {
    return this.#plain('viGpibControlREN', [mode], wait);
  }

  async getAttribute<Type extends AttributeType>(
    { code, type }: AttributeCode<Type>,
    signal: AbortSignal,
  ): Promise<AttributeValue<Type>> {
    return (await this.#ask('getAttribute', { code, type }, signal)) as AttributeValue<Type>;
  }

  /** Resolves with the completion code: VI_WARN_NSUP_ATTR_STATE says that the value is valid and not supported. */
  async setAttribute<Type extends 'u8' | 'bool' | 'u16' | 'i16' | 'u32' | 'u64'>(
    { code }: AttributeCode<Type>,
    value: AttributeValue<Type>,
    signal: AbortSignal,
  ): Promise<string> {
    const state = attributeState(value as number | bigint | boolean);
    return statusSymbol(await this.#ask('setAttribute', { code, state }, signal));
  }

  /** Service requests are queued from now on. Not on sockets and serial ports: TB_VISA_UNSUPPORTED. */
  enableServiceRequests(signal: AbortSignal): Promise<string> {
    return this.#plain('viEnableEvent', [SERVICE_REQUEST, VisaOperations.eventMechanism, 0], { signal });
  }

  /** True when a service request came in time; the status byte is then to be read, which ends the request. */
  waitForServiceRequest({ timeoutSeconds, signal }: VisaWait): Promise<boolean> {
    const times = { timeoutMs: milliseconds(timeoutSeconds), sliceMs: SLICE_MS.event };
    return this.#ask('waitEvent', { type: SERVICE_REQUEST, ...times }, signal);
  }

  async disableServiceRequests(signal: AbortSignal): Promise<void> {
    await this.#plain('viDisableEvent', [SERVICE_REQUEST, VisaOperations.eventMechanism], { signal });
    await this.#plain('viDiscardEvents', [SERVICE_REQUEST, VisaOperations.eventMechanism], { signal });
  }

  /** Breaks off a call that still runs, waits until the library lets go of it, closes the session and ends its thread. */
  close(): Promise<void> {
    const { link, vi, interrupt } = this.#opened;
    this.#closing ??= link.end({ vi, function: 'viClose', numbers: [] }, interrupt);
    return this.#closing;
  }

  async #plain(
    name: PlainFunction,
    numbers: readonly number[],
    { timeoutSeconds, signal }: { timeoutSeconds?: number; signal: AbortSignal },
  ): Promise<string> {
    const time = timeoutSeconds === undefined ? {} : { timeoutMs: milliseconds(timeoutSeconds) };
    return statusSymbol(await this.#ask('plain', { function: name, numbers, ...time }, signal));
  }

  #ask<Name extends Operation>(op: Name, values: Omit<Ask<Name>, 'vi'>, signal: AbortSignal): Promise<Reply<Name>> {
    const { link, vi, interrupt } = this.#opened;
    return link.ask(op, { vi, ...values } as unknown as Ask<Name>, signal, interrupt);
  }
}

function milliseconds(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
