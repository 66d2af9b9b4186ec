import type { RecipeFileContent } from './recipe-schema.ts';

/** A rule that the recipe breaks, with the path of the value to blame. */
export interface RecipeFault {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly expected: string;
}

/** Source-measure units reject a limit below a tenth of its measuring range. */
const LOWEST_LIMIT_OF_RANGE = 0.1;

/** Rules that bind several values; types and single bounds are the schema's. An empty list means a sound recipe. */
export function recipeFaults(content: RecipeFileContent): RecipeFault[] {
  return [...voltageFaults(content), ...loopFaults(content), ...rangeFaults(content), ...branchFaults(content)].concat(
    classFaults(content),
    limitFaults(content),
    adaptiveFaults(content),
    programmingFaults(content),
  );
}

function voltageFaults({ limits, preRead, lowBias, initialise, loop, read }: RecipeFileContent): RecipeFault[] {
  const lists: [string, string, readonly number[]][] = [
    ['preRead', 'volts', preRead.volts],
    ['lowBias', 'volts', lowBias.volts],
    ['initialise', 'volts', initialise.volts],
    ['loop', 'quarterVolts', loop.quarterVolts],
    ['read', 'volts', read.volts],
  ];
  const faults: RecipeFault[] = [];
  for (const [list, key, volts] of lists) {
    volts.forEach((level, index) => {
      if (Math.abs(level) <= limits.junctionVolts) return;
      const expected = `at most ±${limits.junctionVolts} V (limits.junctionVolts)`;
      faults.push({ path: [list, key, index], what: 'the voltage lies above the junction ceiling', expected });
    });
  }
  for (const [list, volts] of [
    ['preRead', preRead.volts],
    ['read', read.volts],
    ['lowBias', lowBias.volts],
  ] as const) {
    const both = volts.some((level) => level > 0) && volts.some((level) => level < 0);
    if (!both) {
      faults.push({
        path: [list, 'volts'],
        what: 'a resistance is the slope through both polarities',
        expected: 'positive and negative voltages',
      });
    }
    const low = volts.every((level) => Math.abs(level) <= 0.05);
    if (!low) {
      faults.push({
        path: [list, 'volts'],
        what: 'a low-bias list must not disturb the state',
        expected: '|V| ≤ 0.05 V',
      });
    }
  }
  return faults;
}

function loopFaults({ loop, initialise }: RecipeFileContent): RecipeFault[] {
  const faults: RecipeFault[] = [];
  loop.quarterVolts.forEach((level, index) => {
    if (index === 0 || level > loop.quarterVolts[index - 1]) return;
    const expected = `more than ${loop.quarterVolts[index - 1]} V`;
    faults.push({ path: ['loop', 'quarterVolts', index], what: 'the quarter must ascend', expected });
  });
  const largest = Math.max(...loop.quarterVolts);
  if (Math.min(...initialise.volts) > -largest) {
    faults.push({
      path: ['initialise', 'volts'],
      what: 'the initialising half-cycle does not reach the loop amplitude, so AP is not certain',
      expected: `a point at −${largest} V or beyond (written for apToP: positive)`,
    });
  }
  if (Math.max(...initialise.volts) > 0) {
    faults.push({ path: ['initialise', 'volts'], what: 'this polarity would write P', expected: 'no voltage above 0' });
  }
  return faults;
}

function rangeFaults(content: RecipeFileContent): RecipeFault[] {
  const ranges: [readonly (string | number)[], { rangeAmps: number; limitAmps: number }][] = [
    [['preRead'], content.preRead],
    [['lowBias'], content.lowBias],
    [['read'], content.read],
    [['onCompliance', 'repeatOnce'], content.onCompliance.repeatOnce],
  ];
  if (content.adaptive !== undefined) {
    ranges.push([['adaptive', 'read'], content.adaptive.read], [['adaptive', 'verify'], content.adaptive.verify]);
  }
  content.branches.forEach((branch, index) => {
    if ('rangeAmps' in branch) ranges.push([['branches', index], branch]);
  });
  return ranges.flatMap(([path, { rangeAmps, limitAmps }]) => {
    if (limitAmps <= rangeAmps && limitAmps >= LOWEST_LIMIT_OF_RANGE * rangeAmps) return [];
    const expected = `between a tenth of the range and the range (${rangeAmps} A)`;
    return [{ path: [...path, 'limitAmps'], what: 'the limit does not fit the measuring range', expected }];
  });
}

