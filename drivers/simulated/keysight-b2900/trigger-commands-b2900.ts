import type { CommandTree } from '../scpi/command-tree.ts';
import { type DataFormat, encodeReadings } from '../scpi/data-format.ts';
import { channelList, choiceValue, isKeyword } from '../scpi/parameter.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addAction, addChoice, addNumber, addQuery, only } from '../scpi/setting-commands.ts';
import { type ChannelB2900, ELEMENTS, type Element, type ReadingB2900, TRIGGER_SOURCES } from './channel-b2900.ts';
import { MOST_READINGS } from './model-b2902.ts';

/** Format settings of the whole instrument. */
export interface FormatB2900 {
  readonly data: DataFormat;
  elements: ReadonlySet<Element>;
}

export interface InstrumentB2900 {
  readonly channels: readonly ChannelB2900[];
  readonly format: FormatB2900;
  initiate(channels: readonly number[]): void;
  abort(): void;
}

/** TRIGger, INITiate, ABORt, FETCh, READ, MEASure, TRACe, FORMat. */
export function addTriggerCommands(tree: CommandTree, instrument: InstrumentB2900): void {
  const last = instrument.channels.length;
  const channelOf = (suffix: number) => instrument.channels[suffix - 1];
  const listed = (parameters: readonly string[]) => {
    if (parameters.length > 1) throw new ScpiError(-108);
    return parameters.length === 0 ? [1] : channelList(parameters[0], last);
  };
  const layers = [
    ['[:ALL]', ['transient', 'acquire']],
    [':TRANsient', ['transient']],
    [':ACQuire', ['acquire']],
  ] as const;
  for (const [word, keys] of layers) {
    const header = `:TRIGger<${last}>${word}`;
    const each = (suffix: number) => keys.map((key) => channelOf(suffix).settings[key]);
    addNumber(
      tree,
      `${header}:COUNt`,
      { min: 1, max: MOST_READINGS, initial: 1, whole: true },
      {
        get: (suffix) => each(suffix)[0].count,
        set: (count, suffix) => {
          for (const layer of each(suffix)) layer.count = count;
        },
      },
      String,
    );
    addNumber(
      tree,
      `${header}:DELay`,
      { min: 0, max: 1e5, initial: 0, unit: 'S' },
      {
        get: (suffix) => each(suffix)[0].delaySeconds,
        set: (seconds, suffix) => {
          for (const layer of each(suffix)) layer.delaySeconds = seconds;
        },
      },
    );
    addNumber(
      tree,
      `${header}:TIMer`,
      { min: 1e-5, max: 1e5, initial: 1e-5, unit: 'S' },
      {
        get: (suffix) => each(suffix)[0].timerSeconds,
        set: (seconds, suffix) => {
          for (const layer of each(suffix)) layer.timerSeconds = seconds;
        },
      },
    );
    addChoice(tree, `${header}:SOURce[:SIGNal]`, TRIGGER_SOURCES, {
      get: (suffix) => each(suffix)[0].source,
      set: (source, suffix) => {
        for (const layer of each(suffix)) layer.source = source;
      },
    });
  }
  tree.add(':INITiate[:IMMediate][:ALL]', { set: (parameters) => instrument.initiate(listed(parameters)) });
  tree.add(':ABORt[:ALL]', { set: () => instrument.abort() });
  tree.add(':ABORt:ACQuire', { set: () => instrument.abort() });
  const readings = (parameters: readonly string[], latestOnly: boolean) => {
    const chosen = listed(parameters).map((number) => channelOf(number).readings);
    if (chosen.some((list) => list.length === 0)) throw new ScpiError(-230);
    return encode(
      instrument,
      chosen.flatMap((list) => (latestOnly ? list.slice(-1) : list)),
    );
  };
  const run = async (parameters: readonly string[], latestOnly: boolean) => {
    const numbers = listed(parameters);
    instrument.initiate(numbers);
    await Promise.all(numbers.map((number) => channelOf(number).sequence.idle()));
    const aborted = numbers.some((number) => channelOf(number).sequence.aborted);
    return aborted ? null : readings(parameters, latestOnly);
  };
  addQuery(tree, ':FETCh:ARRay', (parameters) => readings(parameters, false));
  addQuery(tree, ':FETCh[:SCALar]', (parameters) => readings(parameters, true));
  addQuery(tree, ':READ:ARRay', (parameters) => run(parameters, false));
  addQuery(tree, ':READ[:SCALar]', (parameters) => run(parameters, true));
  addTrace(tree, instrument);
  addFormat(tree, instrument);
}

