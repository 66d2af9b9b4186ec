import type { CommandTree } from '../scpi/command-tree.ts';
import { choiceValue } from '../scpi/parameter.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addAction, addChoice, addNumber, addQuery, only } from '../scpi/setting-commands.ts';
import { STATISTICS, statisticOf } from '../scpi/statistics.ts';
import type { Instrument2400 } from './instrument-2400.ts';
import { MOST_POINTS } from './model-2400.ts';
import { field } from './sweep-commands.ts';
import { encode } from './trigger-commands.ts';

/** Bytes that a reading takes in the buffer, for TRACe:FREE. */
const READING_BYTES = 30;

/** TRACe (or DATA) and CALCulate3, the statistics of the buffer. */
export function addTraceCommands(tree: CommandTree, instrument: Instrument2400): void {
  const set = () => instrument.settings;
  for (const root of [':TRACe', ':DATA']) {
    addAction(tree, `${root}:CLEar`, () => instrument.clearTrace());
    addNumber(
      tree,
      `${root}:POINts`,
      { min: 1, max: MOST_POINTS, initial: 100, whole: true },
      {
        get: () => set().tracePoints,
        set: (points) => {
          if (set().traceFills) throw new ScpiError(800);
          set().tracePoints = points;
        },
      },
      String,
    );
    addQuery(tree, `${root}:POINts:ACTual`, () => String(instrument.trace.length));
    addQuery(tree, `${root}:FREE`, () => {
      const free = (MOST_POINTS - instrument.trace.length) * READING_BYTES;
      return `${free},${instrument.trace.length * READING_BYTES}`;
    });
    addChoice(tree, `${root}:FEED`, ['SENSe'], {
      get: () => 'SENSe',
      set: () => {
        if (set().traceFills) throw new ScpiError(800);
      },
    });
    tree.add(`${root}:FEED:CONTrol`, {
      set: (parameters) => {
        const next = choiceValue(only(parameters), ['NEXT', 'NEVer']) === 'NEXT';
        if (next && set().tracePoints <= instrument.trace.length) instrument.clearTrace();
        set().traceFills = next;
      },
      query: () => (set().traceFills ? 'NEXT' : 'NEV'),
    });
    addQuery(tree, `${root}:DATA`, () => {
      if (instrument.trace.length === 0) throw new ScpiError(-230);
      return encode(instrument, instrument.trace);
    });
  }
  // CALCulate has the numbers 1 to 3; the statistics are CALCulate3.
  addChoice(tree, ':CALCulate<3>:FORMat', STATISTICS, third(field(set, 'statistic')));
  tree.add(':CALCulate<3>:DATA', {
    query: (_parameters, suffix) => {
      if (suffix !== 3) throw new ScpiError(-113);
      if (instrument.trace.length === 0) throw new ScpiError(-230);
      const { elements, statistic } = set();
      const measured = (['VOLTage', 'CURRent', 'RESistance'] as const).filter((name) => elements.has(name));
      return measured
        .map((name) =>
          nr3(
            statisticOf(
              statistic,
              instrument.trace.map((one) => one[name]),
            ),
          ),
        )
        .join(',');
    },
  });
}

function third<Value>(setting: { get: () => Value; set: (value: Value) => void }) {
  const checked = (suffix: number) => {
    if (suffix !== 3) throw new ScpiError(-113);
  };
  return {
    get: (suffix: number): Value => {
      checked(suffix);
      return setting.get();
    },
    set: (value: Value, suffix: number): void => {
      checked(suffix);
      setting.set(value);
    },
  };
}