function branchFaults({ branches, classes, onCompliance }: RecipeFileContent): RecipeFault[] {
  const faults: RecipeFault[] = [];
  let last = 0;
  branches.forEach((branch, index) => {
    const isLast = index === branches.length - 1;
    if ('else' in branch !== isLast) {
      const what = isLast ? 'the last branch must catch everything' : 'only the last branch may be the rest';
      faults.push({ path: ['branches', index], what, expected: isLast ? '{else: open}' : 'below and do' });
      return;
    }
    if (!('below' in branch)) return;
    if (branch.below <= last) {
      faults.push({ path: ['branches', index, 'below'], what: 'bounds must ascend', expected: `more than ${last} Ω` });
    }
    last = branch.below;
    if (branch.do === 'loop' && branch.limitAmps > onCompliance.repeatOnce.limitAmps) {
      const expected = `at least ${branch.limitAmps} A, the limit of branch ${index + 1}`;
      faults.push({
        path: ['onCompliance', 'repeatOnce', 'limitAmps'],
        what: 'the repeat has a lower limit',
        expected,
      });
    }
  });
  if (last < classes.openAboveOhms) {
    const expected = `up to ${classes.openAboveOhms} Ω (classes.openAboveOhms)`;
    faults.push({ path: ['branches'], what: 'cells that are not yet open would get no loop', expected });
  }
  return faults;
}

function classFaults({ classes }: RecipeFileContent): RecipeFault[] {
  const order = ['lineShortBelowOhms', 'shortedBelowOhms', 'subparBelowOhms', 'openAboveOhms'] as const;
  return order.slice(1).flatMap((name, i) => {
    if (classes[name] > classes[order[i]]) return [];
    const expected = `more than ${order[i]} (${classes[order[i]]} Ω)`;
    return [{ path: ['classes', name], what: 'the thresholds must ascend', expected }];
  });
}

/** Quick reads obey the same rules as the lists they stand in for. */
function adaptiveFaults({ adaptive, limits, loop }: RecipeFileContent): RecipeFault[] {
  if (adaptive === undefined) return [];
  const faults: RecipeFault[] = [];
  for (const key of ['read', 'verify'] as const) {
    const { volts } = adaptive[key];
    const sound = volts.some((v) => v > 0) && volts.some((v) => v < 0) && volts.every((v) => Math.abs(v) <= 0.05);
    if (sound) continue;
    const expected = 'both polarities, |V| ≤ 0.05 V';
    faults.push({ path: ['adaptive', key, 'volts'], what: 'a low-bias list must not disturb the state', expected });
  }
  const largest = Math.max(...loop.quarterVolts);
  const peak = Math.max(...adaptive.write.volts);
  const oneSign = adaptive.write.volts.every((level) => level >= 0);
  if (!oneSign || peak < largest || peak > limits.junctionVolts) {
    faults.push({
      path: ['adaptive', 'write', 'volts'],
      what: 'the write must reach the loop amplitude and no more than the ceiling, with one sign',
      expected: `from 0 V, a point at ${largest} V, at most ${limits.junctionVolts} V`,
    });
  }
  return faults;
}

function programmingFaults({ programming, limits }: RecipeFileContent): RecipeFault[] {
  if (programming === undefined) return [];
  const { amplitudes, read } = programming;
  const faults: RecipeFault[] = [];
  amplitudes.forEach((volts, index) => {
    const above = index === 0 ? 0 : amplitudes[index - 1];
    if (volts > above && volts <= limits.junctionVolts) return;
    const expected = `more than ${above} V, at most ${limits.junctionVolts} V (limits.junctionVolts)`;
    faults.push({ path: ['programming', 'amplitudes', index], what: 'amplitudes rise up to the ceiling', expected });
  });
  if (read.volts > 0.05) {
    const path = ['programming', 'read', 'volts'];
    faults.push({ path, what: 'a low-bias list must not disturb the state', expected: '|V| ≤ 0.05 V' });
  }
  return faults;
}

function limitFaults({ limits, enable, supplies }: RecipeFileContent): RecipeFault[] {
  const { min, max } = limits.padVolts;
  const faults: RecipeFault[] = [];
  if (min > 0 || max < limits.junctionVolts) {
    const expected = `min ≤ 0 V and max ≥ ${limits.junctionVolts} V: one pad of a junction is always at 0 V`;
    faults.push({ path: ['limits', 'padVolts'], what: 'the pads cannot carry the junction voltage', expected });
  }
  if (supplies.vddVolts > max) {
    faults.push({ path: ['supplies', 'vddVolts'], what: 'above the pad limit', expected: `at most ${max} V` });
  }
  if (enable.volts > max) {
    faults.push({ path: ['enable', 'volts'], what: 'above the pad limit', expected: `at most ${max} V` });
  }
  return faults;
}
