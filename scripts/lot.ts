import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { dryRun } from '../acquisition/dry-run.ts';
import { type Lot, type LotWafer, readLotFile } from '../acquisition/lot-file.ts';
import { askForWafer, awaitWafer, type LoadAnswer } from '../acquisition/next-wafer.ts';
import type { FrozenPlan } from '../acquisition/plan.ts';
import { checkSameBench, resumePoint } from '../acquisition/resume.ts';
import type { SessionOutcome } from '../acquisition/session.ts';
import { checkSessionFields, SESSION_FIELDS } from '../acquisition/session-fields.ts';
import type { SessionFields } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { type BenchFile, readBenchFile } from '../drivers/bench-file.ts';
import type { Bench } from '../drivers/capabilities.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { benchJson, benchSettings } from './bench-settings.ts';
import { beside } from './beside.ts';
import { finishRun } from './finish-run.ts';
import { lotStates, type WaferState, waferState } from './lot-state.ts';
import { lotSummary } from './lot-summary.ts';
import { dryRunText } from './plan.ts';
import { addPlanOptions, type PlanOptions, planFromOptions } from './plan-options.ts';
import { rowsAtOnce } from './rows-at-once.ts';
import { resumeMeasurement, runMeasurement } from './run-measurement.ts';
import { HALT_OPTION, type Operator, type Watch, withBench } from './with-bench.ts';

type LotOptions = PlanOptions &
  Partial<SessionFields> & {
    readonly bench?: string;
    readonly next: string;
    readonly loadMinutes: string;
    readonly summary?: boolean;
    readonly haltMinutes?: string;
  };

/** Fields that the lot file gives for each wafer. */
const OF_THE_LOT = ['lot', 'wafer'];

/** `tunnelbench lot`: exit status 0 when every wafer of the lot is finished and nothing needs attention, 1 otherwise. */
export function addLotCommand(program: Command): void {
  const command = program
    .command('lot')
    .description(
      'measure the wafers of a lot one after the other, a wafer file each; run again, it goes on where the lot stands',
    )
    .argument('<lot.yaml>', 'lot file: lot, and a list of wafers with the ids that the prober reports')
    .option('--bench <bench.yaml>', 'bench file; the wafer id in it does not count')
    .option('--summary', 'only print where the lot stands')
    .option(
      '--next <how>',
      'ask: the operator loads wafers and is asked; cassette: the prober loads them by itself',
      'ask',
    )
    .option('--load-minutes <number>', 'how long to wait for the cassette', '30')
    .option(...HALT_OPTION);
  addPlanOptions(command);
  for (const { name, option, meaning } of SESSION_FIELDS) {
    if (!OF_THE_LOT.includes(name)) command.option(`${option} <text>`, `${meaning}, or "unknown"`);
  }
  command.action(async (file: string, options: LotOptions) => {
    const lot = await readLotFile(file);
    if (options.summary === true) {
      await printSummary(lot, null);
      return;
    }
    try {
      await measureLot(lot, options);
    } finally {
      await printSummary(lot, beside(file, '.summary.txt'));
    }
  });
}

/** Prints where the lot stands, and keeps it in a file where one is named. */
async function printSummary(lot: Lot, file: string | null): Promise<void> {
  const { text, attention } = lotSummary(lot, lotStates(lot));
  process.stdout.write(`\n${text}`);
  if (file !== null) await writeFile(file, text);
  if (attention.length > 0) process.exitCode = 1;
}

