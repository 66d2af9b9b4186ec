// Simulated source-measure units at full speed, each behind a TCP port, in a process of their own as real instruments
// have a processor of their own. Prints their resources as one JSON line; ends with its standard input.
import { SimulatedKeithley2400 } from '../../drivers/simulated/keithley-2400.ts';
import { SimulatedKeithley2450 } from '../../drivers/simulated/keithley-2450.ts';
import { createKeithley2600Pair } from '../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { ResistorStation } from '../../test/drivers/simulated/resistor-station.ts';

function world() {
  const station = new ResistorStation();
  return { station, clock: new SimulatedClock(station, 'full'), seed: 3 };
}

const servers = {
  'keithley-2400': await serveTcp(new SimulatedKeithley2400(world())),
  'keithley-2450': await serveTcp(new SimulatedKeithley2450(world())),
  'keithley-2600': await serveTcp(await createKeithley2600Pair(world())),
};
const resources = Object.fromEntries(Object.entries(servers).map(([name, { resource }]) => [name, resource]));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
process.stdout.write(`${JSON.stringify(resources)}\n`);
