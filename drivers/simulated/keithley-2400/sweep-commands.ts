import type { CommandTree } from '../scpi/command-tree.ts';
import { nr3 } from '../scpi/reply-text.ts';
import { ScpiError } from '../scpi/scpi-error.ts';
import { addAction, addChoice, addNumber, addSwitch } from '../scpi/setting-commands.ts';
import type { SmuFrontEnd } from '../scpi/smu-front-end.ts';
import { addSourceCommands } from '../scpi/source-commands.ts';
import type { Instrument2400 } from './instrument-2400.ts';
import { MOST_POINTS } from './model-2400.ts';
import type { Settings2400 } from './settings.ts';

/** Settling that the automatic source delay waits on these ranges (user's manual, "Auto delay"). */
const AUTO_DELAY_SECONDS = 1e-3;

const MODES = ['FIXed', 'SWEep', 'LIST'] as const;

/** SOURce and OUTPut. */
export function addSourceSweepCommands(tree: CommandTree, instrument: Instrument2400): void {
  const { smu } = instrument;
  const set = () => instrument.settings;
  const source = ':SOURce<1>';
  addSourceCommands(tree, { subsystem: source, smuOf: () => smu, listsOf: () => set().lists, number: nr3 });
  addChoice(tree, `${source}:FUNCtion[:MODE]`, ['VOLTage', 'CURRent'], {
    get: () => smu.sourceFunction,
    set: (name) => {
      // Another source function switches the output off.
      if (name !== smu.sourceFunction) smu.setOutput(false, 802);
      smu.sourceFunction = name;
      set().mode = 'FIXed';
    },
  });
  for (const name of ['VOLTage', 'CURRent'] as const) {
    const own = () => (smu.sourceFunction === name ? set().mode : 'FIXed');
    addChoice(tree, `${source}:${name}:MODE`, MODES, {
      get: own,
      set: (mode) => {
        if (smu.sourceFunction === name) set().mode = mode;
        else if (mode !== 'FIXed') throw new ScpiError(-221);
      },
    });
    addSweepBounds(tree, `${source}:${name}`, name, set);
  }
  addChoice(tree, `${source}:SWEep:SPACing`, ['LINear', 'LOGarithmic'], field(set, 'spacing'));
  addChoice(tree, `${source}:SWEep:DIRection`, ['UP', 'DOWN'], field(set, 'direction'));
  addChoice(tree, `${source}:SWEep:RANGing`, ['BEST', 'AUTO', 'FIXed'], field(set, 'ranging'));
  addNumber(
    tree,
    `${source}:SWEep:POINts`,
    { min: 2, max: MOST_POINTS, initial: MOST_POINTS, whole: true },
    {
      get: () => stairs(set(), smu).length,
      set: (points) => {
        const { sweep } = set();
        if (smu.sourceFunction === 'VOLTage') {
          sweep.stepVolts = (sweep.stopVolts - sweep.startVolts) / (points - 1);
        } else sweep.stepAmps = (sweep.stopAmps - sweep.startAmps) / (points - 1);
      },
    },
    String,
  );
  addNumber(
    tree,
    `${source}:DELay`,
    { min: 0, max: 999.9999, initial: 0, unit: 'S' },
    {
      get: () => smu.sourceDelaySeconds,
      set: (seconds) => {
        smu.sourceDelaySeconds = seconds;
        set().sourceDelayAuto = false;
      },
    },
  );
  addSwitch(tree, `${source}:DELay:AUTO`, {
    get: () => set().sourceDelayAuto,
    set: (on) => {
      set().sourceDelayAuto = on;
      if (on) smu.sourceDelaySeconds = AUTO_DELAY_SECONDS;
    },
  });
  addAction(tree, `${source}:CLEar[:IMMediate]`, () => smu.setOutput(false, 802));
  addSwitch(tree, `${source}:CLEar:AUTO`, field(set, 'autoClear'));
  addSwitch(tree, ':OUTPut<1>[:STATe]', { get: () => smu.outputOn, set: (on) => smu.setOutput(on, 802) });
  addChoice(tree, ':OUTPut<1>:SMODe', ['HIMPedance', 'NORMal', 'ZERO', 'GUARd'], field(set, 'offState'));
  addSwitch(tree, ':OUTPut<1>:ENABle[:STATe]', field(set, 'outputEnable'));
  tree.add(':OUTPut<1>:ENABle:TRIPped', { query: () => (smu.faults.interlockOpen ? '0' : '1') });
}

/** The levels of the selected sweep; null where the programmed level is measured again and again. */
export function sweepLevels(settings: Settings2400, smu: SmuFrontEnd): readonly number[] | null {
  if (settings.mode === 'FIXed') return null;
  const isVolts = smu.sourceFunction === 'VOLTage';
  if (settings.mode === 'SWEep') {
    const levels = stairs(settings, smu);
    return settings.direction === 'UP' ? levels : levels.toReversed();
  }
  const { values } = isVolts ? settings.lists.volts : settings.lists.amps;
  const range = isVolts ? smu.sourceRangeVolts : smu.sourceRangeAmps;
  if (values.length === 0) throw new ScpiError(-221);
  if (!smu.sourceAutorange && values.some((value) => Math.abs(value) > 1.05 * range)) throw new ScpiError(-221);
  return values;
}

function stairs({ sweep, spacing }: Settings2400, { sourceFunction }: SmuFrontEnd): number[] {
  const [start, stop, step] =
    sourceFunction === 'VOLTage'
      ? [sweep.startVolts, sweep.stopVolts, sweep.stepVolts]
      : [sweep.startAmps, sweep.stopAmps, sweep.stepAmps];
  const points = step === 0 ? 1 : Math.floor(Math.abs((stop - start) / step) + 1e-6) + 1;
  if (points > MOST_POINTS) throw new ScpiError(-221);
  const at = (i: number) => (points === 1 ? 0 : i / (points - 1));
  if (spacing === 'LOGarithmic') {
    if (!(start * stop > 0)) throw new ScpiError(-221);
    return Array.from({ length: points }, (_, i) => start * (stop / start) ** at(i));
  }
  return Array.from({ length: points }, (_, i) => start + i * Math.sign(stop - start) * Math.abs(step));
}

function addSweepBounds(tree: CommandTree, header: string, name: 'VOLTage' | 'CURRent', set: () => Settings2400): void {
  const isVolts = name === 'VOLTage';
  const most = isVolts ? 210 : 1.05;
  const bounds = { min: -most, max: most, initial: 0, unit: isVolts ? 'V' : 'A' };
  const keys = isVolts
    ? (['startVolts', 'stopVolts', 'stepVolts'] as const)
    : (['startAmps', 'stopAmps', 'stepAmps'] as const);
  (['STARt', 'STOP', 'STEP'] as const).forEach((word, i) => {
    addNumber(tree, `${header}:${word}`, bounds, {
      get: () => set().sweep[keys[i]],
      set: (value) => {
        set().sweep[keys[i]] = value;
      },
    });
  });
}

/** A setting that is nothing but stored, its meaning being read where it acts. */
export function field<Key extends keyof Settings2400>(set: () => Settings2400, key: Key) {
  return {
    get: (): Settings2400[Key] => set()[key],
    set: (value: Settings2400[Key]): void => {
      set()[key] = value;
    },
  };
}
