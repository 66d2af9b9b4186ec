import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { DEFAULT_ERROR_SIZES, type ErrorSizes } from './channel-errors.ts';
import { InstrumentNode } from './instrument-node.ts';
import { nodeCommands } from './node-commands.ts';
import { TspLinkWire } from './trigger-objects.ts';
import { TspInstrument } from './tsp-instrument.ts';
import { TspRuntime } from './tsp-runtime.ts';

const MODEL = '2602B';
const FIRMWARE = '3.4.1';

export interface PairOptions {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly errors?: ErrorSizes;
  readonly lineHertz?: 50 | 60;
}

/** Two Model 2602B on one TSP-Link: node 1 feeds both columns, channel A of node 2 the row. */
export async function createKeithley2600Pair(options: PairOptions): Promise<TspInstrument> {
  const { station, clock, seed, errors = DEFAULT_ERROR_SIZES, lineHertz = 50 } = options;
  const wires = [new TspLinkWire(), new TspLinkWire(), new TspLinkWire()];
  const shared = { station, clock, wires, seed, errors, lineHertz };
  const nodes = [
    new InstrumentNode({ ...shared, number: 1, serial: '4400001', channels: { a: 'columnA', b: 'columnB' } }),
    new InstrumentNode({ ...shared, number: 2, serial: '4400002', channels: { a: 'row', b: null } }),
  ];
  const runtime = await TspRuntime.create({ nodes, commandsOf: nodeCommands, clock, model: MODEL, firmware: FIRMWARE });
  return new TspInstrument(runtime, clock, `Keithley Instruments Inc., Model ${MODEL}, 4400001, ${FIRMWARE}`);
}
