import { boundedArgument, choiceArgument, numberArgument } from '../keithley-2600/argument.ts';
import { CommandObject } from '../keithley-2600/command-tree.ts';
import { TspCommandError } from '../keithley-2600/error-queue.ts';
import type { NodeSurroundings } from '../keithley-2600/node-commands.ts';
import { channelList } from './channel-list.ts';
import { CONNECT_RULES, type MatrixNode } from './matrix-node.ts';

/** A relay of the matrix cards opens or closes and settles in about this time (data sheets: 3 to 4 ms). */
const RELAY_SECONDS = 4e-3;

/** What a switch mainframe adds to TSP: channels and slots. Scans, patterns, the analog backplane and labels are not simulated. */
export function matrixCommands(node: MatrixNode, around: NodeSurroundings, reachable: () => boolean): CommandObject {
  const { model } = node;
  const slots = new CommandObject();
  for (let slot = 1; slot <= model.slots; slot++) {
    const filled = slot <= node.cards;
    const card = new CommandObject().constant({ idn: filled ? model.card : model.emptySlot });
    if (filled) {
      card.child('rows', new CommandObject().constant({ matrix: model.rowNames.length }));
      card.child('columns', new CommandObject().constant({ matrix: model.columnsPerCard }));
    }
    slots.child(slot, card);
  }
  const { prompts } = around;
  return new CommandObject(reachable)
    .constant({ model: model.model, serialno: node.serial, revision: model.firmware, version: model.firmware })
    .attribute(
      'prompts',
      () => prompts.prompts,
      (value) => {
        prompts.prompts = choiceArgument(value, [0, 1]);
      },
    )
    .attribute(
      'showerrors',
      () => prompts.showErrors,
      (value) => {
        prompts.showErrors = choiceArgument(value, [0, 1]);
      },
    )
    .command('reset', () => node.reset())
    .child('channel', channelCommands(node, around))
    .child('slot', slots)
    .child('tsplink', linkCommands(node, around));
}

function channelCommands(node: MatrixNode, { clock }: NodeSurroundings): CommandObject {
  const move = async (open: readonly string[], close: readonly string[]) => {
    const opens = open.filter((name) => node.closed.includes(name));
    // Made before broken only where the rule says so; the driver under test never does.
    if (node.connectRule === CONNECT_RULES.MAKE_BEFORE_BREAK && close.length > 0) {
      node.close(close);
      await clock.spend(RELAY_SECONDS);
      close = [];
    }
    if (opens.length > 0) {
      node.open(opens);
      await clock.spend(RELAY_SECONDS);
    }
    if (close.length > 0) {
      node.close(close);
      await clock.spend(RELAY_SECONDS + node.delaySeconds);
    }
    return undefined;
  };
  return new CommandObject()
    .constant(CONNECT_RULES)
    .attribute(
      'connectrule',
      () => node.connectRule,
      (value) => {
        node.connectRule = choiceArgument(value, Object.values(CONNECT_RULES));
      },
    )
    .waiting('open', async (list) => move(channelList(node, list, true), []))
    .waiting('close', async (list) => move([], channelList(node, list, false)))
    .waiting('exclusiveclose', async (list) => {
      const wanted = typeof list === 'string' && list.trim() === '' ? [] : channelList(node, list, false);
      return move(
        node.closed.filter((name) => !wanted.includes(name)),
        wanted,
      );
    })
    .command('getclose', (list) => {
      const scope = new Set(channelList(node, list, true));
      const closed = node.closed.filter((name) => scope.has(name));
      return closed.length === 0 ? undefined : closed.join(';');
    })
    .command('getstate', (list) => {
      const { closed } = node;
      return channelList(node, list, true)
        .map((name) => (closed.includes(name) ? 1 : 0))
        .join(',');
    })
    .command('setforbidden', (list) => {
      for (const name of channelList(node, list, true)) node.forbidden.add(name);
    })
    .command('clearforbidden', (list) => {
      for (const name of channelList(node, list, true)) node.forbidden.delete(name);
    })
    .command('setdelay', (list, seconds) => {
      channelList(node, list, true);
      node.delaySeconds = boundedArgument(seconds, 0, 60);
    })
    .command('getdelay', (list) =>
      channelList(node, list, true)
        .map(() => String(node.delaySeconds))
        .join(','),
    );
}

function linkCommands(node: MatrixNode, around: NodeSurroundings): CommandObject {
  return new CommandObject()
    .attribute('state', () => around.linkState())
    .attribute('node', () => node.number)
    .attribute('master', () => 1)
    .command('reset', (expected) => {
      const found = around.resetLink();
      if (expected !== undefined && found < numberArgument(expected)) throw new TspCommandError(1219);
      return found;
    });
}
