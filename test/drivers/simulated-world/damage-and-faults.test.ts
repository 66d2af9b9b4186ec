import { describe, expect, it } from 'vitest';
import { SimulatedStation } from '../../../drivers/simulated/world/simulated-station.ts';
import { bias, routePair, setVolts, stationInContact, switchOff } from './bench-hand.ts';

function kinds(station: SimulatedStation): string[] {
  return station.ledger.violations.map(({ kind }) => kind);
}

/** A station with the pair (7, row 10) routed and all outputs on at 0 V. */
function ready() {
  const station = stationInContact({ seed: 31, startState: 'AP' });
  routePair(station, 7, 10);
  bias(station, 0);
  return station;
}

function powerDown(station: SimulatedStation): void {
  switchOff(station);
  station.setEnableLine(null, 0);
  station.setCrosspoints([]);
  for (const name of ['vdd', 'substrate', 'vss'] as const) station.setSupply(name, false, 0, 0.01);
  station.setHeight('separation', 0);
}

describe('the damage ledger', () => {
  it('stays empty when everything is done in order, over two dies', () => {
    const station = ready();
    bias(station, 0.5);
    station.advance(1e-3);
    bias(station, 0);
    routePair(station, 8, 11);
    powerDown(station);
    const { x, y } = station.options.dies[1];
    station.moveChuck(x, y);
    station.setHeight('contact', 50);
    expect(station.ledger.violations).toEqual([]);
    expect(station.touchdowns).toBe(2);
    expect([...station.ledger.touchdowns]).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('books a relay or a gate that moves under bias, with time and facts', () => {
    const station = ready();
    station.advance(2);
    bias(station, 0.05);
    station.setCrosspoints([]);
    expect(station.ledger.violations).toHaveLength(1);
    expect(station.ledger.violations[0]).toMatchObject({
      seconds: 2,
      kind: 'hotSwitch',
      facts: { channel: 'columnA' },
    });
    station.setEnableLine(8, 1.8);
    expect(kinds(station)).toEqual(['hotSwitch', 'hotSwitch']);
  });

  it('does not mind a bias of a millivolt', () => {
    const station = ready();
    bias(station, 0.001);
    routePair(station, 8, 10);
    expect(kinds(station)).toEqual([]);
  });

  it('books motion in contact, and needles that leave or touch with outputs, gates or supplies on', () => {
    const moving = ready();
    moving.moveChuck(3, 3);
    expect(kinds(moving)).toEqual(['motionInContact']);
    const leaving = ready();
    leaving.setHeight('separation', 0);
    expect(kinds(leaving).sort()).toEqual(['separationUnderBias', 'supplyOrder', 'supplyOrder']);
    const touching = new SimulatedStation({ seed: 31 });
    touching.moveChuck(0, 0);
    touching.setSource('row', { outputOn: true, volts: 0, limitAmps: 1e-4 });
    touching.setHeight('contact', 50);
    expect(kinds(touching)).toEqual(['contactUnderBias']);
  });

  it('books a gate without vdd, and vdd off under a gate or under an output', () => {
    const station = new SimulatedStation({ seed: 31 });
    station.moveChuck(0, 0);
    station.setHeight('contact', 50);
    station.setEnableLine(3, 1.8);
    expect(kinds(station)).toEqual(['supplyOrder']);
    const down = ready();
    down.setSupply('vdd', false, 1.8, 0.01);
    expect(kinds(down)).toEqual(['supplyOrder', 'supplyOrder']);
  });

  it('books a junction over the ceiling once a route, and nothing at the ceiling', () => {
    const station = ready();
    bias(station, 0.8);
    station.advance(1e-4);
    expect(kinds(station)).toEqual([]);
    bias(station, 0.85);
    station.advance(1e-4);
    bias(station, 0.9);
    station.advance(1e-4);
    expect(kinds(station)).toEqual(['junctionOverCeiling', 'junctionOverCeiling']);
    expect(station.ledger.violations[0].facts).toMatchObject({ dieOrdinal: 0, cell: 10 * 200 + 14 });
  });

  it('books pads below the substrate and above the rail', () => {
    const station = ready();
    setVolts(station, -0.15, 0);
    station.advance(1e-4);
    expect(new Set(kinds(station))).toEqual(new Set(['padOutOfRange']));
    const high = ready();
    setVolts(high, 2, 1.9);
    high.advance(1e-4);
    expect(high.ledger.violations.map(({ facts }) => facts.line)).toEqual(['column 14', 'column 15']);
  });

  it('sums up for a control port', () => {
    const station = ready();
    bias(station, 0.5);
    station.advance(1e-3);
    const summary = structuredClone(station.ledger.summary());
    expect(summary.dies[0]).toMatchObject({ dieOrdinal: 0, touchdowns: 1, sweeps: 2, cellsSwept: 2 });
    expect(summary.dies[0].maxAbsVolts).toBeCloseTo(0.5, 2);
  });
});

describe('the chuck and the needles', () => {
  it('leave some lines open with too little overdrive', () => {
    const station = new SimulatedStation({ seed: 31, startState: 'AP' });
    station.moveChuck(0, 0);
    station.setHeight('contact', 10);
    station.setSupply('vdd', true, 1.8, 0.01);
    const touching = Array.from({ length: 100 }, (_, line) => {
      bias(station, 0);
      routePair(station, line, 10);
      bias(station, 0.05);
      return Math.abs(station.sense('columnA').amps) > 1e-7;
    }).filter(Boolean).length;
    expect(touching).toBeLessThan(90);
    station.setHeight('contact', 50);
    bias(station, 0);
    expect(station.touchdowns).toBe(1);
  });

  it('find nothing beside the wafer', () => {
    const station = new SimulatedStation({ seed: 31 });
    station.moveChuck(40, 40);
    station.setHeight('contact', 50);
    routePair(station, 7, 10);
    bias(station, 0.05);
    station.advance(1);
    expect(station.sense('columnA').amps).toBe(0);
    expect([...station.ledger.touchdowns]).toEqual([[-1, 1]]);
  });
});

describe('the supplies', () => {
  it('feed the CMOS only in contact, and fall when they reach their limit', () => {
    const station = new SimulatedStation({ seed: 31 });
    station.setSupply('vdd', true, 1.8, 0.01);
    expect(station.senseSupply('vdd')).toEqual({ volts: 1.8, amps: 0, inCompliance: false });
    const touching = stationInContact({ seed: 31 });
    expect(touching.senseSupply('vdd').amps).toBeCloseTo(40e-6, 6);
    expect(touching.senseSupply('vss').amps).toBeCloseTo(-40e-6, 6);
    touching.faults = { ...touching.faults, supplyLeakAmps: { vdd: 0.05 } };
    const leaking = touching.senseSupply('vdd');
    expect(leaking.inCompliance).toBe(true);
    expect(leaking.amps).toBe(0.01);
    expect(leaking.volts).toBeLessThan(1);
  });
});

describe('faults of the world', () => {
  it('a lost needle opens a line on every die, and its column then floats beside its neighbour', () => {
    const station = ready();
    bias(station, 0.02);
    const right = station.sense('columnA').amps;
    bias(station, 0);
    station.faults = { ...station.faults, lostNeedles: [{ kind: 'column', index: 15 }] };
    bias(station, 0.02);
    expect(station.sense('columnB').amps).toBe(0);
    expect(station.sense('columnA').amps / right).toBeGreaterThan(1.5);
  });

  it('a relay stuck open leaves its line open, one stuck closed joins another line', () => {
    const station = ready();
    bias(station, 0.02);
    const right = station.sense('columnA').amps;
    bias(station, 0);
    const relay = { kind: 'row', index: 10, channel: 'row' } as const;
    station.faults = { ...station.faults, stuckRelays: [{ ...relay, stuck: 'open' }] };
    bias(station, 0.02);
    expect(Math.abs(station.sense('columnA').amps)).toBeLessThan(1e-12);
    station.faults = { ...station.faults, stuckRelays: [{ ...relay, index: 44, stuck: 'closed' }] };
    expect(station.sense('columnA').amps / right).toBeGreaterThan(1.5);
  });

  it('an enable line stuck high adds the sneak paths of its pair', () => {
    const station = ready();
    bias(station, 0.02);
    const right = station.sense('row').amps;
    bias(station, 0);
    station.faults = { ...station.faults, stuckEnableLines: [60] };
    bias(station, 0.02);
    const sneaking = station.sense('row').amps;
    expect(sneaking / right).toBeGreaterThan(1.2);
    expect(Math.abs(station.sense('columnA').amps + station.sense('columnB').amps + sneaking)).toBeLessThan(1e-13);
  });

  it('the interlock is a flag for the instruments', () => {
    const station = ready();
    expect(station.faults.interlockOpen).toBe(false);
    station.faults = { ...station.faults, interlockOpen: true };
    expect(station.faults.interlockOpen).toBe(true);
    expect(Object.isFrozen(station.faults)).toBe(true);
  });
});
