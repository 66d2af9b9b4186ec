import type { ClientLink, ClientSession, WireInstrument } from '../instrument-link.ts';
import { LineSplitter } from '../line-splitter.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { type Command, CommandTree, type Reply } from './command-tree.ts';
import { type QueueEntry, ScpiErrorQueue } from './error-queue.ts';
import { MessageExchange, type MessageTarget } from './message-exchange.ts';
import { parseNumber } from './parameter.ts';
import { type ProgramUnit, parseUnit, programUnits } from './program-message.ts';
import { isCommandError, ScpiError, STANDARD_TEXTS } from './scpi-error.ts';
import { none, only } from './setting-commands.ts';
import { eventOf, STANDARD_EVENT, StatusRegisters } from './status-registers.ts';

const LINE_BYTES = 65_536;

/** Time to take in a command. An estimate. */
const COMMAND_SECONDS = 3e-4;

export interface ScpiFamily {
  /** Error texts of the family, beside those of the standard. */
  readonly errorTexts: Readonly<Record<number, string>>;
  readonly errorQueueLength: number;
  /** Answer of *LANG?, where the family has several command sets. */
  readonly language?: string;
  /** SYSTem:ERRor? of an entry or of an empty queue. */
  errorReply(entry: QueueEntry | null): string;
}

/** A simulated instrument that speaks SCPI: common commands, status, errors, message exchange. Families add headers. */
export abstract class ScpiInstrument implements WireInstrument {
  identity: string;
  readonly errors: ScpiErrorQueue;
  readonly status = new StatusRegisters();
  protected readonly tree = new CommandTree();
  protected readonly clock: SimulatedClock;
  private readonly family: ScpiFamily;
  private readonly exchanges = new Set<MessageExchange>();
  /** Messages of all connections, one at a time. */
  private chain: Promise<unknown> = Promise.resolve();
  /** Aborts that have arrived and wait behind other messages: what these start ends at once. */
  private abortsAhead = 0;

  constructor(identity: string, clock: SimulatedClock, family: ScpiFamily) {
    this.identity = identity;
    this.clock = clock;
    this.family = family;
    this.errors = new ScpiErrorQueue(family.errorQueueLength);
  }

  attach(link: ClientLink): ClientSession {
    let attached = true;
    const exchange = this.openExchange((bytes) => {
      if (attached) link.send(bytes);
    });
    const splitter = new LineSplitter(LINE_BYTES, (line) => {
      if (line === null) this.queueError(-363);
      else exchange.write(line);
    });
    return {
      receive: (bytes) => splitter.push(bytes),
      detached: () => {
        attached = false;
        this.abortsAhead -= exchange.clear().filter(isAbort).length;
        this.exchanges.delete(exchange);
      },
    };
  }

  /**
   * A connection of message based buses, where the controller reads when it likes. `stream` sends each response at once
   * instead, as a socket does.
   */
  openExchange(stream: ((bytes: Buffer) => void) | null = null): MessageExchange {
    const target: MessageTarget = {
      execute: (message) => {
        const result = this.chain.then(() => {
          if (isAbort(message)) this.abortsAhead -= 1;
          return this.execute(message);
        });
        this.chain = result;
        return result;
      },
      queryError: (code) => this.queueError(code),
    };
    const exchange = new MessageExchange(target, stream);
    this.exchanges.add(exchange);
    const write = exchange.write.bind(exchange);
    exchange.write = (message) => {
      if (isAbort(message)) {
        this.abortsAhead += 1;
        this.abort();
      }
      write(message);
    };
    return exchange;
  }

  queueError(code: number, detail: string | null = null): void {
    const text = this.family.errorTexts[code] ?? STANDARD_TEXTS[code] ?? 'Device-specific error';
    this.status.raise(eventOf(code));
    this.errors.add(code, detail === null ? text : `${text};${detail}`);
  }

  get statusByte(): number {
    const available = [...this.exchanges].some(({ messageAvailable }) => messageAvailable);
    return this.status.statusByte(this.errors.count > 0, available);
  }

  /** An abort has arrived behind the message that is executed. */
  protected get abortIsNear(): boolean {
    return this.abortsAhead > 0;
  }

  /** Ends what is under way: sweeps and measurements. */
  protected abstract abort(): void;
  /** *RST. */
  protected abstract reset(): void | Promise<void>;
  /** *TRG. */
  protected abstract trigger(): void;
  /** Resolves when nothing that a command started is under way. */
  protected abstract settled(): Promise<void>;

  /** Waits until the instrument takes this command; families that hold commands off during a sweep wait for its end. */
  protected async admit(_unit: ProgramUnit): Promise<void> {}

