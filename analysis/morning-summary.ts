import { CELL_CLASSES, type CellClass } from '../wafer/cell-class.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import { formatDuration, formatQuantity } from '../wafer/units.ts';
import { dieThumbnail } from './die-thumbnail.ts';

/** Mean with its standard error, and how many cells it rests on. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
  readonly cells: number;
}

/** Everything the page after a run says, in its fixed order; `scripts/morning-facts.ts` collects it. */
export interface MorningFacts {
  readonly file: string;
  readonly lot: string;
  readonly wafer: string;
  readonly recipe: string;
  readonly geometry: CrossbarGeometry;
  readonly finish: {
    readonly end: 'finished' | 'stopped' | 'aborted' | 'failed' | 'interrupted';
    readonly reason: string | null;
    readonly cellsDone: number;
    readonly cellsPlanned: number;
    readonly diesDone: number;
    readonly diesPlanned: number;
    readonly sessions: number;
  };
  readonly bench: {
    /** `unknown`: the run ended without a safe exit (power cut, kill). */
    readonly verdict: 'safe' | 'assumed' | 'unsafe' | 'unknown';
    readonly at: string | null;
    readonly steps: readonly string[];
  };
  readonly harm: {
    /** Junctions that broke while they were measured. */
    readonly losses: number;
    /** Entries of the violation book; null on a real bench, which keeps none. */
    readonly violations: number | null;
    readonly mostTouchdowns: number;
    readonly touchdownLimit: number;
  };
  readonly trust: {
    readonly warnings: readonly { readonly kind: string; readonly count: number; readonly first: string }[];
    readonly diesWithoutContact: number;
    readonly diesSkipped: number;
    readonly undetermined: number;
    /** Planned cells of visited dies without a verdict. */
    readonly gaps: number;
    readonly chuckCelsius: readonly [number, number] | null;
  };
  readonly found: {
    readonly counts: Readonly<Record<CellClass, number>>;
    readonly rP: Estimate | null;
    readonly rAp: Estimate | null;
    readonly vSwitchPositive: { readonly median: number; readonly cells: number } | null;
    readonly vSwitchNegative: { readonly median: number; readonly cells: number } | null;
    readonly dies: readonly {
      readonly x: number;
      readonly y: number;
      readonly measured: number;
      readonly healthy: number;
    }[];
    /** Cell index → not healthy, for the thumbnail of a single die; null for several dies. */
    readonly badCells: readonly number[] | null;
  };
  /** By the plan's estimate: the whole plan, and the share of it that was measured. */
  readonly time: {
    readonly plannedSeconds: number;
    readonly plannedOfMeasuredSeconds: number;
    readonly actualSeconds: number;
  };
  readonly verified: { readonly faults: number; readonly sweeps: number } | null;
}

export interface MorningSummary {
  readonly text: string;
  /** What needs somebody's attention; empty after a clean run. It decides the exit status. */
  readonly attention: readonly string[];
}

/** The page: one fixed order after every run however it ended. */
export function morningSummary(facts: MorningFacts): MorningSummary {
  const attention = attentionOf(facts);
  const sections: [string, string[]][] = [
    ['Did it finish?', finishLines(facts)],
    ['Is the bench safe now?', benchLines(facts)],
    ['Were devices harmed?', harmLines(facts)],
    ['Can the data be trusted?', trustLines(facts)],
    ['What was found?', foundLines(facts)],
    ['What next?', nextLines(facts, attention)],
    ['Time and file', timeLines(facts)],
  ];
  const title = `Wafer ${facts.wafer}, lot ${facts.lot}, recipe ${facts.recipe}`;
  const body = sections.map(([heading, lines]) => [heading, ...lines.map((line) => `  ${line}`)].join('\n'));
  return { text: [`${title}\n${'='.repeat(title.length)}`, ...body].join('\n\n').concat('\n'), attention };
}

function attentionOf({ finish, bench, harm, trust, verified }: MorningFacts): string[] {
  const list: string[] = [];
  if (finish.end !== 'finished') list.push(`the run ${endText(finish.end)}`);
  if (bench.verdict !== 'safe')
    list.push(`the bench is ${bench.verdict === 'unsafe' ? 'NOT safe' : `safe by assumption only (${bench.verdict})`}`);
  if ((harm.violations ?? 0) > 0) list.push(`${harm.violations} violations of the safe order`);
  if (harm.losses > 0) list.push(`${counted(harm.losses, 'junction')} broke in the test`);
  if (trust.diesWithoutContact > 0) list.push(`${counted(trust.diesWithoutContact, 'die')} without contact`);
  if (trust.diesSkipped > 0) list.push(`${counted(trust.diesSkipped, 'die')} skipped`);
  if (trust.gaps > 0) list.push(`${trust.gaps} planned cells without a verdict`);
  if (verified !== null && verified.faults > 0) list.push(`the file has ${verified.faults} faults`);
  return list;
}

