import type { CommandTree } from '../scpi/command-tree.ts';
import { booleanValue, choiceValue, numericValue, stringValue } from '../scpi/parameter.ts';
import { plainNumber } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addChoice, addNumber, addQuery, addSwitch } from '../scpi/setting-commands.ts';
import { addSourceCommands } from '../scpi/source-commands.ts';
import { type Instrument2450, OFF_STATES } from './settings-2450.ts';

const SECONDS = { min: 0, max: 10_000, initial: 0, unit: 'S' };

/** SOURce and OUTPut. */
export function addSweepCommands(tree: CommandTree, instrument: Instrument2450): void {
  const { smu } = instrument;
  const set = () => instrument.settings;
  const source = ':SOURce<1>';
  addSourceCommands(tree, { subsystem: source, smuOf: () => smu, listsOf: () => set().lists, number: plainNumber });
  addChoice(tree, `${source}:FUNCtion[:MODE]`, ['VOLTage', 'CURRent'], {
    get: () => smu.sourceFunction,
    set: (name) => {
      if (name !== smu.sourceFunction) instrument.setOutput(false);
      smu.sourceFunction = name;
    },
  });
  addNumber(
    tree,
    `${source}:VOLTage:ILIMit[:LEVel]`,
    { min: 1e-9, max: 1.05, initial: 1.05e-4, unit: 'A' },
    {
      get: () => smu.reportedLimitAmps,
      set: (amps) => {
        smu.limitAmps = amps;
        smu.apply();
      },
    },
    plainNumber,
  );
  addNumber(
    tree,
    `${source}:CURRent:VLIMit[:LEVel]`,
    { min: 0.02, max: 210, initial: 21, unit: 'V' },
    {
      get: () => smu.limitVolts,
      set: (volts) => {
        smu.limitVolts = volts;
        smu.apply();
      },
    },
    plainNumber,
  );
  addQuery(tree, `${source}:VOLTage:ILIMit[:LEVel]:TRIPped`, () => (smu.inCompliance ? '1' : '0'));
  addQuery(tree, `${source}:CURRent:VLIMit[:LEVel]:TRIPped`, () => (smu.inCompliance ? '1' : '0'));
  for (const name of ['VOLTage', 'CURRent'] as const) {
    addSwitch(tree, `${source}:${name}:READ:BACK`, {
      get: () => set().readBack[name],
      set: (on) => {
        set().readBack[name] = on;
      },
    });
    addNumber(
      tree,
      `${source}:${name}:DELay`,
      SECONDS,
      {
        get: () => smu.sourceDelaySeconds,
        set: (seconds) => {
          smu.sourceDelaySeconds = seconds;
        },
      },
      plainNumber,
    );
    addChoice(tree, `:OUTPut<1>:${name}:SMODe`, OFF_STATES, {
      get: () => set().offState[name],
      set: (state) => {
        set().offState[name] = state;
      },
    });
  }
  addSwitch(tree, ':OUTPut<1>[:STATe]', { get: () => smu.outputOn, set: (on) => instrument.setOutput(on) });
  addChoice(tree, ':OUTPut<1>:SMODe', OFF_STATES, {
    get: () => set().offState[smu.sourceFunction],
    set: (state) => {
      set().offState.VOLTage = state;
      set().offState.CURRent = state;
    },
  });
  addQuery(tree, ':OUTPut<1>:INTerlock:TRIPped', () => (smu.faults.interlockOpen ? '0' : '1'));
  addListSweep(tree, instrument);
  addLinearSweep(tree, instrument);
}

/** startIndex, delay, count, failAbort, "buffer": from the list, into the trigger model. */
function addListSweep(tree: CommandTree, instrument: Instrument2450): void {
  tree.add(':SOURce<1>:SWEep:VOLTage:LIST', {
    set: ([first = '1', delay = '0', count = '1', failAbort = 'ON', name = '"defbuffer1"']) => {
      const { values } = instrument.settings.lists.volts;
      const start = numericValue(first, { min: 1, max: Math.max(1, values.length), initial: 1, whole: true });
      if (values.length === 0) throw new ScpiError(-221);
      booleanValue(failAbort);
      build(instrument, values.slice(start - 1), delay, count, name);
    },
  });
}

/** start, stop, points, delay, count, rangeType, failAbort, dual, "buffer". */
function addLinearSweep(tree: CommandTree, instrument: Instrument2450): void {
  tree.add(':SOURce<1>:SWEep:VOLTage:LINear', {
    set: (parameters) => {
      if (parameters.length < 3) throw new ScpiError(-109);
      const [from, to, number, delay = '0', count = '1', type = 'BEST', failAbort = 'ON', dual = 'OFF'] = parameters;
      const level = { min: -210, max: 210, initial: 0, unit: 'V' };
      const [start, stop] = [numericValue(from, level), numericValue(to, level)];
      const points = numericValue(number, { min: 2, max: 1_000_000, initial: 2, whole: true });
      choiceValue(type, ['AUTO', 'BEST', 'FIXed']);
      booleanValue(failAbort);
      const up = Array.from({ length: points }, (_, i) => start + ((stop - start) * i) / (points - 1));
      const levels = booleanValue(dual) ? [...up, ...up.toReversed().slice(1)] : up;
      build(instrument, levels, delay, count, parameters[8] ?? '"defbuffer1"');
    },
  });
}

function build(instrument: Instrument2450, once: readonly number[], delay: string, count: string, name: string): void {
  const { smu, settings } = instrument;
  const times = numericValue(count, { min: 1, max: 268_435_455, initial: 1, whole: true });
  const delaySeconds = numericValue(delay, SECONDS);
  if (once.length * times > 1_000_000) throw new ScpiError(-225);
  if (!smu.sourceAutorange && once.some((value) => Math.abs(value) > 1.05 * smu.sourceRangeVolts)) {
    throw new ScpiError(-221);
  }
  const levels = Array.from({ length: times }, () => once).flat();
  settings.sweep = { levels, delaySeconds, buffer: instrument.buffer(stringValue(name)) };
}
