import type { CommandTree } from '../scpi/command-tree.ts';
import { booleanValue, choiceValue, stringValue } from '../scpi/parameter.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addSenseCommands } from '../scpi/sense-commands.ts';
import { addAction, addChoice, addNumber, addQuery, addSwitch, only } from '../scpi/setting-commands.ts';
import { rangeFor, type SmuFrontEnd } from '../scpi/smu-front-end.ts';
import type { Instrument2400 } from './instrument-2400.ts';
import { field } from './sweep-commands.ts';

/** The compliance may not be below this part of a fixed measuring range. */
const LEAST_OF_RANGE = 1e-3;

const FUNCTIONS = ['VOLTage', 'CURRent', 'RESistance'] as const;
type Quantity = (typeof FUNCTIONS)[number];

/** SENSe, SYSTem, ROUTe, DISPlay. */
export function addMeasureCommands(tree: CommandTree, instrument: Instrument2400): void {
  const { smu } = instrument;
  const set = () => instrument.settings;
  const sense = '[:SENSe<1>]';
  const checkAmpsRange = ({ model, limitAmps }: SmuFrontEnd, range: number): void => {
    if (range > rangeFor(model.ampRanges, limitAmps / 1.05)) throw new ScpiError(824);
    if (limitAmps < LEAST_OF_RANGE * range) throw new ScpiError(822);
  };
  addSenseCommands(tree, {
    subsystem: sense,
    smuOf: () => smu,
    nplc: { min: 0.01, max: 10 },
    checkAmpsRange,
    // The overhead is part of the answer: the 100 µA range reads back as 105 µA.
    rangeReply: (range) => nr3(1.05 * range),
    number: nr3,
  });
  addProtection(tree, `${sense}:CURRent[:DC]:PROTection`, smu);
  addNumber(
    tree,
    `${sense}:VOLTage[:DC]:PROTection[:LEVel]`,
    { min: -210, max: 210, initial: 21, unit: 'V' },
    {
      get: () => smu.limitVolts,
      set: (volts) => {
        smu.limitVolts = Math.abs(volts);
        smu.apply();
      },
    },
  );
  addQuery(tree, `${sense}:VOLTage[:DC]:PROTection:TRIPped`, () =>
    smu.inCompliance && smu.sourceFunction === 'CURRent' ? '1' : '0',
  );
  addChoice(tree, `${sense}:RESistance:MODE`, ['MANual', 'AUTO'], field(set, 'ohmsMode'));
  addNumber(
    tree,
    `${sense}:RESistance:NPLCycles`,
    { min: 0.01, max: 10, initial: 1 },
    {
      get: () => smu.nplc,
      set: (nplc) => {
        smu.nplc = nplc;
      },
    },
  );
  addFunctionSelection(tree, `${sense}:FUNCtion`, instrument);
  addSwitch(tree, ':SYSTem:RSENse', {
    get: () => smu.remoteSense,
    set: (on) => {
      smu.remoteSense = on;
    },
  });
  tree.add(':SYSTem:AZERo[:STATe]', {
    set: (parameters) => {
      // ONCE takes the references now and then works without them.
      const once = /^ONCE$/i.test(only(parameters));
      smu.autozero = once ? false : booleanValue(only(parameters));
    },
    query: () => (smu.autozero ? '1' : '0'),
  });
  addChoice(tree, ':SYSTem:GUARd', ['OHMS', 'CABLe'], {
    get: () => (smu.guardDrives ? 'OHMS' : 'CABLe'),
    set: (kind) => {
      smu.guardDrives = kind === 'OHMS';
      smu.apply();
    },
  });
  addQuery(tree, ':SYSTem:LFRequency', () => String(smu.lineHertz));
  addAction(tree, ':SYSTem:TIME:RESet', () => {});
  tree.add(':SYSTem:BEEPer[:IMMediate]', {
    set: (parameters) => {
      if (parameters.length < 2) throw new ScpiError(-109);
    },
  });
  addChoice(tree, ':ROUTe:TERMinals', ['FRONt', 'REAR'], field(set, 'terminals'));
  addSwitch(tree, ':DISPlay:ENABle', field(set, 'displayOn'));
}

function addProtection(tree: CommandTree, header: string, smu: SmuFrontEnd): void {
  addNumber(
    tree,
    `${header}[:LEVel]`,
    { min: -1.05, max: 1.05, initial: 1.05e-4, unit: 'A' },
    {
      get: () => smu.reportedLimitAmps,
      set: (amps) => {
        const limit = Math.abs(amps);
        if (limit < 1e-9) throw new ScpiError(-222);
        if (!smu.autorangeAmps && limit < LEAST_OF_RANGE * smu.measureRangeAmps) throw new ScpiError(822);
        smu.limitAmps = limit;
        smu.apply();
      },
    },
  );
  addQuery(tree, `${header}:TRIPped`, () => (smu.inCompliance && smu.sourceFunction === 'VOLTage' ? '1' : '0'));
}

/** SENSe:FUNCtion "VOLT:DC","CURR:DC": adds while concurrent, replaces otherwise. */
function addFunctionSelection(tree: CommandTree, header: string, instrument: Instrument2400): void {
  const set = () => instrument.settings;
  addSwitch(tree, `${header}:CONCurrent`, {
    get: () => set().concurrent,
    set: (on) => {
      set().concurrent = on;
      if (!on) set().measures = new Set([...set().measures].slice(0, 1));
    },
  });
  tree.add(`${header}[:ON]`, {
    set: (parameters) => {
      const names = quantities(parameters);
      if (!set().concurrent && names.length > 1) throw new ScpiError(-221);
      set().measures = new Set(set().concurrent ? [...set().measures, ...names] : names);
    },
    query: () =>
      FUNCTIONS.filter((name) => set().measures.has(name))
        .map((name) => `"${name === 'RESistance' ? 'RES' : `${name.slice(0, 4).toUpperCase()}:DC`}"`)
        .join(','),
  });
  tree.add(`${header}:OFF`, {
    set: (parameters) => {
      const off = quantities(parameters);
      set().measures = new Set([...set().measures].filter((name) => !off.includes(name)));
    },
  });
  addAction(tree, `${header}[:ON]:ALL`, () => {
    set().measures = new Set(FUNCTIONS);
  });
  addAction(tree, `${header}:OFF:ALL`, () => {
    set().measures = new Set();
  });
}

function quantities(parameters: readonly string[]): Quantity[] {
  if (parameters.length === 0) throw new ScpiError(-109);
  return parameters.map((text) => choiceValue(stringValue(text).replace(/:DC$/i, ''), FUNCTIONS));
}
