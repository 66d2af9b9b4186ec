import { type DieSummary, dieSummaryText } from '../acquisition/die-summary.ts';
import type { Halt } from '../acquisition/halt.ts';
import type { SessionOutcome } from '../acquisition/session.ts';
import { StopRequest } from '../acquisition/stop-request.ts';
import { stopOnSignals } from '../acquisition/stop-signals.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import type { Bench } from '../drivers/capabilities.ts';
import { type OpenBenchOptions, openBench } from '../drivers/open-bench.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { formatDuration } from '../wafer/units.ts';
import { KEYS_TEXT, listenToKeys, type OperatorKeys } from './operator-keys.ts';
import { ProgressLine } from './progress-line.ts';

export interface Watch {
  readonly stop: StopRequest;
  readonly haltSeconds: number | null;
  readonly onHalt: (halt: Halt) => void;
  readonly onProgress: ProgressLine['update'];
  readonly onDieFinished: (summary: DieSummary) => void;
}

/** The operator, as far as somebody is there. */
export interface Operator {
  readonly tell: (text: string) => void;
  /** Null without a terminal. */
  readonly keys: OperatorKeys | null;
}

/** How long a halted run waits when no terminal is there to answer. */
const HALT_MINUTES_ALONE = 30;

export const HALT_OPTION = [
  '--halt-minutes <number>',
  `how long a run that halted for somebody to look waits before it ends safely; without it as long as it takes on a terminal, ${HALT_MINUTES_ALONE} without one`,
] as const;

/**
 * Opens the bench, shows progress, listens to keys and signals, and closes the bench whatever happens. `haltMinutes` is the
 * text of the option.
 */
export async function withBench<Outcome = SessionOutcome>(
  benchFile: BenchFile,
  run: (bench: Bench, watch: Watch, operator: Operator) => Promise<Outcome>,
  { wires = {}, haltMinutes }: { wires?: OpenBenchOptions; haltMinutes?: string | undefined } = {},
): Promise<Outcome> {
  const stop = new StopRequest();
  const progress = new ProgressLine(process.stderr);
  const tell = (text: string) => {
    progress.close();
    console.error(text);
  };
  const release = stopOnSignals(stop, tell);
  const keys = listenToKeys(stop, tell, (signal) => process.emit(signal));
  if (keys !== null) tell(KEYS_TEXT);
  const watch: Watch = {
    stop,
    haltSeconds: haltSecondsOf(haltMinutes, keys !== null),
    onHalt: (halt) => tell(haltText(halt, keys !== null)),
    onProgress: (state) => progress.update(state),
    onDieFinished: (summary) => tell(dieSummaryText(summary)),
  };
  try {
    const bench = await openBench(benchFile, stop.signal, wires);
    try {
      return await run(bench, watch, { tell, keys });
    } finally {
      await bench.close();
    }
  } finally {
    progress.close();
    keys?.release();
    release();
  }
}

/** What a halted run tells, with a bell: what is wrong, how the bench is, what to press. */
function haltText({ reason, waitSeconds }: Halt, keys: boolean): string {
  const answers = keys
    ? 'p goes on, r goes on and measures these dies again at the end, q stops.'
    : `kill -CONT ${process.pid} goes on, kill -TERM ${process.pid} stops.`;
  const wait =
    waitSeconds === null
      ? 'The run waits.'
      : `Without an answer the run ends safely in ${formatDuration(waitSeconds)}.`;
  return [
    `\x07HALTED ${new Date().toLocaleTimeString('en-GB')}: ${reason}`,
    'The bench is powered down (source off at 0 V, enable lines low, supplies off) and the needles are up.',
    `${answers} ${wait}`,
  ].join('\n');
}

function haltSecondsOf(minutes: string | undefined, keys: boolean): number | null {
  if (minutes === undefined) return keys ? null : 60 * HALT_MINUTES_ALONE;
  const value = Number(minutes);
  if (minutes.trim() !== '' && Number.isFinite(value) && value >= 0) return 60 * value;
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--halt-minutes',
    what: 'not understood',
    value: minutes,
    expected: 'minutes, 0 or more',
    remedy: 'Correct the option.',
  });
}
