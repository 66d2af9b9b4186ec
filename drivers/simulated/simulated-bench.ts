import { DEFAULT_DIES } from '../../wafer/die.ts';
import { enableLineCount } from '../../wafer/geometry.ts';
import { SOURCE_CHANNELS, type SourceChannel } from '../capabilities.ts';
import { simulatedBenchYaml } from './bench-yaml.ts';
import type { OpenWire } from './instrument-link.ts';
import type { ErrorSizes } from './keithley-2600/channel-errors.ts';
import { createKeithley2600Pair } from './keithley-2600/keithley-2600-pair.ts';
import type { SmuChannel } from './keithley-2600/smu-channel.ts';
import type { TspInstrument } from './keithley-2600/tsp-instrument.ts';
import { SimulatedKeysightE36312a } from './keysight-e36312a.ts';
import { serveSerial } from './pseudo-terminal.ts';
import { SimulatedEnableLineController } from './serial-protocol/enable-line-controller.ts';
import { SimulatedLineMultiplexer } from './serial-protocol/line-multiplexer.ts';
import { SimulatedClock, type TimeScale } from './simulated-clock.ts';
import { serveTcp } from './tcp-server.ts';
import { SimulatedVeloxProber } from './velox-prober.ts';
import { FaultyWire } from './wire-faults.ts';
import type { DamageLedger } from './world/damage-ledger.ts';
import { SimulatedStation } from './world/simulated-station.ts';
import type { StationSettings } from './world/station-options.ts';

export const BENCH_INSTRUMENTS = ['smu', 'enable', 'router', 'supplies', 'prober'] as const;
export type BenchInstrument = (typeof BENCH_INSTRUMENTS)[number];

export interface SimulatedBenchOptions extends StationSettings {
  readonly seed: number;
  /** Default: full speed. */
  readonly timeScale?: TimeScale;
  /** Default `SIM-<seed>`. */
  readonly waferId?: string;
  /** Errors of the source-measure channels. */
  readonly channelErrors?: ErrorSizes;
  readonly lineHertz?: 50 | 60;
}

/** The whole bench: one physical world, five instruments, their wires. */
export interface SimulatedBench {
  readonly resources: Readonly<Record<BenchInstrument, string>>;
  /** A bench file for these resources. */
  readonly benchYaml: string;
  readonly station: SimulatedStation;
  readonly ledger: DamageLedger;
  readonly clock: SimulatedClock;
  readonly smu: TspInstrument;
  readonly channels: Readonly<Record<SourceChannel, SmuChannel>>;
  readonly enable: SimulatedEnableLineController;
  readonly router: SimulatedLineMultiplexer;
  readonly supplies: SimulatedKeysightE36312a;
  readonly prober: SimulatedVeloxProber;
  readonly wires: Readonly<Record<BenchInstrument, FaultyWire>>;
  /** Opens or closes the interlock: outputs that are on go off. */
  setInterlock(open: boolean): void;
  close(): Promise<void>;
}

/** Builds the world and puts every instrument behind its wire; nothing is energised. */
export async function openSimulatedBench(options: SimulatedBenchOptions): Promise<SimulatedBench> {
  const { seed, timeScale = 'full', waferId = `SIM-${seed}`, channelErrors, lineHertz } = options;
  const station = new SimulatedStation(options);
  const { geometry } = station.options;
  const clock = new SimulatedClock(station, timeScale);
  const smu = await createKeithley2600Pair({
    station,
    clock,
    seed,
    ...(channelErrors !== undefined && { errors: channelErrors }),
    ...(lineHertz !== undefined && { lineHertz }),
  });
  // The card's reference resistor lies on lines of the router that the die does not use.
  const spareLines = station.options.referenceOhms === null ? 0 : 1;
  const enable = new SimulatedEnableLineController(station, clock, enableLineCount(geometry));
  const router = new SimulatedLineMultiplexer(
    station,
    clock,
    geometry.rows + spareLines,
    geometry.columns + spareLines,
  );
  const supplies = new SimulatedKeysightE36312a(station, clock);
  const prober = new SimulatedVeloxProber(station, clock, station.options.dies, waferId);
  const wires = {
    smu: new FaultyWire(smu),
    enable: new FaultyWire(enable),
    router: new FaultyWire(router),
    supplies: new FaultyWire(supplies),
    prober: new FaultyWire(prober),
  };
  const open: Record<BenchInstrument, OpenWire> = {
    smu: await serveTcp(wires.smu),
    enable: await serveSerial(wires.enable),
    router: await serveSerial(wires.router),
    supplies: await serveTcp(wires.supplies),
    prober: await serveTcp(wires.prober),
  };
  const resources = Object.fromEntries(
    BENCH_INSTRUMENTS.map((name) => [name, open[name].resource]),
  ) as SimulatedBench['resources'];
  const [first, second] = smu.runtime.nodes;
  const channels = { columnA: first.smua, columnB: first.smub, row: second.smua };
  const dies = station.options.dies;
  return {
    resources,
    benchYaml: simulatedBenchYaml({
      resources,
      geometry,
      waferId,
      dies: dies === DEFAULT_DIES ? 'default36' : dies,
      apToP: station.options.apToP,
      ceilingVolts: station.options.ceilingVolts,
      referenceOhms: station.options.referenceOhms,
    }),
    station,
    ledger: station.ledger,
    clock,
    smu,
    channels,
    enable,
    router,
    supplies,
    prober,
    wires,
    setInterlock: (isOpen) => {
      clock.touch();
      for (const name of SOURCE_CHANNELS) channels[name].openInterlock(isOpen);
    },
    close: async () => {
      clock.close();
      for (const wire of Object.values(wires)) wire.close();
      await Promise.all(Object.values(open).map((wire) => wire.close()));
      smu.runtime.close();
    },
  };
}
