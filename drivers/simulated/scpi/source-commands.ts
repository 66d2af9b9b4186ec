import type { CommandTree } from './command-tree.ts';
import { nr3 } from './reply-text.ts';
import { addNumber, addSwitch } from './setting-commands.ts';
import { rangeFor, type SmuFrontEnd } from './smu-front-end.ts';
import type { SourceList } from './source-list.ts';

/** The two lists of a channel. */
export interface ChannelLists {
  readonly volts: SourceList;
  readonly amps: SourceList;
}

export interface SourceCommandParts {
  /** Header of the subsystem, e.g. ":SOURce<1>". */
  readonly subsystem: string;
  readonly smuOf: (suffix: number) => SmuFrontEnd;
  readonly listsOf: (suffix: number) => ChannelLists;
  readonly number: (value: number) => string;
}

/** Level, range and list of both source functions, which the three families write alike. */
export function addSourceCommands(tree: CommandTree, parts: SourceCommandParts): void {
  addFunctionCommands(tree, parts, 'VOLTage');
  addFunctionCommands(tree, parts, 'CURRent');
}

function addFunctionCommands(tree: CommandTree, parts: SourceCommandParts, name: 'VOLTage' | 'CURRent'): void {
  const { subsystem, smuOf, listsOf, number } = parts;
  const isVolts = name === 'VOLTage';
  const unit = isVolts ? 'V' : 'A';
  const ranges = (suffix: number) => (isVolts ? smuOf(suffix).model.voltRanges : smuOf(suffix).model.ampRanges);
  const most = (suffix: number) => ranges(suffix)[ranges(suffix).length - 1] * 1.05;
  addNumber(
    tree,
    `${subsystem}:${name}[:LEVel][:IMMediate][:AMPLitude]`,
    (suffix) => ({ min: -most(suffix), max: most(suffix), initial: 0, unit }),
    {
      get: (suffix) => (isVolts ? smuOf(suffix).levelVolts : smuOf(suffix).levelAmps),
      set: (value, suffix) => (isVolts ? smuOf(suffix).setLevelVolts(value) : smuOf(suffix).setLevelAmps(value)),
    },
    number,
  );
  addNumber(
    tree,
    `${subsystem}:${name}:RANGe`,
    (suffix) => ({ min: -most(suffix), max: most(suffix), initial: ranges(suffix)[0], unit }),
    {
      get: (suffix) => (isVolts ? smuOf(suffix).sourceRangeVolts : smuOf(suffix).sourceRangeAmps),
      set: (value, suffix) => {
        const smu = smuOf(suffix);
        const range = rangeFor(ranges(suffix), Math.min(Math.abs(value), ranges(suffix)[ranges(suffix).length - 1]));
        smu.sourceAutorange = false;
        if (isVolts) smu.sourceRangeVolts = range;
        else smu.sourceRangeAmps = range;
        smu.apply();
      },
    },
    number,
  );
  addSwitch(tree, `${subsystem}:${name}:RANGe:AUTO`, {
    get: (suffix) => smuOf(suffix).sourceAutorange,
    set: (on, suffix) => {
      smuOf(suffix).sourceAutorange = on;
    },
  });
  const list = (suffix: number) => (isVolts ? listsOf(suffix).volts : listsOf(suffix).amps);
  tree.add(`${subsystem}:LIST:${name}`, {
    set: (parameters, suffix) => list(suffix).replace(parameters),
    query: (_parameters, suffix) =>
      list(suffix)
        .values.map((value) => nr3(value))
        .join(','),
  });
  tree.add(`${subsystem}:LIST:${name}:APPend`, {
    set: (parameters, suffix) => list(suffix).append(parameters),
  });
  tree.add(`${subsystem}:LIST:${name}:POINts`, { query: (_parameters, suffix) => String(list(suffix).values.length) });
}
