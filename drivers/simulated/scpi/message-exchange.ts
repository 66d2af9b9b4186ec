/** What the exchange needs from the instrument. */
export interface MessageTarget {
  /** Executes one program message; its response without the line feed, or null. */
  execute(message: string): Promise<Uint8Array | null>;
  queryError(code: -410 | -420 | -430): void;
}

const LINE_FEED = Uint8Array.of(0x0a);

/** Room for program messages and for a response; both full at once is the deadlock of IEEE 488.2, 6.3.1.7. */
const INPUT_BYTES = 65_536;
const OUTPUT_BYTES = 65_536;

/**
 * The message exchange control protocol of IEEE 488.2 (6.3): one program message at a time; its response waits until
 * the controller reads it. A new message before that discards the response (-410); reading without a question is -420;
 * a response too long for the output while the input is full as well is -430.
 *
 * On a raw socket the network takes each response at once: `stream` receives it and the three errors cannot happen.
 */
export class MessageExchange {
  private readonly target: MessageTarget;
  private readonly stream: ((bytes: Buffer) => void) | null;
  private readonly input: string[] = [];
  private output: Buffer | null = null;
  private executing = false;
  private readonly readers: ((bytes: Buffer | null) => void)[] = [];
  /** Raised by a clear: what is still executed then has no response. */
  private epoch = 0;

  constructor(target: MessageTarget, stream: ((bytes: Buffer) => void) | null) {
    this.target = target;
    this.stream = stream;
  }

  get messageAvailable(): boolean {
    return this.output !== null;
  }

  /** A complete program message, without its terminator. */
  write(message: string): void {
    this.input.push(message);
    void this.work();
  }

  /** What the controller reads: the whole response with its line feed, or null after -420. */
  read(): Promise<Buffer | null> {
    const { output } = this;
    if (output !== null) {
      this.output = null;
      return Promise.resolve(output);
    }
    if (!this.executing && this.input.length === 0) {
      this.target.queryError(-420);
      return Promise.resolve(null);
    }
    return new Promise((resolve) => void this.readers.push(resolve));
  }

  /** Device clear: empties both queues; returns the messages that are not executed any more. */
  clear(): string[] {
    this.epoch += 1;
    const dropped = this.input.splice(0);
    this.output = null;
    for (const resolve of this.readers.splice(0)) resolve(null);
    return dropped;
  }

  private async work(): Promise<void> {
    if (this.executing) return;
    this.executing = true;
    for (let message = this.input.shift(); message !== undefined; message = this.input.shift()) {
      if (this.output !== null) {
        this.output = null;
        this.target.queryError(-410);
      }
      const { epoch } = this;
      const response = await this.target.execute(message);
      if (response !== null && epoch === this.epoch) this.respond(Buffer.concat([response, LINE_FEED]));
    }
    this.executing = false;
    // A controller that waits for the answer to a command without one would wait for ever.
    for (const resolve of this.readers.splice(0)) {
      this.target.queryError(-420);
      resolve(null);
    }
  }

  private respond(response: Buffer): void {
    if (this.stream !== null) {
      this.stream(response);
      return;
    }
    const reader = this.readers.shift();
    if (reader !== undefined) {
      reader(response);
      return;
    }
    const waiting = this.input.reduce((sum, message) => sum + message.length, 0);
    if (response.length > OUTPUT_BYTES && waiting > INPUT_BYTES) this.target.queryError(-430);
    else this.output = response;
  }
}
