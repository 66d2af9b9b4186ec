import type { CommandTree } from '../scpi/command-tree.ts';
import { encodeReadings } from '../scpi/data-format.ts';
import { choiceValue, isKeyword, numericValue, stringValue } from '../scpi/parameter.ts';
import { nr3, plainNumber } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addSenseCommands } from '../scpi/sense-commands.ts';
import { addAction, addChoice, addNumber, addQuery, addSwitch, only } from '../scpi/setting-commands.ts';
import { statisticOf } from '../scpi/statistics.ts';
import {
  BUFFER_ELEMENTS,
  type Buffer2450,
  type BufferElement,
  type BufferedReading,
  elementValue,
} from './reading-buffer-2450.ts';
import type { Instrument2450 } from './settings-2450.ts';

const FUNCTIONS = ['VOLTage', 'CURRent', 'RESistance'] as const;
const NPLC = { min: 0.01, max: 10 };

/** SENSe, TRACe, FORMat, READ, MEASure, FETCh, INITiate, SYSTem, ROUTe. */
export function addMeasureCommands(tree: CommandTree, instrument: Instrument2450): void {
  const { smu } = instrument;
  const set = () => instrument.settings;
  const sense = '[:SENSe<1>]';
  addSenseCommands(tree, {
    subsystem: sense,
    smuOf: () => smu,
    nplc: NPLC,
    checkAmpsRange: () => {},
    rangeReply: plainNumber,
    number: plainNumber,
  });
  addNumber(
    tree,
    `${sense}:RESistance:NPLCycles`,
    { ...NPLC, initial: 1 },
    {
      get: () => smu.nplc,
      set: (nplc) => {
        smu.nplc = nplc;
      },
    },
    plainNumber,
  );
  for (const name of FUNCTIONS) {
    addSwitch(tree, `${sense}:${name}${name === 'RESistance' ? '' : '[:DC]'}:RSENse`, {
      get: () => smu.remoteSense,
      set: (on) => {
        smu.remoteSense = on;
      },
    });
    addSwitch(tree, `${sense}:${name}${name === 'RESistance' ? '' : '[:DC]'}:AZERo[:STATe]`, {
      get: () => smu.autozero,
      set: (on) => {
        smu.autozero = on;
      },
    });
  }
  tree.add(`${sense}:FUNCtion[:ON]`, {
    set: (parameters) => {
      set().measures = choiceValue(stringValue(only(parameters)).replace(/:DC$/i, ''), FUNCTIONS);
    },
    query: () => `"${{ VOLTage: 'VOLT:DC', CURRent: 'CURR:DC', RESistance: 'RES' }[set().measures]}"`,
  });
  addNumber(
    tree,
    `${sense}:COUNt`,
    { min: 1, max: 300_000, initial: 1, whole: true },
    {
      get: () => set().measureCount,
      set: (count) => {
        set().measureCount = count;
      },
    },
    String,
  );
  addFormat(tree, instrument);
  addTrace(tree, instrument);
  addReadings(tree, instrument);
  addQuery(tree, ':SYSTem:LFRequency', () => String(smu.lineHertz));
  tree.add(':SYSTem:BEEPer[:IMMediate]', {
    set: (parameters) => {
      if (parameters.length < 2) throw new ScpiError(-109);
    },
  });
  addAction(tree, ':SYSTem:CLEar', () => {});
  addChoice(tree, ':ROUTe:TERMinals', ['FRONt', 'REAR'], {
    get: () => set().terminals,
    set: (side) => {
      if (side !== set().terminals) instrument.setOutput(false);
      set().terminals = side;
    },
  });
}

function addFormat(tree: CommandTree, instrument: Instrument2450): void {
  const format = () => instrument.settings.format;
  tree.add(':FORMat[:DATA]', {
    set: (parameters) => {
      const word = parameters[0];
      if (word === undefined) throw new ScpiError(-109);
      if (isKeyword('ASCii', word)) format().type = 'ASCii';
      else if (isKeyword('REAL', word)) format().type = 'REAL64';
      else if (isKeyword('SREal', word)) format().type = 'REAL32';
      else throw new ScpiError(-224);
    },
    query: () => ({ ASCii: 'ASC', REAL64: 'REAL', REAL32: 'SRE' })[format().type],
  });
  addChoice(tree, ':FORMat:BORDer', ['NORMal', 'SWAPped'], {
    get: () => format().order,
    set: (order) => {
      format().order = order;
    },
  });
}