async function measureLot(lot: Lot, options: LotOptions): Promise<void> {
  if (options.bench === undefined) usage('--bench', 'not given', 'a bench file');
  if (options.next !== 'ask' && options.next !== 'cassette') usage('--next', options.next, 'ask or cassette');
  const loadMinutes = Number(options.loadMinutes);
  if (!(loadMinutes > 0)) usage('--load-minutes', options.loadMinutes, 'minutes above 0');
  if (options.next === 'ask' && process.stdin.isTTY !== true) {
    usage('--next ask', 'no terminal to ask on', '--next cassette, or a terminal');
  }
  const benchFile = await readBenchFile(options.bench);
  const fieldsOf = ({ wafer }: LotWafer) => checkSessionFields({ ...options, lot: lot.lot, wafer });
  fieldsOf(lot.wafers[0]);
  const states = new Map(lotStates(lot).map((state) => [state.wafer.id, state]));
  // Everything that can be refused without the bench is refused before it is opened.
  for (const { wafer, state } of states.values()) {
    if (state === 'unfinished') await planOf(benchFile, wafer, options);
  }
  console.log(
    dryRunText(dryRun(await newPlan(benchFile, lot.wafers[0], options), rowsAtOnce(benchFile, options.rowsAtOnce))),
  );

  await withBench(
    benchFile,
    async (bench, watch, operator) => {
      // A wafer with dies that gave no contact is not complete; it is taken up again by the next run, not at once.
      const attended = new Set<string>();
      for (;;) {
        const left = lot.wafers.filter(({ id }) => states.get(id)?.state !== 'finished' && !attended.has(id));
        if (left.length === 0) return;
        const wafer =
          options.next === 'ask'
            ? await askForWafer(
                bench.prober,
                left,
                (next, found) => askOperator(operator, watch, next, found),
                watch.stop,
              )
            : await awaitWafer(bench.prober, left, 60 * loadMinutes, watch.stop);
        if (wafer === null) return;
        operator.tell(`wafer ${wafer.id}: ${states.get(wafer.id)?.state === 'unfinished' ? 'going on' : 'starting'}`);
        const outcome = await measureWafer({ bench, watch, benchFile, wafer, options, states, fieldsOf });
        attended.add(wafer.id);
        states.set(wafer.id, waferState(wafer));
        finishRun(wafer.file, outcome);
        if (outcome.end !== 'finished' || watch.stop.reason !== null) return;
      }
    },
    { haltMinutes: options.haltMinutes },
  );
}

interface WaferTurn {
  readonly bench: Bench;
  readonly watch: Watch;
  readonly benchFile: BenchFile;
  readonly wafer: LotWafer;
  readonly options: LotOptions;
  readonly states: ReadonlyMap<string, WaferState>;
  readonly fieldsOf: (wafer: LotWafer) => SessionFields;
}

/** Measures a wafer, or what is left of it, into its own file. */
async function measureWafer(turn: WaferTurn): Promise<SessionOutcome> {
  const { bench, watch, benchFile, wafer, options, states, fieldsOf } = turn;
  const frozen = await planOf(benchFile, wafer, options);
  const history = historyOf(states, frozen);
  const request = {
    bench,
    file: wafer.file,
    fields: fieldsOf(wafer),
    benchJson: benchJson(benchFile),
    ...watch,
    ...(history.cells > 0 && { history }),
  };
  if (states.get(wafer.id)?.state === 'unfinished') return await resumeMeasurement(request);
  await mkdir(dirname(wafer.file), { recursive: true });
  return await runMeasurement({ ...request, frozen });
}

/** The plan that a wafer is measured by: its file's where it was begun, which must be for this bench, else a new one. */
async function planOf(benchFile: BenchFile, wafer: LotWafer, options: LotOptions): Promise<FrozenPlan> {
  if (!existsSync(wafer.file)) return await newPlan(benchFile, wafer, options);
  const reader = WaferReader.open(wafer.file);
  try {
    const { frozen } = resumePoint(reader);
    checkSameBench(frozen, benchSettings(withWafer(benchFile, wafer)));
    return frozen;
  } finally {
    reader.close();
  }
}

function newPlan(benchFile: BenchFile, wafer: LotWafer, options: LotOptions): Promise<FrozenPlan> {
  return planFromOptions(withWafer(benchFile, wafer), options);
}

function withWafer(benchFile: BenchFile, { id }: LotWafer): BenchFile {
  return { ...benchFile, wafer: { ...benchFile.wafer, id } };
}

/** Work with the same recipe on the other wafers. */
function historyOf(states: ReadonlyMap<string, WaferState>, { plan }: FrozenPlan): WaferState['history'] {
  const same = [...states.values()].filter(({ recipe }) => recipe === plan.recipe.name);
  return {
    cells: same.reduce((sum, { history }) => sum + history.cells, 0),
    seconds: same.reduce((sum, { history }) => sum + history.seconds, 0),
  };
}

async function askOperator(
  { tell, keys }: Operator,
  { stop }: Watch,
  wafer: LotWafer,
  found: string,
): Promise<LoadAnswer> {
  tell(
    `\x07Load wafer ${wafer.wafer} (id ${wafer.id}); ${found}. Enter: it is on the chuck. n: the next one instead. q: end here.`,
  );
  const asked = keys?.ask(['\r', '\n', 'n', 'q']) ?? Promise.resolve('q');
  const key = await Promise.race([asked, stop.whenEnding.then(() => 'q')]);
  if (key === 'n') return 'skip';
  return key === 'q' ? 'end' : 'loaded';
}

function usage(thing: string, value: string, expected: string): never {
  const remedy = 'See "tunnelbench lot --help".';
  throw new TunnelbenchError('TB_USAGE', { thing, what: 'not usable', value, expected, remedy });
}
