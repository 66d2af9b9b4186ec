import { DEFAULT_DIES } from '../../wafer/die.ts';
import { enableLineCount } from '../../wafer/geometry.ts';
import { SOURCE_CHANNELS } from '../capabilities.ts';
import { type BenchRouter, type BenchRouterName, createBenchRouter } from './bench-router.ts';
import { type BenchSource, type BenchSourceName, createBenchSource } from './bench-source.ts';
import { simulatedBenchYaml } from './bench-yaml.ts';
import type { OpenWire } from './instrument-link.ts';
import type { ErrorSizes } from './keithley-2600/channel-errors.ts';
import { SimulatedKeysightE36312a } from './keysight-e36312a.ts';
import { serveSerial } from './pseudo-terminal.ts';
import { SimulatedEnableLineController } from './serial-protocol/enable-line-controller.ts';
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
  /** Default: three channels of two Keithley 2602B. A one-channel source works under single access. */
  readonly smu?: BenchSourceName;
  /** Default: the line multiplexer, or a 707B where the source has one channel. */
  readonly router?: BenchRouterName;
  /** Default: TCP. */
  readonly smuWire?: 'tcp' | 'serial';
}

const serve = { tcp: (wire: FaultyWire) => serveTcp(wire), serial: serveSerial } as const;

/** The whole bench: one physical world, five instruments, their wires. */
export interface SimulatedBench {
  readonly resources: Readonly<Record<BenchInstrument, string>>;
  /** A bench file for these resources. */
  readonly benchYaml: string;
  readonly station: SimulatedStation;
  readonly ledger: DamageLedger;
  readonly clock: SimulatedClock;
  readonly source: BenchSource;
  readonly smu: BenchSource['instrument'];
  readonly channels: BenchSource['channels'];
  readonly enable: SimulatedEnableLineController;
  readonly router: BenchRouter['instrument'];
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
  const { smu: smuName = 'keithley-2600', smuWire = 'tcp' } = options;
  const source = await createBenchSource(smuName, {
    station,
    clock,
    seed,
    ...(channelErrors !== undefined && { errors: channelErrors }),
    ...(lineHertz !== undefined && { lineHertz }),
  });
  const { router: routerName = source.scheme === 'pair' ? 'line-multiplexer' : 'keithley-707b' } = options;
  // The card's reference resistor lies on lines of the router that the die does not use.
  const spareLines = station.options.referenceOhms === null ? 0 : 1;
  const enable = new SimulatedEnableLineController(station, clock, enableLineCount(geometry));
  const lines = { rows: geometry.rows + spareLines, columns: geometry.columns + spareLines };
  const router = await createBenchRouter(routerName, { station, clock, lines, scheme: source.scheme });
  const supplies = new SimulatedKeysightE36312a(station, clock);
  const prober = new SimulatedVeloxProber(station, clock, station.options.dies, waferId);
  const wires = {
    smu: new FaultyWire(source.instrument),
    enable: new FaultyWire(enable),
    router: new FaultyWire(router.instrument),
    supplies: new FaultyWire(supplies),
    prober: new FaultyWire(prober),
  };
  const open: Record<BenchInstrument, OpenWire> = {
    smu: await serve[smuWire](wires.smu),
    enable: await serveSerial(wires.enable),
    router: await serve[router.wire](wires.router),
    supplies: await serveTcp(wires.supplies),
    prober: await serveTcp(wires.prober),
  };
  const companion = source.companion && {
    wire: await serveTcp(source.companion.instrument),
    key: source.companion.key,
  };
  const further = companion ? [`${companion.key}: '${companion.wire.resource}'`] : [];
  const resources = Object.fromEntries(
    BENCH_INSTRUMENTS.map((name) => [name, open[name].resource]),
  ) as SimulatedBench['resources'];
  const { channels } = source;
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
      access: source.scheme,
      smu: { driver: smuName, options: [...further, ...source.yaml] },
      router: { driver: routerName, options: router.yaml },
    }),
    station,
    ledger: station.ledger,
    clock,
    source,
    smu: source.instrument,
    channels,
    enable,
    router: router.instrument,
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
      await Promise.all([...Object.values(open), ...(companion ? [companion.wire] : [])].map((wire) => wire.close()));
      source.close();
      router.close();
    },
  };
}
