import type { ClientLink, ClientSession, WireInstrument } from '../instrument-link.ts';
import { LineSplitter } from '../line-splitter.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { decodeFrame, encodeFrame, FRAME_BYTES } from './tagged-frame.ts';

/** Errors of drivers/PROTOCOL.md. */
export const DEVICE_ERRORS = {
  1: 'checksum',
  2: 'frame',
  3: 'unknown-verb',
  4: 'argument',
  10: 'no-such-line',
  11: 'no-such-crosspoint',
  12: 'line-enabled',
  13: 'readback-differs',
  14: 'gate-overload',
} as const;
export type DeviceErrorCode = keyof typeof DEVICE_ERRORS;

/** A refused command: the reply is `ERR <code> <text>`, the entry goes into the error queue. */
export class DeviceRefusal extends Error {
  readonly code: DeviceErrorCode;
  constructor(code: DeviceErrorCode) {
    super(DEVICE_ERRORS[code]);
    this.code = code;
  }
}

const ERROR_QUEUE_LENGTH = 16;
/** Time on the serial line at 115,200 baud, 10 bits a byte, and for the controller to act. */
const SECONDS_PER_BYTE = 10 / 115_200;
const COMMAND_SECONDS = 1e-4;

/** What both devices share: framing, repetition, settling, error queue. The subclass knows its own verbs. */
export abstract class SerialDevice implements WireInstrument {
  /** Reported by IDN? — settable, so that a test can put a wrong model at an address. */
  identity: string;
  protected readonly clock: SimulatedClock;
  protected settleSeconds = 0;
  private readonly errors: string[] = [];
  private lastText: string | null = null;
  private lastReply: string | null = null;
  private lastTag = 0;
  private chain: Promise<void> = Promise.resolve();

  constructor(clock: SimulatedClock, identity: string) {
    this.clock = clock;
    this.identity = identity;
  }

  attach(link: ClientLink): ClientSession {
    let attached = true;
    const splitter = new LineSplitter(FRAME_BYTES - 1, (line) => {
      this.chain = this.chain.then(async () => {
        const reply = await this.answer(line);
        if (attached) link.send(Buffer.from(reply, 'latin1'));
      });
    });
    return {
      receive: (bytes) => splitter.push(bytes),
      detached: () => {
        attached = false;
      },
    };
  }

  /** Puts an entry into the queue as if the device had met the error. */
  queueError(code: DeviceErrorCode): void {
    this.errors.push(`${code} ${DEVICE_ERRORS[code]}`);
    if (this.errors.length > ERROR_QUEUE_LENGTH) this.errors.shift();
  }

  /** Executes one verb and returns the reply's values, or throws a DeviceRefusal. */
  protected abstract execute(verb: string, args: readonly string[]): Promise<string> | string;
  /** Back to the state after power-on. */
  protected abstract reset(): void;

  protected settle(): Promise<void> {
    return this.settleSeconds > 0 ? this.clock.spend(this.settleSeconds) : Promise.resolve();
  }

  private async answer(line: string | null): Promise<string> {
    const frame = decodeFrame(line);
    await this.clock.spend(COMMAND_SECONDS + (line?.length ?? FRAME_BYTES) * SECONDS_PER_BYTE);
    if (frame.kind === 'bad') {
      this.queueError(frame.code);
      return encodeFrame(0, `ERR ${frame.code} ${DEVICE_ERRORS[frame.code]}`);
    }
    // The same tag and text again: the reply was lost on its way, the command is not executed twice.
    if (frame.tag === this.lastTag && frame.text === this.lastText && this.lastReply !== null) return this.lastReply;
    const reply = encodeFrame(frame.tag, await this.outcome(frame.verb, frame.args));
    this.lastTag = frame.tag;
    this.lastText = frame.text;
    this.lastReply = reply;
    return reply;
  }

  private async outcome(verb: string, args: readonly string[]): Promise<string> {
    try {
      const values = await this.shared(verb, args);
      return values === '' ? 'OK' : `OK ${values}`;
    } catch (error) {
      if (!(error instanceof DeviceRefusal)) throw error;
      this.queueError(error.code);
      return `ERR ${error.code} ${error.message}`;
    }
  }

  private async shared(verb: string, args: readonly string[]): Promise<string> {
    switch (verb) {
      case 'IDN?':
        none(args);
        return this.identity;
      case 'RST':
        none(args);
        this.errors.length = 0;
        this.settleSeconds = 0;
        this.reset();
        return '';
      case 'SETTLE':
        this.settleSeconds = decimal(args, 0, 1);
        return number(this.settleSeconds);
      case 'SETTLE?':
        none(args);
        return number(this.settleSeconds);
      case 'NEXTERR?':
        none(args);
        return this.errors.shift() ?? '0 none';
      default:
        return this.execute(verb, args);
    }
  }
}

/** Refuses any argument. */
export function none(args: readonly string[]): void {
  if (args.length > 0) throw new DeviceRefusal(4);
}

/** The only argument as a decimal number within bounds. */
export function decimal(args: readonly string[], low: number, high: number): number {
  if (args.length !== 1 || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(args[0])) throw new DeviceRefusal(4);
  const value = Number(args[0]);
  if (!(value >= low && value <= high)) throw new DeviceRefusal(4);
  return value;
}

/** A number as the devices print it: six significant digits, exponent where that is shorter. */
export function number(value: number): string {
  return String(Number(value.toPrecision(6))).replace('e', 'E');
}
