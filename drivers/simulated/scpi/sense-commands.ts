import type { CommandTree } from './command-tree.ts';
import { addNumber, addSwitch } from './setting-commands.ts';
import { rangeFor, type SmuFrontEnd } from './smu-front-end.ts';

export interface SenseCommandParts {
  /** Header of the subsystem, e.g. "[:SENSe<1>]". */
  readonly subsystem: string;
  readonly smuOf: (suffix: number) => SmuFrontEnd;
  readonly nplc: { readonly min: number; readonly max: number };
  /** Refuses a fixed current range that the family does not allow under the present limit. */
  readonly checkAmpsRange: (smu: SmuFrontEnd, range: number) => void;
  /** How a range reads back: some families answer with the overhead in it. */
  readonly rangeReply: (range: number) => string;
  readonly number: (value: number) => string;
}

/** Range, automatic range and integration time of both measure functions. */
export function addSenseCommands(tree: CommandTree, parts: SenseCommandParts): void {
  const { subsystem, smuOf, nplc, number } = parts;
  for (const name of ['VOLTage', 'CURRent'] as const) {
    addRange(tree, parts, name);
    addNumber(
      tree,
      `${subsystem}:${name}[:DC]:NPLCycles`,
      { ...nplc, initial: 1 },
      {
        get: (suffix) => smuOf(suffix).nplc,
        set: (value, suffix) => {
          smuOf(suffix).nplc = value;
        },
      },
      number,
    );
  }
}

function addRange(tree: CommandTree, parts: SenseCommandParts, name: 'VOLTage' | 'CURRent'): void {
  const { subsystem, smuOf, checkAmpsRange, rangeReply } = parts;
  const isVolts = name === 'VOLTage';
  const ranges = (suffix: number) => (isVolts ? smuOf(suffix).model.voltRanges : smuOf(suffix).model.ampRanges);
  const most = (suffix: number) => ranges(suffix)[ranges(suffix).length - 1];
  addNumber(
    tree,
    `${subsystem}:${name}[:DC]:RANGe[:UPPer]`,
    (suffix) => ({
      min: -1.05 * most(suffix),
      max: 1.05 * most(suffix),
      initial: most(suffix),
      unit: isVolts ? 'V' : 'A',
    }),
    {
      get: (suffix) => (isVolts ? smuOf(suffix).measureRangeVolts : smuOf(suffix).measureRangeAmps),
      set: (value, suffix) => {
        const smu = smuOf(suffix);
        const range = rangeFor(ranges(suffix), Math.min(Math.abs(value), most(suffix)));
        if (isVolts) {
          smu.autorangeVolts = false;
          smu.measureRangeVolts = range;
        } else {
          checkAmpsRange(smu, range);
          smu.autorangeAmps = false;
          smu.measureRangeAmps = range;
        }
        smu.apply();
      },
    },
    rangeReply,
  );
  addSwitch(tree, `${subsystem}:${name}[:DC]:RANGe:AUTO`, {
    get: (suffix) => (isVolts ? smuOf(suffix).autorangeVolts : smuOf(suffix).autorangeAmps),
    set: (on, suffix) => {
      const smu = smuOf(suffix);
      if (isVolts) smu.autorangeVolts = on;
      else smu.autorangeAmps = on;
      smu.apply();
    },
  });
}
