import type { SimulatedClock } from '../simulated-clock.ts';
import { booleanArgument, boundedArgument, choiceArgument, listArgument, numberArgument } from './argument.ts';
import { CommandObject } from './command-tree.ts';
import { TspCommandError } from './error-queue.ts';
import type { InstrumentNode } from './instrument-node.ts';
import type { LuaValue } from './lua-machine.ts';
import { smuCommands } from './smu-commands.ts';
import type { SmuSurroundings } from './smu-surroundings.ts';
import { stimulusAttribute } from './smu-trigger-commands.ts';
import { LINE_MODES, type TriggerBlender, type TriggerTimer, type TspLinkPort } from './trigger-objects.ts';

/** What a node's commands need beyond the node. */
export interface NodeSurroundings {
  readonly clock: SimulatedClock;
  smu(node: InstrumentNode): SmuSurroundings;
  readonly model: string;
  readonly firmware: string;
  /** Brings the link up; returns the number of nodes found. */
  resetLink(): number;
  linkState(): string;
  readonly prompts: { prompts: number; showErrors: number };
}

/** Everything reached as node[N].…, and at the top level for the node that has the client. */
export function nodeCommands(node: InstrumentNode, around: NodeSurroundings, reachable: () => boolean): CommandObject {
  const smu = around.smu(node);
  return ownCommands(new CommandObject(reachable), node, around)
    .child('smua', smuCommands(node.smua, node.modelA, smu))
    .child('smub', smuCommands(node.smub, node.modelB, smu))
    .child('trigger', triggerCommands(node, around.clock))
    .child('tsplink', linkCommands(node, around))
    .child('digio', digitalCommands(node))
    .child('status', statusCommands(node));
}

function ownCommands(root: CommandObject, node: InstrumentNode, around: NodeSurroundings): CommandObject {
  const { prompts } = around;
  return root
    .constant({ model: around.model, serialno: node.serial, revision: around.firmware, version: around.firmware })
    .attribute(
      'linefreq',
      () => node.lineHertz,
      (value) => {
        // The simulated mains cannot be changed; the other frequency is refused.
        if (numberArgument(value) !== node.lineHertz) throw new TspCommandError(-221);
      },
    )
    .attribute('autolinefreq', () => true)
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
    .command('reset', () => node.reset());
}

function triggerCommands(node: InstrumentNode, clock: SimulatedClock): CommandObject {
  const numbered = <T>(objects: readonly T[], commands: (object: T) => CommandObject) => {
    const list = new CommandObject();
    objects.forEach((object, i) => void list.child(i + 1, commands(object)));
    return list;
  };
  const { commandTrigger } = node;
  return new CommandObject()
    .constant({ EVENT_ID: commandTrigger.eventId })
    .command('clear', () => commandTrigger.clear())
    .waiting('wait', (seconds) => commandTrigger.wait(clock, numberArgument(seconds)))
    .child(
      'blender',
      numbered(node.blenders, (blender) => blenderCommands(blender, node, clock)),
    )
    .child(
      'timer',
      numbered(node.timers, (timer) => timerCommands(timer, node, clock)),
    )
    .child(
      'generator',
      numbered(node.generators, (generator) =>
        new CommandObject().constant({ EVENT_ID: generator.eventId }).command('assert', () => generator.assert()),
      ),
    );
}

function blenderCommands(blender: TriggerBlender, node: InstrumentNode, clock: SimulatedClock): CommandObject {
  const stimuli = new CommandObject();
  blender.stimuli.forEach((stimulus, i) => void stimulusAttribute(stimuli, i + 1, stimulus, node.bus));
  return new CommandObject()
    .constant({ EVENT_ID: blender.eventId })
    .attribute(
      'orenable',
      () => blender.orEnable,
      (value) => {
        blender.orEnable = booleanArgument(value);
      },
    )
    .attribute('overrun', () => blender.overrun)
    .child('stimulus', stimuli)
    .command('clear', () => blender.clear())
    .command('reset', () => blender.reset())
    .waiting('wait', (seconds) => blender.wait(clock, numberArgument(seconds)));
}

