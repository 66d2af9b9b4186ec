import type { SimulatedClock } from '../simulated-clock.ts';
import { boundedArgument, numberArgument } from './argument.ts';
import type { BufferStore } from './buffer-store.ts';
import { CommandObject, type CommandRegistry } from './command-tree.ts';
import type { DataFormat } from './data-format.ts';
import type { ErrorQueue } from './error-queue.ts';
import type { NodeSurroundings } from './node-commands.ts';
import type { TspNode } from './tsp-node.ts';

/** Builds what is reached as node[N].…, and at the top level for the node that has the client. */
export type NodeCommands<Node extends TspNode> = (
  node: Node,
  around: NodeSurroundings,
  reachable: () => boolean,
) => CommandObject;

/** What the commands act upon. */
export interface CommandSetParts<Node extends TspNode> {
  readonly nodes: readonly Node[];
  readonly commandsOf: NodeCommands<Node>;
  readonly clock: SimulatedClock;
  readonly model: string;
  readonly firmware: string;
  readonly prompts: { prompts: number; showErrors: number };
  readonly errors: ErrorQueue;
  readonly format: DataFormat;
  readonly buffers: BufferStore;
  readonly link: { up: boolean };
  print(bytes: Buffer): void;
  reset(): void;
  idle(): Promise<void>;
  exit(): void;
}

/** Numbers every command of all nodes and of the system; returns the Lua text that builds their tables. */
export function commandSet<Node extends TspNode>(parts: CommandSetParts<Node>, registry: CommandRegistry): string {
  const around = surroundings(parts);
  const lines: string[] = [];
  const nodes: string[] = [];
  for (const node of parts.nodes) {
    const local = node.number === 1;
    const tree = parts.commandsOf(node, around, () => local || parts.link.up);
    const name = `_node${node.number}`;
    lines.push(`${name} = ${registry.expression(tree)}`);
    nodes.push(`[${node.number}]=${name}`);
    if (local) {
      lines.push(`localnode = ${name}.inner`);
      for (const key of tree.children.keys()) lines.push(`${key} = localnode.${key}`);
    }
  }
  lines.push(`node = nodetable({${nodes.join(',')}})`);
  for (const node of parts.nodes) lines.push(`_node${node.number} = nil`);
  for (const [name, object] of systemObjects(parts)) lines.push(`${name} = ${registry.expression(object)}`);
  const functions = systemFunctions(parts);
  lines.push(`do local s = ${registry.expression(functions)}`);
  for (const name of functions.commands.keys()) lines.push(`${name} = s.${name}`);
  lines.push('end');
  lines.push('do local text, define = _pendingtext, _define');
  lines.push('_pending = function() return define(text()) end end');
  lines.push('_pendingtext, _define = nil, nil');
  return lines.join('\n');
}

function surroundings<Node extends TspNode>(parts: CommandSetParts<Node>): NodeSurroundings {
  const { clock, model, firmware, prompts, link, nodes, buffers } = parts;
  return {
    clock,
    model,
    firmware,
    prompts,
    linkState: () => (link.up ? 'online' : 'offline'),
    resetLink: () => {
      link.up = true;
      return nodes.length;
    },
    smu: (node) => ({
      bus: node.bus,
      buffers,
      spend: (seconds) => clock.spend(seconds),
    }),
  };
}

function systemObjects<Node extends TspNode>({
  errors,
  format,
  clock,
}: CommandSetParts<Node>): [string, CommandObject][] {
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
      await clock.spend(boundedArgument(seconds, 0.001, 100));
      return undefined;
    });
  return [
    ['errorqueue', queue],
    ['format', format.commands()],
    ['display', display],
    ['beeper', beeper],
  ];
}

function systemFunctions<Node extends TspNode>(parts: CommandSetParts<Node>): CommandObject {
  const { clock, nodes, format, buffers } = parts;
  return new CommandObject()
    .waiting('delay', async (seconds) => {
      await clock.spend(boundedArgument(seconds, 0, 1e5));
      return undefined;
    })
    .waiting('waitcomplete', async () => {
      await parts.idle();
      return undefined;
    })
    .command('reset', (system) => {
      if (system === false) nodes[0].reset();
      else parts.reset();
    })
    .command('opc', () => {})
    .waiting('exit', () => parts.exit())
    .command('printnumber', (...values) => parts.print(format.numbers(values.map(numberArgument))))
    .command('printbuffer', (start, end, ...rest) => parts.print(format.numbers(buffers.values(start, end, rest))));
}
