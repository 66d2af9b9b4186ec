import type { CommandTree } from '../scpi/command-tree.ts';
import { addChoice, addNumber, addSwitch, type Setting } from '../scpi/setting-commands.ts';
import type { ChannelB2900 } from './channel-b2900.ts';
import { type DigitalLines, EXT_SIGNALS, LINES, PIN_FUNCTIONS, type Pin } from './digital-lines.ts';

/** The digital pins as trigger lines, and the trigger output of each source. */
export function addDigitalCommands(
  tree: CommandTree,
  lines: DigitalLines,
  channelOf: (suffix: number) => ChannelB2900,
  channels: number,
): void {
  const pin = `[:SOURce<${channels}>]:DIGital:EXTernal<${LINES}>`;
  const field = <Key extends keyof Pin>(key: Key): Setting<Pin[Key]> => ({
    get: (line) => lines.pin(line)[key],
    set: (value, line) => {
      lines.pin(line)[key] = value;
    },
  });
  addChoice(tree, `${pin}:FUNCtion`, PIN_FUNCTIONS, field('mode'));
  addChoice(tree, `${pin}:POLarity`, ['POSitive', 'NEGative'], field('polarity'));
  addChoice(tree, `${pin}:TOUTput:TYPE`, ['EDGE', 'LEVel'], field('edgeType'));
  addChoice(tree, `${pin}:TOUTput[:EDGE]:POSition`, ['BEFore', 'AFTer', 'BOTH'], field('edgePlace'));
  addNumber(
    tree,
    `${pin}:TOUTput[:EDGE]:WIDTh`,
    { min: 1e-5, max: 1e-2, initial: 1e-4, unit: 'S' },
    field('widthSeconds'),
  );
  const output = `[:SOURce<${channels}>]:TOUTput`;
  addSwitch(tree, `${output}[:STATe]`, {
    get: (suffix) => channelOf(suffix).settings.stepSignalOn,
    set: (on, suffix) => {
      channelOf(suffix).settings.stepSignalOn = on;
    },
  });
  addChoice(tree, `${output}:SIGNal`, EXT_SIGNALS, {
    get: (suffix) => channelOf(suffix).settings.stepSignal,
    set: (signal, suffix) => {
      channelOf(suffix).settings.stepSignal = signal;
    },
  });
}
