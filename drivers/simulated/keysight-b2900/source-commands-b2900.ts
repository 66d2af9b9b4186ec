import type { CommandTree } from '../scpi/command-tree.ts';
import { choiceValue, stringValue } from '../scpi/parameter.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addSenseCommands } from '../scpi/sense-commands.ts';
import { addAction, addChoice, addNumber, addQuery, addSwitch } from '../scpi/setting-commands.ts';
import { addSourceCommands } from '../scpi/source-commands.ts';
import type { ChannelB2900, Quantity, SettingsB2900 } from './channel-b2900.ts';

type ChannelOf = (suffix: number) => ChannelB2900;

const QUANTITIES = ['VOLTage', 'CURRent', 'RESistance'] as const;

/** SOURce, SENSe, OUTPut of one or two channels. */
export function addChannelCommands(tree: CommandTree, channelOf: ChannelOf, channels: number): void {
  const source = `[:SOURce<${channels}>]`;
  const smuOf = (suffix: number) => channelOf(suffix).smu;
  addSourceCommands(tree, {
    subsystem: source,
    smuOf,
    listsOf: (suffix) => channelOf(suffix).settings.lists,
    number: nr3,
  });
  addChoice(tree, `${source}:FUNCtion:MODE`, ['VOLTage', 'CURRent'], {
    get: (suffix) => smuOf(suffix).sourceFunction,
    set: (name, suffix) => {
      smuOf(suffix).sourceFunction = name;
      smuOf(suffix).apply();
    },
  });
  for (const name of ['VOLTage', 'CURRent'] as const) {
    addChoice(tree, `${source}:${name}:MODE`, ['FIXed', 'LIST', 'SWEep'], field(channelOf, 'mode'));
    for (const [word, key] of [
      ['STARt', 'start'],
      ['STOP', 'stop'],
    ] as const) {
      addNumber(
        tree,
        `${source}:${name}:${word}`,
        { min: -210, max: 210, initial: 0 },
        {
          get: (suffix) => channelOf(suffix).settings.stairs[key],
          set: (value, suffix) => {
            channelOf(suffix).settings.stairs[key] = value;
          },
        },
      );
    }
    addNumber(
      tree,
      `${source}:${name}:POINts`,
      { min: 1, max: 2500, initial: 1, whole: true },
      {
        get: (suffix) => channelOf(suffix).settings.stairs.points,
        set: (value, suffix) => {
          channelOf(suffix).settings.stairs.points = value;
        },
      },
      String,
    );
  }
  addChoice(tree, `${source}:SWEep:STAir`, ['SINGle', 'DOUBle'], field(channelOf, 'stairStyle'));
  addSense(tree, channelOf, channels);
  addOutput(tree, channelOf, channels);
}

function addSense(tree: CommandTree, channelOf: ChannelOf, channels: number): void {
  const sense = `:SENSe<${channels}>`;
  const smuOf = (suffix: number) => channelOf(suffix).smu;
  addSenseCommands(tree, {
    subsystem: sense,
    smuOf,
    nplc: { min: 4e-4, max: 100 },
    checkAmpsRange: () => {},
    rangeReply: nr3,
    number: nr3,
  });
  const limits = [
    ['CURRent', 'A', 1e-9, 1.515, 1e-4],
    ['VOLTage', 'V', 1e-3, 210, 2],
  ] as const;
  for (const [name, unit, min, max, initial] of limits) {
    addNumber(
      tree,
      `${sense}:${name}[:DC]:PROTection[:LEVel]`,
      { min, max, initial, unit },
      {
        get: (suffix) => (name === 'CURRent' ? smuOf(suffix).reportedLimitAmps : smuOf(suffix).limitVolts),
        set: (value, suffix) => {
          const smu = smuOf(suffix);
          if (name === 'CURRent') smu.limitAmps = value;
          else smu.limitVolts = value;
          smu.apply();
        },
      },
    );
    addQuery(tree, `${sense}:${name}[:DC]:PROTection:TRIPped`, (_parameters, suffix) => {
      const own = (smuOf(suffix).sourceFunction === 'VOLTage') === (name === 'CURRent');
      return own && smuOf(suffix).inCompliance ? '1' : '0';
    });
  }
  addSwitch(tree, `${sense}:REMote`, {
    get: (suffix) => smuOf(suffix).remoteSense,
    set: (on, suffix) => {
      smuOf(suffix).remoteSense = on;
    },
  });
  const measures = (suffix: number) => channelOf(suffix).settings.measures;
  tree.add(`${sense}:FUNCtion[:ON]`, {
    set: (parameters, suffix) => {
      for (const name of quantities(parameters)) measures(suffix).add(name);
    },
    query: (_parameters, suffix) =>
      QUANTITIES.filter((name) => measures(suffix).has(name))
        .map((name) => `"${name.replaceAll(/[a-z]/g, '')}"`)
        .join(','),
  });
  tree.add(`${sense}:FUNCtion:OFF`, {
    set: (parameters, suffix) => {
      for (const name of quantities(parameters)) measures(suffix).delete(name);
    },
  });
  addAction(tree, `${sense}:FUNCtion[:ON]:ALL`, (suffix) => {
    for (const name of QUANTITIES) measures(suffix).add(name);
  });
  addAction(tree, `${sense}:FUNCtion:OFF:ALL`, (suffix) => measures(suffix).clear());
}

function addOutput(tree: CommandTree, channelOf: ChannelOf, channels: number): void {
  const output = `:OUTPut<${channels}>`;
  addSwitch(tree, `${output}[:STATe]`, {
    get: (suffix) => channelOf(suffix).smu.outputOn,
    set: (on, suffix) => channelOf(suffix).setOutput(on),
  });
  addSwitch(tree, `${output}:ON:AUTO`, field(channelOf, 'autoOn'));
  addSwitch(tree, `${output}:OFF:AUTO`, field(channelOf, 'autoOff'));
  addChoice(tree, `${output}:OFF:MODE`, ['NORMal', 'HIZ', 'ZERO'], field(channelOf, 'offMode'));
  addSwitch(tree, `${output}:PROTection[:STATe]`, field(channelOf, 'protection'));
}

function quantities(parameters: readonly string[]): Quantity[] {
  if (parameters.length === 0) throw new ScpiError(-109);
  return parameters.map((text) => choiceValue(stringValue(text).replace(/:DC$/i, ''), QUANTITIES));
}

export function field<Key extends keyof SettingsB2900>(channelOf: ChannelOf, key: Key) {
  return {
    get: (suffix: number): SettingsB2900[Key] => channelOf(suffix).settings[key],
    set: (value: SettingsB2900[Key], suffix: number): void => {
      channelOf(suffix).settings[key] = value;
    },
  };
}