function addTrace(tree: CommandTree, instrument: InstrumentB2900): void {
  const header = `:TRACe<${instrument.channels.length}>`;
  const channelOf = (suffix: number) => instrument.channels[suffix - 1];
  addAction(tree, `${header}:CLEar`, (suffix) => {
    if (channelOf(suffix).settings.traceFills) throw new ScpiError(-221);
    channelOf(suffix).trace = [];
  });
  addNumber(
    tree,
    `${header}:POINts`,
    { min: 1, max: MOST_READINGS, initial: MOST_READINGS, whole: true },
    {
      get: (suffix) => channelOf(suffix).settings.tracePoints,
      set: (points, suffix) => {
        channelOf(suffix).settings.tracePoints = points;
      },
    },
    String,
  );
  addQuery(tree, `${header}:POINts:ACTual`, (_parameters, suffix) => String(channelOf(suffix).trace.length));
  addChoice(tree, `${header}:FEED`, ['SENSe'], { get: () => 'SENSe', set: () => {} });
  tree.add(`${header}:FEED:CONTrol`, {
    set: (parameters, suffix) => {
      channelOf(suffix).settings.traceFills = choiceValue(only(parameters), ['NEXT', 'NEVer']) === 'NEXT';
    },
    query: (_parameters, suffix) => (channelOf(suffix).settings.traceFills ? 'NEXT' : 'NEV'),
  });
  addQuery(tree, `${header}:DATA`, (_parameters, suffix) => {
    const { trace } = channelOf(suffix);
    if (trace.length === 0) throw new ScpiError(-230);
    return encode(instrument, trace);
  });
}

function addFormat(tree: CommandTree, instrument: InstrumentB2900): void {
  const data = () => instrument.format.data;
  tree.add(':FORMat[:DATA]', {
    set: ([word, size]) => {
      if (word === undefined) throw new ScpiError(-109);
      if (isKeyword('ASCii', word)) data().type = 'ASCii';
      else if (isKeyword('REAL', word) && (size === '32' || size === '64')) data().type = `REAL${size}`;
      else throw new ScpiError(-224);
    },
    query: () => ({ ASCii: 'ASC', REAL32: 'REAL,32', REAL64: 'REAL,64' })[data().type],
  });
  addChoice(tree, ':FORMat:BORDer', ['NORMal', 'SWAPped'], {
    get: () => data().order,
    set: (order) => {
      data().order = order;
    },
  });
  tree.add(':FORMat:ELEMents:SENSe', {
    set: (parameters) => {
      if (parameters.length === 0) throw new ScpiError(-109);
      instrument.format.elements = new Set(parameters.map((text) => choiceValue(text, ELEMENTS)));
    },
    query: () =>
      ELEMENTS.filter((element) => instrument.format.elements.has(element))
        .map((element) => element.replaceAll(/[a-z]/g, ''))
        .join(','),
  });
}

/** The order of the elements is fixed, whatever order was asked for. */
function encode({ format }: InstrumentB2900, readings: readonly ReadingB2900[]) {
  const elements = ELEMENTS.filter((element) => format.elements.has(element));
  const values = readings.flatMap((reading) => elements.map((element) => reading[element]));
  return encodeReadings(values, format.data, 'definite', (value) => nr3(value));
}