  /** SYSTem:ERRor and STATus, which all families share. */
  protected addSharedCommands(registers: readonly ('OPERation' | 'QUEStionable' | 'MEASurement')[]): void {
    const { tree, status } = this;
    tree.add(':SYSTem:ERRor[:NEXT]', { query: () => this.family.errorReply(this.errors.next()) });
    tree.add(':SYSTem:ERRor:COUNt', { query: () => String(this.errors.count) });
    tree.add(':STATus:PRESet', { set: () => status.preset() });
    for (const name of registers) {
      const set =
        status[({ OPERation: 'operation', QUEStionable: 'questionable', MEASurement: 'measurement' } as const)[name]];
      tree.add(`:STATus:${name}[:EVENt]`, { query: () => String(set.takeEvent()) });
      tree.add(`:STATus:${name}:CONDition`, { query: () => String(set.condition) });
      tree.add(`:STATus:${name}:ENABle`, {
        set: (parameters) => {
          set.enable = register(only(parameters), 0xffff);
        },
        query: () => String(set.enable),
      });
    }
  }

  private async execute(message: string): Promise<Uint8Array | null> {
    const replies: Buffer[] = [];
    let path = this.tree.root;
    for (const text of this.unitsOf(message)) {
      await this.clock.spend(COMMAND_SECONDS);
      try {
        const unit = parseUnit(text);
        await this.admit(unit);
        if (unit.keywords[0].startsWith('*')) take(replies, await this.common(unit));
        else {
          const found = this.tree.find(unit, path);
          path = found.path;
          take(replies, await run(found.command, unit, found.suffix));
        }
      } catch (error) {
        if (!(error instanceof ScpiError)) throw error;
        this.queueError(error.code, error.detail);
        if (isCommandError(error.code)) break;
      }
    }
    if (replies.length === 0) return null;
    return Buffer.concat(replies.flatMap((reply, i) => (i === 0 ? [reply] : [Buffer.from(';'), reply])));
  }

  private unitsOf(message: string): string[] {
    try {
      return programUnits(message);
    } catch (error) {
      if (!(error instanceof ScpiError)) throw error;
      this.queueError(error.code, error.detail);
      return [];
    }
  }

  /** IEEE 488.2 common commands. */
  private async common({ keywords, isQuery, parameters }: ProgramUnit): Promise<Reply | null> {
    const { status } = this;
    const name = `${keywords[0]}${isQuery ? '?' : ''}`;
    if (!['*ESE', '*SRE'].includes(name)) none(parameters);
    switch (name) {
      case '*IDN?':
        return this.identity;
      case '*RST':
        await this.reset();
        return null;
      case '*CLS':
        status.clear();
        this.errors.clear();
        return null;
      case '*OPC':
        // The bit follows when all is done; the next command does not wait for it.
        void this.settled().then(() => status.raise(STANDARD_EVENT.operationComplete));
        return null;
      case '*OPC?':
        await this.settled();
        return '1';
      case '*WAI':
        await this.settled();
        return null;
      case '*TRG':
        this.trigger();
        return null;
      case '*TST?':
        return '0';
      case '*STB?':
        return String(this.statusByte);
      case '*LANG?':
        if (this.family.language === undefined) throw new ScpiError(-113);
        return this.family.language;
      case '*ESR?':
        return String(status.takeStandardEvent());
      case '*ESE?':
        return String(status.standardEnable);
      case '*SRE?':
        return String(status.serviceEnable);
      case '*ESE':
        status.standardEnable = register(only(parameters), 0xff);
        return null;
      case '*SRE':
        status.serviceEnable = register(only(parameters), 0xff) & ~0x40;
        return null;
      default:
        throw new ScpiError(-113);
    }
  }
}

/** What stops a sweep acts at once, past what waits in front of it. */
function isAbort(message: string): boolean {
  return /^\s*:?ABOR(T)?\b/i.test(message);
}

async function run(command: Command, { isQuery, parameters }: ProgramUnit, suffix: number): Promise<Reply | null> {
  if (isQuery && command.query !== undefined) return (await command.query(parameters, suffix)) ?? null;
  if (isQuery || command.set === undefined) throw new ScpiError(-113);
  await command.set(parameters, suffix);
  return null;
}

function take(replies: Buffer[], reply: Reply | null): void {
  if (reply !== null) replies.push(typeof reply === 'string' ? Buffer.from(reply, 'latin1') : Buffer.from(reply));
}

function register(text: string, most: number): number {
  const value = Math.round(parseNumber(text));
  if (!(value >= 0 && value <= most)) throw new ScpiError(-222);
  return value;
}