function finishLines({ finish }: MorningFacts): string[] {
  const { end, reason, cellsDone, cellsPlanned, diesDone, diesPlanned, sessions } = finish;
  const cells = `${count(cellsDone)} of ${count(cellsPlanned)} cells`;
  const dies = `${diesDone} of ${diesPlanned} ${diesPlanned === 1 ? 'die' : 'dies'} complete`;
  const lines = [
    `${end === 'finished' ? 'Yes' : `No: it ${endText(end)}`}. ${cells}, ${dies}${sessions > 1 ? `, ${sessions} sessions` : ''}.`,
  ];
  if (reason !== null) lines.push(reason);
  return lines;
}

function benchLines({ bench }: MorningFacts): string[] {
  const at = bench.at === null ? '' : ` at ${bench.at}`;
  switch (bench.verdict) {
    case 'safe':
      return [`Yes, read back${at}: ${bench.steps.join('; ')}.`];
    case 'assumed':
      return [`Assumed, not read back${at}: ${bench.steps.join('; ')}.`, 'Check the source at its front panel.'];
    case 'unsafe':
      return [`NO${at}: ${bench.steps.join('; ')}.`, 'Go to the bench before anything else.'];
    case 'unknown':
      return ['Unknown: the run ended without a safe exit. "tunnelbench resume" makes the bench safe first.'];
  }
}

function harmLines({ harm }: MorningFacts): string[] {
  const losses =
    harm.losses === 0 ? 'No junction broke in the test' : `${counted(harm.losses, 'junction')} broke in the test`;
  const violations =
    harm.violations === null ? '' : `; ${harm.violations === 0 ? 'no' : harm.violations} violations of the safe order`;
  return [
    `${losses}${violations}.`,
    `At most ${counted(harm.mostTouchdowns, 'touchdown')} on a die (limit ${harm.touchdownLimit}).`,
  ];
}

function trustLines({ trust }: MorningFacts): string[] {
  const lines: string[] = [];
  if (trust.diesWithoutContact > 0) lines.push(`${counted(trust.diesWithoutContact, 'die')} gave no contact.`);
  if (trust.diesSkipped > 0) lines.push(`${counted(trust.diesSkipped, 'die')} left out.`);
  lines.push(
    trust.gaps === 0
      ? 'No gaps: every planned cell of the visited dies has a verdict.'
      : `${count(trust.gaps)} planned cells have no verdict.`,
  );
  if (trust.undetermined > 0) lines.push(`${count(trust.undetermined)} cells are undetermined.`);
  if (trust.chuckCelsius !== null) {
    const [low, high] = trust.chuckCelsius;
    lines.push(`Chuck ${low.toFixed(1)} to ${high.toFixed(1)} °C.`);
  }
  for (const { kind, count: times, first } of trust.warnings) {
    lines.push(`${kind}${times > 1 ? ` (${times} times, first)` : ''}: ${first}`);
  }
  if (trust.warnings.length === 0) lines.push('No warnings: contact, reference cells and leakage were in order.');
  return lines;
}

function foundLines({ found, geometry }: MorningFacts): string[] {
  const all = CELL_CLASSES.reduce((sum, name) => sum + found.counts[name], 0);
  const measured = all - found.counts.unmeasured;
  const lines = [`${'class'.padEnd(14)}${'cells'.padStart(9)}${'of measured'.padStart(13)}`];
  for (const name of CELL_CLASSES) {
    if (found.counts[name] === 0) continue;
    const share =
      name === 'unmeasured' || measured === 0 ? '–' : `${((100 * found.counts[name]) / measured).toFixed(2)} %`;
    lines.push(`${name.padEnd(14)}${count(found.counts[name]).padStart(9)}${share.padStart(13)}`);
  }
  if (found.rP !== null && found.rAp !== null) {
    lines.push(
      `R_P ${estimateText(found.rP)}, R_AP ${estimateText(found.rAp)} (mean ± standard error, ${count(found.rP.cells)} healthy cells)`,
    );
  }
  if (found.vSwitchPositive !== null && found.vSwitchNegative !== null) {
    const [plus, minus] = [found.vSwitchPositive, found.vSwitchNegative].map(({ median }) =>
      formatQuantity(median, 'V'),
    );
    lines.push(`V_sw+ ${plus}, V_sw− ${minus} (medians, n = ${count(found.vSwitchPositive.cells)})`);
  }
  if (found.badCells !== null) {
    lines.push('Cells that are not healthy (rows down, columns across):', ...dieThumbnail(geometry, found.badCells));
  } else {
    lines.push(...worstDies(found.dies), ...waferThumbnail(found.dies));
  }
  return lines;
}

