import type { SimulatedClock } from '../simulated-clock.ts';
import { boundedArgument, numberArgument } from './argument.ts';
import { CommandObject, CommandRegistry } from './command-tree.ts';
import { DataFormat } from './data-format.ts';
import { ErrorQueue, TSP_ERRORS, TspCommandError } from './error-queue.ts';
import type { InstrumentNode } from './instrument-node.ts';
import { isHandle, LuaMachine, type LuaRun, type LuaValue } from './lua-machine.ts';
import { type NodeSurroundings, nodeCommands } from './node-commands.ts';
import { BUFFER_PARTS, ReadingBuffer } from './reading-buffer.ts';
import { BUFFER_ATTRIBUTES, DIALECT, DIALECT_CLEANUP, PARTS_PER_BUFFER } from './tsp-dialect.ts';
import { TspSyntaxError, translateTsp } from './tsp-source.ts';

/** Instructions between two looks at the clock, and what they cost in simulated time. */
const SLICE_INSTRUCTIONS = 5000;
const SECONDS_PER_INSTRUCTION = 2e-7;
/** A chunk that runs longer is ended with -286: the simulated processor is not a place for endless computing. */
const INSTRUCTION_LIMIT = 50_000_000;
const RESERVED_BUFFER_READINGS = 1_000_000;

export interface RuntimeOptions {
  readonly nodes: readonly InstrumentNode[];
  readonly clock: SimulatedClock;
  readonly model: string;
  readonly firmware: string;
}

/** The script processor: runs chunks one at a time, writes what they print, queues what they do wrong. */
export class TspRuntime {
  readonly errors = new ErrorQueue();
  readonly format = new DataFormat();
  readonly prompts = { prompts: 0, showErrors: 0 };
  readonly nodes: readonly InstrumentNode[];
  private readonly clock: SimulatedClock;
  private readonly machine: LuaMachine;
  private readonly registry = new CommandRegistry();
  private readonly buffers: ReadingBuffer[] = [];
  private readonly bufferNumbers = new Map<ReadingBuffer, number>();
  private linkUp = false;
  private pendingScript = '';
  private pendingName = '';
  private output: (bytes: Buffer) => void = () => {};
  private presentNode = 1;
  private abortRun: (() => void) | null = null;

  private constructor(options: RuntimeOptions, machine: LuaMachine) {
    this.nodes = options.nodes;
    this.clock = options.clock;
    this.machine = machine;
    this.registerHost();
    machine.runTrusted(DIALECT);
    machine.runTrusted(this.commandSet(options));
    machine.runTrusted(DIALECT_CLEANUP);
  }

  static async create(options: RuntimeOptions): Promise<TspRuntime> {
    return new TspRuntime(options, await LuaMachine.create(SLICE_INSTRUCTIONS));
  }

  close(): void {
    this.abort();
    this.machine.close();
  }

  /**
   * Runs one chunk to its end; what it prints goes to `output`. Errors go to the queue. `isAborted` tells that the
   * chunk is to end where it first waits: an abort overtook it on the way in.
   */
  async run(text: string, output: (bytes: Buffer) => void, isAborted: () => boolean): Promise<void> {
    this.output = output;
    let translated: string;
    try {
      translated = translateTsp(text);
    } catch (error) {
      if (!(error instanceof TspSyntaxError)) throw error;
      this.fail(true, `chunk:${error.line}: ${error.message}`);
      return;
    }
    const run = this.machine.load(translated, 'chunk');
    const abort = new Promise<'aborted'>((resolve) => {
      this.abortRun = () => resolve('aborted');
    });
    try {
      await this.drive(run, abort, isAborted);
    } finally {
      this.abortRun = null;
      run.release();
    }
  }

  /** Defines a named script without running it; an empty name runs it once. */
  define(
    name: string,
    text: string,
    output: (bytes: Buffer) => void,
    runIt: boolean,
    isAborted: () => boolean,
  ): Promise<void> {
    let translated: string;
    try {
      translated = translateTsp(text);
    } catch (error) {
      if (!(error instanceof TspSyntaxError)) throw error;
      this.fail(true, `chunk:${error.line}: ${error.message}`);
      return Promise.resolve();
    }
    this.pendingScript = translated;
    this.pendingName = name;
    return this.run(runIt ? 'local s = _pending() s()' : '_pending()', output, isAborted);
  }

