/**
 * The main job as a user runs it: one whole die of the simulated bench, instruments at full speed, to the report; and a
 * wafer of 36 dies, for its memory. Both sides of the wires run on this machine: two idle cores are meant.
 */
import { median } from 'd3-array';
import type { BenchmarkLine, SkippedLine } from './benchmark-line.ts';
import { demoRun } from './demo/demo-run.ts';
import { usageOf } from './demo/process-usage.ts';

/** Of each die of the wafer; with the repeated loops about 1,200 sweeps a die. */
const CELLS_OF_A_DIE = 200;

type Lines = (BenchmarkLine | SkippedLine)[];

export async function run(): Promise<Lines> {
  return [...(await wholeDie()), ...(await wholeWafer())];
}

async function wholeDie(): Promise<Lines> {
  const { seconds, measuringSeconds, client, bench } = await demoRun();
  const information = { reference: null, goal: null };
  const lines: Lines = [
    {
      what: 'demo, 20,000 cells of one die, start to report',
      measured: seconds,
      unit: 's',
      reference: null,
      goal: { at: 'most', value: 60 },
    },
    { what: 'demo, until the session was over', measured: measuringSeconds, unit: 's', ...information },
  ];
  if (client === null || bench === null) {
    lines.push({ what: 'demo, processor time and memory', skipped: 'this system has no /proc' });
    return lines;
  }
  const cpu = { unit: 's of processor time', ...information };
  lines.push({ what: 'demo, client process', measured: client.cpuSeconds, ...cpu });
  lines.push({ what: 'demo, simulated bench', measured: bench.cpuSeconds, ...cpu });
  return lines;
}

/** Resident memory of the client in the last third of the run against the middle third. */
async function wholeWafer(): Promise<Lines> {
  const what = `memory of the client, 36 dies of ${CELLS_OF_A_DIE} cells, last third`;
  if (usageOf(process.pid) === null) return [{ what, skipped: 'this system has no /proc' }];
  const { residentBytes } = await demoRun('--dies', '36', '--cells', `${CELLS_OF_A_DIE}`);
  const third = Math.floor(residentBytes.length / 3);
  const megabytes = (samples: readonly number[]) => (median(samples) as number) / 1e6;
  return [
    {
      what,
      measured: megabytes(residentBytes.slice(-third)),
      unit: 'MB',
      reference: { name: 'middle third', value: megabytes(residentBytes.slice(third, -third)) },
      goal: { at: 'most', value: 1.1 },
    },
  ];
}