function addTrace(tree: CommandTree, instrument: Instrument2450): void {
  const named = ([name = '"defbuffer1"']: readonly string[]) => instrument.buffer(stringValue(name));
  tree.add(':TRACe:MAKE', {
    set: ([name, points, ...style]) => {
      if (name === undefined || points === undefined) throw new ScpiError(-109);
      if (style.length > 1) throw new ScpiError(-108);
      const count = numericValue(points, { min: 10, max: 1_000_000, initial: 100, whole: true });
      instrument.makeBuffer(stringValue(name), count);
    },
  });
  tree.add(':TRACe:CLEar', {
    set: (parameters) => {
      named(parameters).readings = [];
    },
  });
  tree.add(':TRACe:POINts', {
    set: ([points, ...name]) => {
      if (points === undefined) throw new ScpiError(-109);
      const buffer = named(name);
      buffer.capacity = numericValue(points, { min: 10, max: 1_000_000, initial: 100_000, whole: true });
      buffer.readings = [];
    },
    query: (parameters) => String(named(parameters).capacity),
  });
  addQuery(tree, ':TRACe:ACTual', (parameters) => String(named(parameters).readings.length));
  tree.add(':TRACe:DATA', {
    query: ([first, last, name = '"defbuffer1"', ...elements]) => {
      if (first === undefined || last === undefined) throw new ScpiError(-109);
      const buffer = instrument.buffer(stringValue(name));
      const place = { min: 1, max: 1_000_000, initial: 1, whole: true };
      const readings = buffer.slice(numericValue(first, place), numericValue(last, place));
      return encode(instrument, readings, elements, buffer);
    },
  });
  const statistics = [
    ['AVERage', 'MEAN'],
    ['MAXimum', 'MAXimum'],
    ['MINimum', 'MINimum'],
    ['STDDev', 'SDEViation'],
  ] as const;
  for (const [word, statistic] of statistics) {
    addQuery(tree, `:TRACe:STATistics:${word}`, (parameters) => {
      const { readings } = named(parameters);
      if (readings.length === 0) throw new ScpiError(-230);
      return nr3(
        statisticOf(
          statistic,
          readings.map(({ value }) => value),
        ),
      );
    });
  }
}

/** READ?, FETCh?, MEASure?: the last reading, or the elements that were asked for. */
function addReadings(tree: CommandTree, instrument: Instrument2450): void {
  const last = ([name = '"defbuffer1"', ...elements]: readonly string[]) => {
    const buffer = instrument.buffer(stringValue(name));
    if (buffer.readings.length === 0) throw new ScpiError(-230);
    return encode(instrument, buffer.readings.slice(-1), elements, buffer);
  };
  tree.add(':READ', {
    query: async (parameters) => {
      const [name = '"defbuffer1"'] = parameters;
      return (await instrument.measureInto(instrument.buffer(stringValue(name)))) ? last(parameters) : null;
    },
  });
  tree.add(':FETCh', { query: last });
  addAction(tree, ':INITiate[:IMMediate]', () => instrument.initiate());
  addAction(tree, ':ABORt', () => instrument.abort());
}

function encode(
  { settings }: Instrument2450,
  readings: readonly BufferedReading[],
  words: readonly string[],
  buffer: Buffer2450,
) {
  const elements: BufferElement[] =
    words.length === 0 ? ['READing'] : words.map((word) => choiceValue(word, BUFFER_ELEMENTS));
  const start = buffer.readings[0]?.seconds ?? 0;
  const values = readings.flatMap((reading) => elements.map((element) => elementValue(reading, element, start)));
  return encodeReadings(values, settings.format, 'indefinite', (value) => nr3(value));
}