  /** Ends the running chunk; sweeps go on. */
  abort(): void {
    this.abortRun?.();
  }

  /** All overlapped operations of all nodes have ended. */
  async idle(): Promise<void> {
    for (const node of this.nodes) await node.idle();
  }

  get busy(): boolean {
    return this.nodes.some((node) => node.sweeping);
  }

  /** reset() of the whole system. */
  reset(): void {
    for (const node of this.nodes) node.reset();
    this.format.reset();
  }

  /** Power-on: reset, link down, queue empty. */
  powerOn(): void {
    this.reset();
    this.linkUp = false;
    this.errors.clear();
  }

  private async drive(run: LuaRun, abort: Promise<'aborted'>, isAborted: () => boolean): Promise<void> {
    let values: readonly LuaValue[] = [];
    let instructions = 0;
    for (;;) {
      const step = run.resume(values);
      values = [];
      if (step.kind === 'finished') return;
      if (step.kind === 'failed') {
        this.fail(step.syntax, step.text);
        return;
      }
      if (isAborted()) return;
      const work =
        step.kind === 'slice'
          ? this.clock.spend(SLICE_INSTRUCTIONS * SECONDS_PER_INSTRUCTION)
          : this.perform(step.values[0] as number, step.values.slice(1));
      if (step.kind === 'slice') instructions += SLICE_INSTRUCTIONS;
      const outcome = await Promise.race([work, abort]);
      if (outcome === 'aborted') return;
      if (instructions > INSTRUCTION_LIMIT) {
        this.fail(false, 'chunk:0: too many instructions');
        return;
      }
      values = outcome ?? [];
    }
  }

  private async perform(command: number, args: LuaValue[]): Promise<readonly LuaValue[]> {
    try {
      return list((await this.registry.commands[command].call(...args)) as LuaValue);
    } catch (error) {
      return this.refuse(error);
    }
  }

  private refuse(error: unknown): readonly LuaValue[] {
    if (!(error instanceof TspCommandError)) throw error;
    this.errors.add(error.code, error.message, this.presentNode);
    this.showErrors();
    return [];
  }

  private fail(syntax: boolean, text: string): void {
    const match = /^[^:]*:(\d+): ([\s\S]*)$/.exec(text);
    const [line, what] = match === null ? ['1', text] : [match[1], match[2]];
    const code = syntax ? -285 : -286;
    this.errors.add(code, `${TSP_ERRORS[code]} at line ${line}: ${what.replaceAll('\n', ' ')}`, 1);
    this.showErrors();
  }

  private showErrors(): void {
    if (this.prompts.showErrors === 0) return;
    while (this.errors.count > 0) {
      const { code, text, severity, node } = this.errors.next();
      const fields = [this.format.number(code), text, this.format.number(severity), this.format.number(node)];
      this.output(Buffer.from(`${fields.join('\t')}\n`, 'latin1'));
    }
  }

  private registerHost(): void {
    const { machine, registry } = this;
    const guarded = (call: () => LuaValue | readonly LuaValue[]) => {
      try {
        return list(call());
      } catch (error) {
        return this.refuse(error);
      }
    };
    machine.register('_get', ([id]) => guarded(() => registry.attributes[id as number].get()));
    machine.register('_set', ([id, value]) =>
      guarded(() => {
        const { set } = registry.attributes[id as number];
        if (set === undefined) throw new TspCommandError(-221, 'Cannot modify a read-only attribute');
        set(value);
        return undefined;
      }),
    );
    machine.register('_call', ([id, ...args]) =>
      guarded(() => registry.commands[id as number].call(...args) as LuaValue),
    );
    machine.registerYield('_wait');
    machine.register('_print', (values) => {
      const texts = values.map((value) => (typeof value === 'number' ? this.format.number(value) : printed(value)));
      this.output(Buffer.from(`${texts.join('\t')}\n`, 'latin1'));
      return [];
    });
    machine.register('_translate', ([text]) => {
      try {
        return [translateTsp(String(text))];
      } catch (error) {
        return [undefined, error instanceof Error ? error.message : ''];
      }
    });
    this.registerBuffers(guarded);
  }

