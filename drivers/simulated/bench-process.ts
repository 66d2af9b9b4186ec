/**
 * The simulated bench as a process of its own. Prints one JSON line when ready: `{resources, benchYaml, controlPort,
 * pid}`. Ends on SIGTERM; without --detached also when its standard input closes, with it also on SIGINT.
 *
 *   node drivers/simulated/bench-process.ts --seed 1 [--time-scale full|real|<factor>] [--geometry 100x200[x2]]
 *     [--dies 36] [--start P|AP|random] [--ap-to-p positive|negative] [--early-breakdown] [--wafer ID] [--detached]
 *     [--smu keithley-2600|keithley-2400|keithley-2450|keysight-b2900|keysight-b2900-pair]
 *     [--router line-multiplexer|keithley-707b|keithley-3706a]
 */
import { parseArgs } from 'node:util';
import { BenchControl } from './bench-control.ts';
import { benchOptions } from './bench-options.ts';
import { openSimulatedBench } from './simulated-bench.ts';
import { serveTcp } from './tcp-server.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'time-scale': { type: 'string', default: 'full' },
    geometry: { type: 'string' },
    dies: { type: 'string' },
    start: { type: 'string' },
    'ap-to-p': { type: 'string' },
    'early-breakdown': { type: 'boolean' },
    wafer: { type: 'string' },
    smu: { type: 'string' },
    router: { type: 'string' },
    detached: { type: 'boolean', default: false },
  },
});

const bench = await openSimulatedBench(
  benchOptions({
    seed: values.seed,
    timeScale: values['time-scale'],
    geometry: values.geometry,
    dies: values.dies,
    start: values.start,
    apToP: values['ap-to-p'],
    earlyBreakdown: values['early-breakdown'],
    wafer: values.wafer,
    smu: values.smu,
    router: values.router,
  }),
);
const control = await serveTcp(new BenchControl(bench));

let closing = false;
const close = async () => {
  if (closing) return;
  closing = true;
  await control.close();
  await bench.close();
  process.exit(0);
};
process.on('SIGTERM', close);
// Ctrl-C in a terminal reaches the whole group: the client needs the instruments to make the bench safe.
process.on('SIGINT', () => {
  if (values.detached) void close();
});
if (!values.detached) {
  process.stdin.on('end', close);
  process.stdin.on('close', close);
  process.stdin.resume();
}
const { resources, benchYaml } = bench;
process.stdout.write(`${JSON.stringify({ resources, benchYaml, controlPort: control.port, pid: process.pid })}\n`);
