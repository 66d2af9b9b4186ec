import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BenchControl } from '../drivers/simulated/bench-control.ts';
import { benchOptions } from '../drivers/simulated/bench-options.ts';
import { openReplay } from '../drivers/simulated/replay-bench.ts';
import { BENCH_INSTRUMENTS, openSimulatedBench } from '../drivers/simulated/simulated-bench.ts';
import { serveTcp } from '../drivers/simulated/tcp-server.ts';
import { readWireLog } from '../drivers/wire-log/read-wire-log.ts';

interface SimulateOptions {
  readonly seed: string;
  readonly timeScale: string;
  readonly out?: string;
  readonly geometry?: string;
  readonly dies?: string;
  readonly start?: string;
  readonly earlyBreakdown?: boolean;
  readonly wafer?: string;
  readonly reference?: string;
  readonly smu?: string;
  readonly router?: string;
  readonly replay?: string;
}

/** `tunnelbench simulate`: the simulated bench alone, until Ctrl-C. */
export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('run the simulated bench alone and print a bench file for it; Ctrl-C ends it')
    .option('--seed <n>', 'seed of the wafer and of every draw', '1')
    .option('--time-scale <scale>', 'full (never wait), real, or a factor such as 10', 'real')
    .option('--out <bench.yaml>', 'write the bench file here instead of printing it')
    .option('--geometry <RxC>', 'rows x columns of a die, e.g. 100x200; 100x200x1 for one column an enable line')
    .option('--dies <n>', 'number of dies, from the beginning of the default wafer')
    .option('--start <state>', 'state the cells are found in: P, AP or random')
    .option('--early-breakdown', 'some junctions break early')
    .option('--wafer <id>', 'wafer id; default SIM-<seed>')
    .option('--reference <ohms>', 'a reference resistor of this value on the probe card')
    .option(
      '--smu <driver>',
      'keithley-2600 (default), keysight-b2900-pair, or with one channel keithley-2400, keithley-2450, keysight-b2900',
    )
    .option('--router <driver>', 'line-multiplexer, keithley-707b or keithley-3706a; default: what the source needs')
    .option(
      '--replay <wire log>',
      'play the instruments of a recorded run instead; the other options but --out do not apply',
    )
    .action(async (options: SimulateOptions) => {
      if (options.replay !== undefined) return await replay(options.replay, options.out);
      const bench = await openSimulatedBench(benchOptions(options));
      const control = await serveTcp(new BenchControl(bench));
      for (const name of BENCH_INSTRUMENTS) console.log(`${name.padEnd(9)} ${bench.resources[name]}`);
      console.log(`control   127.0.0.1:${control.port} (JSON lines: ledger, truth, state, advance, faults, inject)`);
      if (options.out === undefined) console.log(`\n${bench.benchYaml}`);
      else {
        await writeFile(options.out, bench.benchYaml);
        console.log(`\nbench file written: ${options.out}`);
        console.log(`try: tunnelbench bench check ${options.out}`);
      }
      await stopSignal();
      await control.close();
      await bench.close();
    });
}

/** Serves the record until Ctrl-C, then says whether the client kept to it: exit status 1 when it did not. */
async function replay(file: string, out: string | undefined): Promise<void> {
  const bench = await openReplay(await readWireLog(file));
  if (out === undefined) console.log(bench.benchYaml);
  else {
    await writeFile(out, bench.benchYaml);
    console.log(`bench file written: ${out}`);
  }
  await stopSignal();
  const { differences, unsent } = bench;
  for (const difference of differences) console.log(difference);
  if (differences.length === 0) console.log(unsent === 0 ? 'replayed to its end' : `${unsent} recorded bytes not sent`);
  if (differences.length > 0 || unsent > 0) process.exitCode = 1;
  await bench.close();
}

/** Resolves on Ctrl-C or SIGTERM. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