function timerCommands(timer: TriggerTimer, node: InstrumentNode, clock: SimulatedClock): CommandObject {
  const object = new CommandObject()
    .constant({ EVENT_ID: timer.eventId })
    .attribute(
      'delay',
      () => timer.delaySeconds,
      (value) => {
        timer.delaySeconds = boundedArgument(value, 1e-6, 1e5);
      },
    )
    .attribute(
      'delaylist',
      () => timer.delayList[0],
      (value) => {
        timer.delayList = listArgument(value);
      },
    )
    .attribute(
      'count',
      () => timer.count,
      (value) => {
        timer.count = Math.round(boundedArgument(value, 0, 1_048_575));
      },
    )
    .attribute(
      'passthrough',
      () => timer.passThrough,
      (value) => {
        timer.passThrough = booleanArgument(value);
      },
    )
    .attribute('overrun', () => timer.overrun)
    .command('clear', () => timer.clear())
    .command('reset', () => timer.reset())
    .waiting('wait', (seconds) => timer.wait(clock, numberArgument(seconds)));
  return stimulusAttribute(object, 'stimulus', timer.stimulus, node.bus);
}

function linkCommands(node: InstrumentNode, around: NodeSurroundings): CommandObject {
  const triggers = new CommandObject();
  node.links.forEach((link, i) => void triggers.child(i + 1, linkTriggerCommands(link, node, around.clock)));
  return new CommandObject()
    .constant(LINE_MODES)
    .attribute('state', () => around.linkState())
    .attribute('node', () => node.number)
    .attribute('master', () => 1)
    .attribute('group', () => 0)
    .command('reset', (expected) => {
      const found = around.resetLink();
      if (expected !== undefined && found < numberArgument(expected)) throw new TspCommandError(1219);
      return found;
    })
    .child('trigger', triggers);
}

function linkTriggerCommands(link: TspLinkPort, node: InstrumentNode, clock: SimulatedClock): CommandObject {
  const object = new CommandObject()
    .constant({ EVENT_ID: link.eventId })
    .attribute(
      'mode',
      () => link.mode,
      (value) => link.setMode(choiceArgument(value, Object.values(LINE_MODES))),
    )
    .attribute(
      'pulsewidth',
      () => link.pulseSeconds,
      (value) => {
        link.pulseSeconds = boundedArgument(value, 1e-6, 100);
      },
    )
    .attribute('overrun', () => link.overrun)
    .command('assert', () => link.assert())
    .command('clear', () => link.clear())
    .command('release', () => link.letGo())
    .command('reset', () => link.reset())
    .waiting('wait', (seconds) => link.wait(clock, numberArgument(seconds)));
  return stimulusAttribute(object, 'stimulus', link.stimulus, node.bus);
}

/** Direct control of the 14 lines; edge triggers on digital lines are not simulated. */
function digitalCommands(node: InstrumentNode): CommandObject {
  const bit = (value: LuaValue) => {
    const line = numberArgument(value);
    if (!Number.isInteger(line) || line < 1 || line > 14) throw new TspCommandError(1801);
    return 1 << (line - 1);
  };
  const write = (port: number) => {
    const kept = node.digitalWriteProtect;
    node.digitalPort = (node.digitalPort & kept) | (port & ~kept & 0x3fff);
  };
  return new CommandObject()
    .command('readbit', (line) => ((node.digitalPort & bit(line)) !== 0 ? 1 : 0))
    .command('readport', () => node.digitalPort)
    .command('writebit', (line, state) => {
      const mask = bit(line);
      write(numberArgument(state) !== 0 ? node.digitalPort | mask : node.digitalPort & ~mask);
    })
    .command('writeport', (value) => write(boundedArgument(value, 0, 16_383)))
    .attribute(
      'writeprotect',
      () => node.digitalWriteProtect,
      (value) => {
        node.digitalWriteProtect = boundedArgument(value, 0, 16_383);
      },
    );
}

/** Condition registers that can be read at any time; the event and enable machinery is not simulated. */
function statusCommands(node: InstrumentNode): CommandObject {
  const limited = (smu: InstrumentNode['smua']) => (smu.inCompliance ? 2 : 0);
  const sweeping = () => (node.modelA.busy ? 2 : 0) + (node.modelB.busy ? 4 : 0);
  const instrument = new CommandObject()
    .child(
      'smua',
      new CommandObject().attribute('condition', () => limited(node.smua)),
    )
    .child(
      'smub',
      new CommandObject().attribute('condition', () => limited(node.smub)),
    );
  return new CommandObject()
    .command('reset', () => {})
    .child('measurement', new CommandObject().child('instrument', instrument))
    .child(
      'operation',
      new CommandObject()
        .attribute('condition', () => (node.sweeping ? 8 : 0))
        .child('sweeping', new CommandObject().constant({ SMUA: 2, SMUB: 4 }).attribute('condition', sweeping)),
    );
}