  private registerBuffers(guarded: (call: () => LuaValue | readonly LuaValue[]) => readonly LuaValue[]): void {
    const { machine } = this;
    machine.register('_bufferpart', ([number, part, index]) => [
      this.buffers[number as number].at(BUFFER_PARTS[part as number], index as number),
    ]);
    machine.register('_bufferclear', ([number]) => {
      this.buffers[number as number].clear();
      return [];
    });
    machine.register('_bufferget', ([number, attribute]) => [
      bufferAttribute(this.buffers[number as number], BUFFER_ATTRIBUTES[attribute as number]),
    ]);
    machine.register('_bufferset', ([number, attribute, value]) =>
      guarded(() => {
        setBufferAttribute(this.buffers[number as number], BUFFER_ATTRIBUTES[attribute as number], value);
        return undefined;
      }),
    );
    machine.register('_pendingtext', () => [this.pendingName, this.pendingScript]);
  }

  private commandSet(options: RuntimeOptions): string {
    const around: NodeSurroundings = {
      clock: this.clock,
      model: options.model,
      firmware: options.firmware,
      prompts: this.prompts,
      linkState: () => (this.linkUp ? 'online' : 'offline'),
      resetLink: () => {
        this.linkUp = true;
        return this.nodes.length;
      },
      smu: (node) => ({
        bus: node.bus,
        bufferNumber: (buffer) => this.numberOf(buffer),
        bufferOf: (value) => this.bufferOf(value),
        spend: (seconds) => this.clock.spend(seconds),
      }),
    };
    const { registry } = this;
    const lines: string[] = [];
    const nodes: string[] = [];
    for (const node of this.nodes) {
      const local = node.number === 1;
      const tree = nodeCommands(node, around);
      for (const name of ['smua', 'smub']) this.addMakebuffer(tree.children.get(name) as CommandObject);
      const name = `_node${node.number}`;
      const guard = new CommandObject(() => local || this.linkUp);
      for (const [key, value] of tree.constants) guard.constants.set(key, value);
      for (const [key, value] of tree.commands) guard.commands.set(key, value);
      for (const [key, value] of tree.attributes) guard.attributes.set(key, value);
      for (const [key, value] of tree.children) guard.children.set(key, value);
      lines.push(`${name} = ${registry.expression(guard)}`);
      nodes.push(`[${node.number}]=${name}`);
      if (local) {
        lines.push(`localnode = ${name}.inner`);
        for (const key of tree.children.keys()) lines.push(`${key} = localnode.${key}`);
      }
    }
    lines.push(`node = nodetable({${nodes.join(',')}})`);
    for (const node of this.nodes) lines.push(`_node${node.number} = nil`);
    for (const [name, object] of this.systemObjects()) lines.push(`${name} = ${registry.expression(object)}`);
    const system = registry.expression(this.systemCommands());
    lines.push(`do local s = ${system}`);
    for (const name of ['delay', 'waitcomplete', 'reset', 'printbuffer', 'printnumber', 'opc', 'exit']) {
      lines.push(`${name} = s.${name}`);
    }
    lines.push('end');
    lines.push('do local text, define = _pendingtext, _define');
    lines.push('_pending = function() return define(text()) end end');
    lines.push('_pendingtext, _define = nil, nil');
    return lines.join('\n');
  }

  private addMakebuffer(smu: CommandObject): void {
    smu.commands.set('makebuffer', {
      waits: false,
      makesBuffer: true,
      call: (size) => this.numberOf(new ReadingBuffer(boundedArgument(size, 1, RESERVED_BUFFER_READINGS))),
    });
  }

  private systemObjects(): [string, CommandObject][] {
    const { errors } = this;
    const queue = new CommandObject()
      .attribute('count', () => errors.count)
      .command('clear', () => errors.clear())
      .command('next', () => {
        const { code, text, severity, node } = errors.next();
        return [code, text, severity, node];
      });
    // The front panel: accepted and without effect.
    const display = new CommandObject();
    for (const name of ['clear', 'settext', 'setcursor']) display.command(name, () => {});
    const beeper = new CommandObject()
      .attribute(
        'enable',
        () => 0,
        () => {},
      )
      .waiting('beep', async (seconds) => {
        await this.clock.spend(boundedArgument(seconds, 0.001, 100));
        return undefined;
      });
    return [
      ['errorqueue', queue],
      ['format', this.format.commands()],
      ['display', display],
      ['beeper', beeper],
    ];
  }

