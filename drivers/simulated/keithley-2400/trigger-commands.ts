import type { CommandTree } from '../scpi/command-tree.ts';
import { encodeReadings } from '../scpi/data-format.ts';
import { choiceValue, isKeyword } from '../scpi/parameter.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addAction, addChoice, addNumber } from '../scpi/setting-commands.ts';
import type { Instrument2400 } from './instrument-2400.ts';
import { MOST_POINTS } from './model-2400.ts';
import { ELEMENTS, type StoredReading } from './stored-reading.ts';
import { field } from './sweep-commands.ts';

/** ARM, TRIGger, INITiate, READ, FETCh, ABORt, FORMat. */
export function addTriggerCommands(tree: CommandTree, instrument: Instrument2400): void {
  const set = () => instrument.settings;
  const counts = [
    [':ARM[:SEQuence<1>][:LAYer<1>]:COUNt', 'armCount', 'triggerCount'],
    [':TRIGger[:SEQuence<1>]:COUNt', 'triggerCount', 'armCount'],
  ] as const;
  for (const [header, own, other] of counts) {
    addNumber(
      tree,
      header,
      { min: 1, max: MOST_POINTS, initial: 1, whole: true },
      {
        get: () => set()[own],
        set: (count) => {
          if (count * set()[other] > MOST_POINTS) throw new ScpiError(-221);
          set()[own] = count;
        },
      },
      String,
    );
  }
  addChoice(tree, ':ARM[:SEQuence<1>][:LAYer<1>]:SOURce', ['IMMediate', 'TIMer', 'BUS'], field(set, 'armSource'));
  addNumber(
    tree,
    ':ARM[:SEQuence<1>][:LAYer<1>]:TIMer',
    { min: 1e-3, max: 99999.99, initial: 0.1, unit: 'S' },
    field(set, 'armTimerSeconds'),
  );
  addNumber(
    tree,
    ':TRIGger[:SEQuence<1>]:DELay',
    { min: 0, max: 999.9999, initial: 0, unit: 'S' },
    field(set, 'triggerDelaySeconds'),
  );
  // Of the trigger layer's sources only the one without outside wiring is here: no trigger link.
  addChoice(tree, ':TRIGger[:SEQuence<1>]:SOURce', ['IMMediate'], { get: () => 'IMMediate', set: () => {} });
  addAction(tree, ':INITiate[:IMMediate]', () => instrument.initiate());
  addAction(tree, ':ABORt', () => instrument.abort());
  tree.add(':READ', {
    query: async () => {
      const readings = await instrument.read();
      return readings === null ? null : encode(instrument, readings);
    },
  });
  tree.add(':FETCh', { query: () => encode(instrument, instrument.fetch()) });
  addFormat(tree, instrument);
}

/** Readings in the present format; the order of the elements is fixed, whatever order was asked for. */
export function encode({ settings }: Instrument2400, readings: readonly StoredReading[]) {
  const elements = ELEMENTS.filter((element) => settings.elements.has(element));
  const values = readings.flatMap((reading) => elements.map((element) => reading[element]));
  return encodeReadings(values, settings.format, 'indefinite', (value) => nr3(value));
}

function addFormat(tree: CommandTree, instrument: Instrument2400): void {
  tree.add(':FORMat[:DATA]', {
    set: (parameters) => {
      instrument.settings.format.type = dataType(parameters);
    },
    query: () => (instrument.settings.format.type === 'ASCii' ? 'ASC' : 'REAL,32'),
  });
  addChoice(tree, ':FORMat:BORDer', ['NORMal', 'SWAPped'], {
    get: () => instrument.settings.format.order,
    set: (order) => {
      instrument.settings.format.order = order;
    },
  });
  tree.add(':FORMat:ELEMents[:SENSe<1>]', {
    set: (parameters) => {
      if (parameters.length === 0) throw new ScpiError(-109);
      instrument.settings.elements = new Set(parameters.map((text) => choiceValue(text, ELEMENTS)));
    },
    query: () =>
      ELEMENTS.filter((element) => instrument.settings.elements.has(element))
        .map((element) => element.replaceAll(/[a-z]/g, ''))
        .join(','),
  });
}

/** ASCii, REAL,32 or SREal. */
function dataType(parameters: readonly string[]): 'ASCii' | 'REAL32' {
  const [word, size] = parameters;
  if (word === undefined) throw new ScpiError(-109);
  if (isKeyword('ASCii', word)) return 'ASCii';
  if (isKeyword('SREal', word)) return 'REAL32';
  if (isKeyword('REAL', word) && size === '32') return 'REAL32';
  throw new ScpiError(-224);
}
