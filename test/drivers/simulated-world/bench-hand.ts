import { SimulatedStation } from '../../../drivers/simulated/world/simulated-station.ts';
import type { StationSettings } from '../../../drivers/simulated/world/station-options.ts';
import type { Readings, SweepProgramme } from '../../../wafer/sweep.ts';
import { segmentsOf } from '../../../wafer/sweep.ts';

export const CHANNELS = ['columnA', 'columnB', 'row'] as const;
const HALF = [
  0.02, 0.03, 0.04, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.325, 0.35, 0.375, 0.4, 0.425, 0.45, 0.475, 0.5, 0.525, 0.55,
  0.575, 0.6, 0.625, 0.65, 0.675, 0.7,
];
const UP_AND_DOWN = [...HALF, ...HALF.slice(0, -1).reverse(), 0];
const range = { rangeAmps: 1e-4, limitAmps: 1e-4 };
const readRange = { rangeAmps: 1e-5, limitAmps: 1e-5 };
const READ = { volts: [0.05, -0.05, 0.05, -0.05], nplc: 0.1, settleSeconds: 3e-4, fixed: readRange };

/** The default recipe's programme, AP→P at positive voltage. */
export const PROGRAMME: SweepProgramme = {
  preRead: { name: 'preRead', volts: [0.02, -0.02, 0.05, -0.05], nplc: 0.1, settleSeconds: 1e-4, fixed: range },
  lowBias: {
    name: 'lowBias',
    volts: [0.05, -0.05],
    nplc: 0.1,
    settleSeconds: 1e-4,
    fixed: { rangeAmps: 1e-3, limitAmps: 1e-3 },
  },
  loop: [
    { name: 'initialise', volts: [-0.35, -0.6, -0.7, -0.7, 0], nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    { name: 'loopToP', volts: [0, ...UP_AND_DOWN], nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    { name: 'readP', ...READ },
    { name: 'loopToAp', volts: UP_AND_DOWN.map((v) => -v), nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    { name: 'readAP', ...READ },
  ],
  branches: [
    { belowOhms: 1e3, action: 'lowBiasOnly', range: null },
    { belowOhms: 1.2e4, action: 'loop', range: { rangeAmps: 1e-3, limitAmps: 1e-3 } },
    { belowOhms: 1e6, action: 'loop', range },
    { belowOhms: Number.POSITIVE_INFINITY, action: 'open', range: null },
  ],
  complianceRepeat: { rangeAmps: 1e-3, limitAmps: 1e-3 },
  junctionCeilingVolts: 0.8,
};

/** A station with a die in contact, powered up in the right order. */
export function stationInContact(settings: StationSettings, dieOrdinal = 0): SimulatedStation {
  const station = new SimulatedStation(settings);
  const die = station.options.dies[dieOrdinal];
  station.moveChuck(die.x, die.y);
  station.setHeight('contact', 50);
  station.setSupply('vss', true, 0, 0.01);
  station.setSupply('substrate', true, 0, 0.01);
  station.setSupply('vdd', true, 1.8, 0.01);
  return station;
}

export function setVolts(station: SimulatedStation, columns: number, row: number, limitAmps = 1e-3): void {
  station.setSource('columnA', { outputOn: true, volts: columns, limitAmps });
  station.setSource('columnB', { outputOn: true, volts: columns, limitAmps });
  station.setSource('row', { outputOn: true, volts: row, limitAmps: 2 * limitAmps });
}

/** Junction voltage as the pair scheme applies it: the positive half raises the columns, the negative half the row. */
export function bias(station: SimulatedStation, volts: number, limitAmps = 1e-3): void {
  setVolts(station, Math.max(0, volts), Math.max(0, -volts), limitAmps);
}

export function routePair(station: SimulatedStation, enableLine: number, row: number): void {
  station.setCrosspoints([]);
  station.setEnableLine(enableLine, 1.8);
  station.setCrosspoints([
    { kind: 'column', index: 2 * enableLine, channel: 'columnA' },
    { kind: 'column', index: 2 * enableLine + 1, channel: 'columnB' },
    { kind: 'row', index: row, channel: 'row' },
  ]);
}

/** Runs the loop sweep of the programme on the routed pair with ideal instruments; readings of both columns. */
export function sweepPair(station: SimulatedStation, limitAmps = 1e-3): readonly [Readings, Readings] {
  const segments = segmentsOf(PROGRAMME, 'loop');
  const volts: number[] = [];
  const amps: [number[], number[]] = [[], []];
  for (const segment of segments) {
    for (const level of segment.volts) {
      bias(station, level, limitAmps);
      station.advance(segment.settleSeconds + segment.nplc / 50);
      volts.push(level);
      amps[0].push(station.sense('columnA').amps);
      amps[1].push(station.sense('columnB').amps);
    }
  }
  bias(station, 0);
  const reading = (list: number[]): Readings => ({
    volts: Float32Array.from(volts),
    amps: Float32Array.from(list),
    flags: new Uint8Array(volts.length),
  });
  return [reading(amps[0]), reading(amps[1])];
}

export function switchOff(station: SimulatedStation): void {
  for (const channel of CHANNELS) station.setSource(channel, { outputOn: false, volts: 0, limitAmps: 1e-4 });
}
