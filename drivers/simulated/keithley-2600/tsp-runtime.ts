import type { SimulatedClock } from '../simulated-clock.ts';
import { BufferStore } from './buffer-store.ts';
import { type CommandSetParts, commandSet, type NodeCommands } from './command-set.ts';
import { CommandRegistry } from './command-tree.ts';
import { DataFormat } from './data-format.ts';
import { ErrorQueue, TSP_ERRORS, TspCommandError } from './error-queue.ts';
import type { InstrumentNode } from './instrument-node.ts';
import { LuaMachine, type LuaRun, type LuaValue } from './lua-machine.ts';
import { DIALECT, DIALECT_CLEANUP } from './tsp-dialect.ts';
import type { TspNode } from './tsp-node.ts';
import { TspSyntaxError, translateTsp } from './tsp-source.ts';

/** Instructions between two looks at the clock, and what they cost in simulated time. */
const SLICE_INSTRUCTIONS = 5000;
const SECONDS_PER_INSTRUCTION = 2e-7;
/** A chunk that runs longer is ended with -286: the simulated processor is not a place for endless computing. */
const INSTRUCTION_LIMIT = 50_000_000;

export interface RuntimeOptions<Node extends TspNode> {
  readonly nodes: readonly Node[];
  /** What is reached as node[N].… */
  readonly commandsOf: NodeCommands<Node>;
  readonly clock: SimulatedClock;
  readonly model: string;
  readonly firmware: string;
}

/** The script processor: runs chunks one at a time, writes what they print, queues what they do wrong. */
export class TspRuntime<Node extends TspNode = InstrumentNode> {
  readonly errors = new ErrorQueue();
  readonly format = new DataFormat();
  readonly prompts = { prompts: 0, showErrors: 0 };
  readonly nodes: readonly Node[];
  private readonly clock: SimulatedClock;
  private readonly machine: LuaMachine;
  private readonly registry = new CommandRegistry();
  private readonly buffers = new BufferStore();
  private pendingScript = '';
  private pendingName = '';
  private output: (bytes: Buffer) => void = () => {};
  private presentNode = 1;
  private abortRun: (() => void) | null = null;

  private constructor(options: RuntimeOptions<Node>, machine: LuaMachine) {
    this.nodes = options.nodes;
    this.clock = options.clock;
    this.machine = machine;
    this.registerHost();
    machine.runTrusted(DIALECT);
    machine.runTrusted(commandSet(this.parts(options), this.registry));
    machine.runTrusted(DIALECT_CLEANUP);
  }

  static async create<Node extends TspNode>(options: RuntimeOptions<Node>): Promise<TspRuntime<Node>> {
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

  private parts({ nodes, commandsOf, clock, model, firmware }: RuntimeOptions<Node>): CommandSetParts<Node> {
    const { prompts, errors, format, buffers } = this;
    return {
      ...{ nodes, commandsOf, clock, model, firmware, prompts, errors, format, buffers },
      // Off after power-on, until tsplink.reset().
      link: { up: false },
      print: (bytes) => this.output(bytes),
      reset: () => this.reset(),
      idle: () => this.idle(),
      exit: () => this.abort(),
    };
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
    machine.register('_pendingtext', () => [this.pendingName, this.pendingScript]);
    this.buffers.register(machine, guarded);
  }
}

function list(value: LuaValue | readonly LuaValue[]): readonly LuaValue[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as LuaValue];
}

function printed(value: LuaValue): string {
  return value === undefined ? 'nil' : String(value);
}
