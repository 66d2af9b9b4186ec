/**
 * The reference instruments as a process of their own. Prints one JSON line when ready: `{resources, benchYaml}`; ends
 * when its standard input closes.
 *
 *   node benchmarks/acquisition/reference-bench.ts --sweep 0.001 --settle 0.001 --geometry 100x20x2 --dies 1
 */
import { parseArgs } from 'node:util';
import { simulatedBenchYaml } from '../../drivers/simulated/bench-yaml.ts';
import { SimulatedKeysightE36312a } from '../../drivers/simulated/keysight-e36312a.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { SimulatedVeloxProber } from '../../drivers/simulated/velox-prober.ts';
import { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { crossbarGeometry, enableLineCount } from '../../wafer/geometry.ts';
import { ReferenceLines } from './reference-lines.ts';
import { ReferenceSmu } from './reference-smu.ts';

const { values } = parseArgs({
  options: {
    sweep: { type: 'string', default: '0' },
    settle: { type: 'string', default: '0' },
    geometry: { type: 'string', default: '100x20x2' },
    dies: { type: 'string', default: '1' },
  },
});
const [rows, columns, columnsPerEnableLine] = values.geometry.split('x').map(Number);
const geometry = crossbarGeometry({ rows, columns, columnsPerEnableLine: columnsPerEnableLine === 1 ? 1 : 2 });
const dies = DEFAULT_DIES.slice(0, Number(values.dies));
const settle = Number(values.settle);

const station = new SimulatedStation({ seed: 1, geometry, dies });
const clock = new SimulatedClock(station, 'full');
const router = new ReferenceLines('tunnelbench,LMX-300,REF0001,1.0', `${rows} ${columns}`, {
  ROUTE: settle,
  ENABLE: 0,
});
const enable = new ReferenceLines('tunnelbench,ELC-100,REF0002,1.0', `${enableLineCount(geometry)}`, {
  ROUTE: 0,
  ENABLE: settle,
});
const wires = {
  smu: await serveTcp(new ReferenceSmu(router, Number(values.sweep))),
  enable: await serveTcp(enable),
  router: await serveTcp(router),
  supplies: await serveTcp(new SimulatedKeysightE36312a(station, clock)),
  prober: await serveTcp(new SimulatedVeloxProber(station, clock, dies, 'REFERENCE')),
};
const resources = {
  smu: wires.smu.resource,
  enable: wires.enable.resource,
  router: wires.router.resource,
  supplies: wires.supplies.resource,
  prober: wires.prober.resource,
};
const benchYaml = simulatedBenchYaml({
  resources,
  geometry,
  waferId: 'REFERENCE',
  dies,
  apToP: 'positive',
  ceilingVolts: 0.8,
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
process.stdout.write(`${JSON.stringify({ resources, benchYaml })}\n`);