function worstDies(dies: MorningFacts['found']['dies']): string[] {
  const ranked = dies
    .filter(({ measured }) => measured > 0)
    .toSorted((a, b) => a.healthy / a.measured - b.healthy / b.measured)
    .slice(0, 3)
    .map(({ x, y, healthy, measured }) => `(${x}, ${y}) ${((100 * healthy) / measured).toFixed(2)} %`);
  return ranked.length === 0 ? [] : [`Worst dies, healthy of measured: ${ranked.join(', ')}`];
}

/** Healthy cells in per cent of the measured, die by die as they lie on the wafer; "·" where nothing was measured. */
function waferThumbnail(dies: MorningFacts['found']['dies']): string[] {
  if (dies.length === 0) return [];
  const at = new Map(dies.map((die) => [`${die.x},${die.y}`, die]));
  const [xs, ys] = [dies.map(({ x }) => x), dies.map(({ y }) => y)];
  const lines: string[] = [];
  for (let y = Math.min(...ys); y <= Math.max(...ys); y++) {
    let line = '';
    for (let x = Math.min(...xs); x <= Math.max(...xs); x++) {
      const die = at.get(`${x},${y}`);
      const text = die === undefined ? '' : die.measured === 0 ? '·' : ((100 * die.healthy) / die.measured).toFixed(1);
      line += text.padStart(7);
    }
    lines.push(line);
  }
  return lines;
}

function nextLines({ file, trust, finish, found }: MorningFacts, attention: readonly string[]): string[] {
  const lines: string[] = [];
  if (attention.length > 0) lines.push(`Look at: ${attention.join('; ')}.`);
  if (finish.end !== 'finished') lines.push(`Continue: tunnelbench resume ${file} --bench bench.yaml`);
  if (trust.diesSkipped > 0) lines.push(`Skipped dies: tunnelbench resume ${file} --bench bench.yaml --skipped`);
  if (trust.diesWithoutContact > 0) lines.push('Clean the needles, then resume: dies without contact are tried again.');
  if (found.counts.healthy > 0) {
    lines.push(`Report: tunnelbench report ${file}`, `Die models for training: tunnelbench export-models ${file}`);
  }
  return lines;
}

function timeLines({ time, file, verified }: MorningFacts): string[] {
  const check =
    verified === null
      ? `not verified yet: tunnelbench verify ${file}`
      : verified.faults === 0
        ? `verified, ${count(verified.sweeps)} sweeps read back without a fault`
        : `${verified.faults} FAULTS: tunnelbench verify ${file}`;
  return [
    timeLine(time),
    `${file}: ${check}.`,
    'No backup is known to tunnelbench: the file is complete in itself, copy it.',
  ];
}

/** Prediction against fact; of a run that did not measure everything, the prediction for what it did. */
function timeLine({ plannedSeconds, plannedOfMeasuredSeconds, actualSeconds }: MorningFacts['time']): string {
  const planned = `Instrument time planned ${formatDuration(plannedSeconds)}`;
  const part =
    plannedOfMeasuredSeconds < 0.995 * plannedSeconds
      ? `, ${formatDuration(plannedOfMeasuredSeconds)} of it for what was measured`
      : '';
  const ratio =
    plannedOfMeasuredSeconds > 0 ? ` (${(actualSeconds / plannedOfMeasuredSeconds).toFixed(2)} of that)` : '';
  return `${planned}${part}; the run took ${formatDuration(actualSeconds)}${ratio}.`;
}

function endText(end: MorningFacts['finish']['end']): string {
  const texts = {
    finished: 'finished',
    stopped: 'was stopped',
    aborted: 'was aborted',
    failed: 'failed',
    interrupted: 'ended without a word (killed, or the machine went down)',
  };
  return texts[end];
}

function estimateText({ mean, standardError }: Estimate): string {
  return `${formatQuantity(mean, 'Ω', 5)} ± ${formatQuantity(standardError, 'Ω', 2)}`;
}

/** "1 die", "1,200 dies". */
function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}
