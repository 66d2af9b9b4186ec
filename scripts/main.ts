import { Command, CommanderError } from 'commander';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { softwareVersion } from './software-version.ts';

type AddCommand = (program: Command) => void;

/** Every command and the file that holds it. Only the file of the command asked for is loaded; help loads them all. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  demo: async () => (await import('./demo.ts')).addDemoCommand,
  simulate: async () => (await import('./simulate.ts')).addSimulateCommand,
  bench: async () => (await import('./bench-check.ts')).addBenchCommand,
  plan: async () => (await import('./plan.ts')).addPlanCommand,
  measure: async () => (await import('./measure.ts')).addMeasureCommand,
  resume: async () => (await import('./resume.ts')).addResumeCommand,
  retest: async () => (await import('./retest.ts')).addRetestCommand,
  lot: async () => (await import('./lot.ts')).addLotCommand,
  note: async () => (await import('./note.ts')).addNoteCommand,
  sessions: async () => (await import('./sessions.ts')).addSessionsCommand,
  summary: async () => (await import('./summary.ts')).addSummaryCommand,
  verify: async () => (await import('./verify.ts')).addVerifyCommand,
  report: async () => (await import('./report.ts')).addReportCommand,
  analyse: async () => (await import('./analyse.ts')).addAnalyseCommand,
  'export-models': async () => (await import('./export-models.ts')).addExportModelsCommand,
  train: async () => (await import('./train.ts')).addTrainCommand,
  emulate: async () => (await import('./emulate.ts')).addEmulateCommand,
  'in-situ': async () => (await import('./train-in-situ.ts')).addInSituCommand,
  place: async () => (await import('./place.ts')).addPlaceCommand,
  fleet: async () => (await import('./fleet.ts')).addFleetCommand,
  'fleet-table': async () => (await import('./fleet-table.ts')).addFleetTableCommand,
  'program-map': async () => (await import('./program-map.ts')).addProgramMapCommand,
  program: async () => (await import('./program.ts')).addProgramCommand,
  'export-solutions': async () => (await import('./export-solutions.ts')).addExportSolutionsCommand,
  reproduce: async () => (await import('./reproduce.ts')).addReproduceCommand,
};

/** Exit statuses: 0 done; 1 an error or a result that needs attention; 2 the command line was not understood. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('tunnelbench')
    .description('Measure wafers of magnetic tunnel junction crossbars and train networks on the measured dies.')
    .version(softwareVersion())
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();

  const asked = COMMANDS[argv[2] ?? ''];
  const loaders = asked === undefined ? Object.values(COMMANDS) : [asked];
  for (const load of loaders) (await load())(program);
  for (const command of program.commands) command.exitOverride();

  try {
    await program.parseAsync(argv as string[]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** Says what went wrong in one paragraph; a stack only for what should never happen. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof TunnelbenchError) {
    console.error(`error: ${error.message}`);
    return error.code === 'TB_USAGE' ? 2 : 1;
  }
  console.error('This is a defect in tunnelbench; please report it with the text below.');
  console.error(error);
  return 1;
}