  private systemCommands(): CommandObject {
    const reset = () => this.reset();
    return new CommandObject()
      .waiting('delay', async (seconds) => {
        await this.clock.spend(boundedArgument(seconds, 0, 1e5));
        return undefined;
      })
      .waiting('waitcomplete', async () => {
        await this.idle();
        return undefined;
      })
      .command('reset', (system) => {
        if (system === false) this.nodes[0].reset();
        else reset();
      })
      .command('opc', () => {})
      .command('exit', () => this.abort())
      .command('printnumber', (...values) => {
        this.output(this.format.numbers(values.map(numberArgument)));
      })
      .command('printbuffer', (start, end, ...parts) => {
        this.output(this.format.numbers(this.bufferValues(numberArgument(start), numberArgument(end), parts)));
      });
  }

  /** Elements start…end of each part in turn: v1, i1, v2, i2 … for two parts. */
  private bufferValues(start: number, end: number, parts: readonly LuaValue[]): number[] {
    if (parts.length === 0) throw new TspCommandError(1400, 'Expected at least 3 parameters');
    const count = Math.max(0, end - start + 1);
    const values = new Array<number>(count * parts.length);
    parts.forEach((value, i) => {
      if (!isHandle(value)) throw new TspCommandError(1401, `Parameter ${i + 3} is invalid`);
      const buffer = this.buffers[Math.floor(value.handle / PARTS_PER_BUFFER)];
      if (start < 1 || end > buffer.n) throw new TspCommandError(5038);
      buffer.copyPart(BUFFER_PARTS[value.handle % PARTS_PER_BUFFER], start, end, values, i, parts.length);
    });
    return values;
  }

  private numberOf(buffer: ReadingBuffer): number {
    let number = this.bufferNumbers.get(buffer);
    if (number === undefined) {
      number = this.buffers.push(buffer) - 1;
      this.bufferNumbers.set(buffer, number);
    }
    return number;
  }

  private bufferOf(value: LuaValue): ReadingBuffer {
    if (!isHandle(value)) throw new TspCommandError(-104);
    return this.buffers[Math.floor(value.handle / PARTS_PER_BUFFER)];
  }
}

function list(value: LuaValue | readonly LuaValue[]): readonly LuaValue[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as LuaValue];
}

function printed(value: LuaValue): string {
  return value === undefined ? 'nil' : String(value);
}

function bufferAttribute(buffer: ReadingBuffer, name: (typeof BUFFER_ATTRIBUTES)[number]): LuaValue {
  switch (name) {
    case 'n':
      return buffer.n;
    case 'capacity':
      return buffer.capacity;
    case 'appendmode':
      return buffer.appendMode ? 1 : 0;
    case 'collecttimestamps':
      return buffer.collectTimestamps ? 1 : 0;
    case 'collectsourcevalues':
      return buffer.collectSourceValues ? 1 : 0;
    case 'timestampresolution':
      return buffer.timestampResolution;
    case 'basetimestamp':
      return buffer.baseSeconds;
    case 'cachemode':
      return 1;
  }
}

function setBufferAttribute(buffer: ReadingBuffer, name: (typeof BUFFER_ATTRIBUTES)[number], value: LuaValue): void {
  const on = () => numberArgument(value) !== 0;
  switch (name) {
    case 'appendmode':
      buffer.appendMode = on();
      return;
    case 'collecttimestamps':
      buffer.collectTimestamps = on();
      return;
    case 'collectsourcevalues':
      buffer.collectSourceValues = on();
      return;
    case 'timestampresolution':
      buffer.timestampResolution = boundedArgument(value, 1e-6, 1);
      return;
    case 'cachemode':
      return;
    default:
      throw new TspCommandError(-221, 'Cannot modify a read-only attribute');
  }
}
