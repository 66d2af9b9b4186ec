import type { Command } from 'commander';
import { checkAgainstBench } from '../acquisition/check-plan.ts';
import { readRecipeFile } from '../acquisition/recipe-file.ts';
import { type AccessCheck, checkBench, type InstrumentCheck } from '../drivers/bench-check.ts';
import { readBenchFile } from '../drivers/bench-file.ts';
import { addBenchListCommand } from './bench-list.ts';
import { benchSettings } from './bench-settings.ts';
import { addBenchTestCommand } from './bench-test.ts';
import { withWireLog } from './with-wire-log.ts';

/** `tunnelbench bench check`: exit status 0 when every instrument and every access scheme asked for is usable. */
export function addBenchCommand(program: Command): void {
  const bench = program.command('bench').description('work with the instruments of a bench file');
  addBenchListCommand(bench);
  addBenchTestCommand(bench);
  bench
    .command('check')
    .description('identify every instrument, drain error queues, read limits back; nothing is switched on')
    .argument('<bench.yaml>', 'bench file')
    .option('--recipe <file>', 'also hold this recipe against the bench and load it into the source')
    .option('--wire-log <file>', 'record every byte on every wire, for a replay')
    .action(async (file: string, { recipe, wireLog }: { recipe?: string; wireLog?: string }) => {
      const benchFile = await readBenchFile(file);
      const checked = recipe === undefined ? null : await readRecipeFile(recipe);
      if (checked) checkAgainstBench(checked, benchSettings(benchFile));
      const { instruments, access, ok } = await withWireLog(benchFile, wireLog, (wires) =>
        checkBench(benchFile, checked?.programme ?? null, AbortSignal.timeout(120_000), wires),
      );
      for (const line of instruments.flatMap(instrumentLines)) console.log(line);
      for (const line of access.map(accessLine)) console.log(line);
      console.log(ok ? 'bench ok' : 'bench NOT ok');
      if (!ok) process.exitCode = 1;
    });
}

function instrumentLines(check: InstrumentCheck): string[] {
  const { place, resource, identity, errors, limits, state, condition, visaLibrary, problem } = check;
  const who = identity
    ? `${identity.vendor} ${identity.model}, serial ${identity.serial}, firmware ${identity.firmware}`
    : 'not identified';
  const facts: [string, string | null][] = [
    ['errors drained', errors.length > 0 ? errors.join('; ') : identity ? 'none' : null],
    ['limits', limits],
    ['state', state],
    ['condition', condition],
    ['VISA library', visaLibrary],
    ['PROBLEM', problem],
  ];
  return [
    `${place.padEnd(9)} ${problem === null ? 'ok ' : 'BAD'}  ${who}  [${resource}]`,
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`${' '.repeat(15)}${name}: ${text}`])),
  ];
}

function accessLine({ scheme, asked, problem }: AccessCheck): string {
  const verdict = problem === null ? 'realisable' : `not realisable: ${problem}`;
  return `access ${scheme.padEnd(7)} ${asked ? '(asked for) ' : ''}${verdict}`;
}
