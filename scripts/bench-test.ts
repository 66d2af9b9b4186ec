import type { Command } from 'commander';
import { makePlan } from '../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../acquisition/recipe-file.ts';
import { runSelfTest } from '../acquisition/self-test/self-test.ts';
import type { SelfTestFinding, SelfTestReport } from '../acquisition/self-test/self-test-report.ts';
import { StopRequest } from '../acquisition/stop-request.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { openBench } from '../drivers/open-bench.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { benchSettings } from './bench-settings.ts';
import { selfTestFile, writeSelfTest } from './self-test-file.ts';
import { withWireLog } from './with-wire-log.ts';

interface BenchTestOptions {
  readonly recipe?: string;
  readonly die: string;
  readonly out?: string;
  readonly wireLog?: string;
}

/** Dies on which a line must be open before the bench is blamed. */
const DIES_FOR_OPEN_LINE = 3;

/** `tunnelbench bench test`: exit status 0 when nothing blames the bench and it was left safe. */
export function addBenchTestCommand(bench: Command): void {
  bench
    .command('test')
    .description('touch a die and find stuck, open, shorted, leaking, exchanged and mirrored lines; writes its cells')
    .argument('<bench.yaml>', 'bench file')
    .option('--recipe <file>', 'recipe whose limits and write pulses are used; without it the default recipe')
    .option('--die <ordinal>', 'die to test; the two after it are touched only when a line looks open', '0')
    .option('--out <report.json>', 'report; without it beside the bench file, where "measure" finds it')
    .option('--wire-log <file>', 'record every byte on every wire, for a replay')
    .action(async (file: string, options: BenchTestOptions) => {
      const benchFile = await readBenchFile(file);
      const recipe = await readRecipeFile(options.recipe ?? DEFAULT_RECIPE_FILE);
      const dies = diesFrom(
        options.die,
        benchFile.wafer.dies.map(({ ordinal }) => ordinal),
      );
      const { plan } = makePlan({ recipe, bench: benchSettings(benchFile), dies });
      const stop = new StopRequest();
      // Every Ctrl-C aborts and none ends the process: the bench is made safe first.
      const interrupt = () => stop.abort('the self-test was interrupted');
      process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
      try {
        const report = await withWireLog(benchFile, options.wireLog, async (wires) => {
          const opened = await openBench(benchFile, stop.signal, wires);
          try {
            return await runSelfTest({
              bench: opened,
              plan,
              reference: benchFile.referenceResistor,
              signal: stop.signal,
            });
          } finally {
            await opened.close();
          }
        });
        const out = options.out ?? selfTestFile(benchFile);
        await writeSelfTest(out, report);
        console.log(selfTestTable(report));
        console.log(`report: ${out}`);
        if (!report.ok) process.exitCode = 1;
      } finally {
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      }
    });
}

/** The report as a table. */
export function selfTestTable({ checks, findings, dies, ok }: SelfTestReport): string {
  const marks = { passed: 'passed', failed: 'FAILED', notProven: 'not proven' };
  const lines = checks.flatMap(({ check, outcome, text }) => [
    `${check.padEnd(18)} ${marks[outcome].padEnd(11)} ${text}`,
    ...findings.filter((finding) => finding.check === check).map(findingLine),
  ]);
  lines.push(`dies touched: ${dies.length === 0 ? 'none' : dies.join(', ')}`, ok ? 'bench ok' : 'bench NOT ok');
  return lines.join('\n');
}

function findingLine({ fault, lines, text, blames }: SelfTestFinding): string {
  const shown = lines.slice(0, 6).map(({ kind, index, pad }) => `${kind} ${index} (pad ${pad})`);
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : [];
  return `${' '.repeat(19)}${blames === 'die' ? 'die: ' : ''}${fault}: ${text} [${[...shown, ...more].join(', ')}]`;
}

function diesFrom(text: string, ordinals: readonly number[]): number[] {
  const place = ordinals.indexOf(Number(text));
  if (/^\d+$/.test(text) && place >= 0) return ordinals.slice(place, place + DIES_FOR_OPEN_LINE);
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--die',
    what: 'the bench file has no such die',
    value: text,
    expected: `an ordinal from 0 to ${ordinals.length - 1}`,
    remedy: 'Correct the option.',
  });
}
