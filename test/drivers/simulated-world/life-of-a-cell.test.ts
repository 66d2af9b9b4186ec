import { describe, expect, it } from 'vitest';
import { switchingProbability } from '../../../physics/switching.ts';
import { bias, PROGRAMME, routePair, stationInContact, sweepPair } from './bench-hand.ts';

/** Enable lines whose two cells in the row are healthy. */
function healthyLines(station: ReturnType<typeof stationInContact>, row: number): number[] {
  const { cells, deadRows } = station.truth(0);
  if (deadRows.includes(row)) throw new Error('choose another row');
  return Array.from({ length: 100 }, (_, line) => line).filter((line) =>
    [0, 1].every((side) => cells[row * 200 + 2 * line + side].label === 'healthy'),
  );
}

describe('switching in simulated time', () => {
  it('happens with the probability of the law, whatever the steps in which time passes', () => {
    for (const parts of [1, 7]) {
      const station = stationInContact({ seed: 21, startState: 'AP' });
      const before = station.truth(0).cells;
      let expected = 0;
      let variance = 0;
      const used: number[] = [];
      for (const row of [3, 30, 60, 90]) {
        for (const line of healthyLines(station, row)) {
          bias(station, 0);
          routePair(station, line, row);
          bias(station, 0.5);
          for (let part = 0; part < parts; part++) station.advance(3e-4 / parts);
          for (const side of [0, 1]) {
            const cell = before[row * 200 + 2 * line + side];
            // The access path takes about a thousandth of the voltage.
            const drive = 0.5 * (1 - 30 / cell.rAp) - cell.offsetVolts;
            const p = switchingProbability(drive, 3e-4, cell.delta, cell.vC0);
            expected += p;
            variance += p * (1 - p);
            used.push(cell.cell);
          }
        }
      }
      const after = station.truth(0).cells;
      const switched = used.filter((cell) => !after[cell].antiparallel).length;
      expect(expected).toBeGreaterThan(100);
      expect(Math.abs(switched - expected)).toBeLessThan(4 * Math.sqrt(variance));
    }
  });

  it('gives a cell the same loop whatever was measured before it', () => {
    const first = stationInContact({ seed: 22, startState: 'random' });
    const [line, other] = healthyLines(first, 20);
    routePair(first, line, 20);
    const early = sweepPair(first);
    const second = stationInContact({ seed: 22, startState: 'random' });
    for (const row of [0, 1, 2]) {
      routePair(second, other, row);
      sweepPair(second);
    }
    second.advance(100);
    routePair(second, line, 20);
    const late = sweepPair(second);
    const jumps = (amps: Float32Array) =>
      amps.map((value, i) => (i > 0 && Math.abs(value / amps[i - 1]) > 1.3 ? i : 0));
    expect(jumps(late[0].amps)).toEqual(jumps(early[0].amps));
    expect(jumps(late[1].amps)).toEqual(jumps(early[1].amps));
  });

  it('shows its jumps at 0.50 V on average over both polarities', () => {
    const station = stationInContact({ seed: 27 });
    const booked: number[] = [];
    for (const line of healthyLines(station, 10)) {
      routePair(station, line, 10);
      for (const { amps, volts } of sweepPair(station)) {
        // Between the initialising block and the end of the first half, then in the second half.
        for (const [start, end] of [
          [11, 35],
          [65, 90],
        ]) {
          for (let i = start; i < end; i++) {
            const change = volts[i] / amps[i] / (volts[i - 1] / amps[i - 1]);
            if (Math.abs(Math.log(change)) > 0.2) booked.push(Math.abs(volts[i] + volts[i - 1]) / 2);
          }
        }
      }
    }
    expect(booked.length).toBeGreaterThan(350);
    const mean = booked.reduce((sum, volts) => sum + volts, 0) / booked.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  });

  it('leaves every healthy cell antiparallel at the end of the programme, and keeps it so between sweeps', () => {
    const station = stationInContact({ seed: 23, startState: 'P' });
    const lines = healthyLines(station, 10).slice(0, 20);
    for (const line of lines) {
      routePair(station, line, 10);
      sweepPair(station);
    }
    station.advance(600);
    const { cells } = station.truth(0);
    for (const line of lines) expect(cells[10 * 200 + 2 * line].antiparallel).toBe(true);
    expect(cells[11 * 200 + 2 * lines[0]].antiparallel).toBe(false);
  });

  it('goes the other way round on a bench of the other polarity', () => {
    const station = stationInContact({ seed: 23, startState: 'AP', apToP: 'negative' });
    const [line] = healthyLines(station, 10);
    routePair(station, line, 10);
    bias(station, 0.7);
    station.advance(1e-3);
    expect(station.truth(0).cells[10 * 200 + 2 * line].antiparallel).toBe(true);
    bias(station, -0.7);
    station.advance(1e-3);
    expect(station.truth(0).cells[10 * 200 + 2 * line].antiparallel).toBe(false);
  });

  it('reaches half-selected cells of a neighbour that is held at the row', () => {
    const station = stationInContact({ seed: 24, startState: 'AP' });
    const [line] = healthyLines(station, 10);
    routePair(station, line, 10);
    station.setSource('columnA', { outputOn: true, volts: 0.5, limitAmps: 5e-3 });
    station.setSource('columnB', { outputOn: true, volts: 0, limitAmps: 5e-3 });
    station.setSource('row', { outputOn: true, volts: 0, limitAmps: 5e-3 });
    station.advance(3e-4);
    const { halfSelectExposures, maxAbsVolts, sweeps } = station.ledger.stress(0);
    const halfSelected = 40 * 200 + 2 * line;
    expect(halfSelectExposures[halfSelected]).toBe(1);
    expect(maxAbsVolts[halfSelected]).toBeGreaterThan(0.1);
    expect(sweeps[10 * 200 + 2 * line]).toBe(1);
    expect(halfSelectExposures[10 * 200 + 2 * line]).toBe(0);
  });
});

describe('cells that do not hold still', () => {
  for (const label of ['weakTelegraph', 'weakBackHopping'] as const) {
    it(`${label}: jumps several times within a loop, measured and in truth`, () => {
      const station = stationInContact({ seed: 25, startState: 'AP' });
      const cells = station.truth(0).cells.filter((cell) => cell.label === label);
      expect(cells.length).toBeGreaterThan(0);
      for (const { cell } of cells) {
        const row = Math.floor(cell / 200);
        routePair(station, Math.floor((cell % 200) / 2), row);
        const measured = sweepPair(station)[cell % 2];
        const truth = station.noiselessReadings(0, cell, 'loop', PROGRAMME);
        for (const { amps, volts } of [measured, truth]) {
          const ohms = Array.from(amps, (value, i) => volts[i] / value).filter(Number.isFinite);
          const jumps = ohms.filter((value, i) => i > 0 && Math.abs(value / ohms[i - 1] - 1) > 0.08).length;
          expect(jumps).toBeGreaterThan(4);
        }
      }
    });
  }
});

describe('breakdown', () => {
  it('takes the early tail under the default loop, books each loss, and leaves a short', () => {
    const station = stationInContact({
      seed: 26,
      earlyBreakdown: { fraction: 0.2, lowerByVolts: [0.8, 0.9] },
    });
    for (const line of healthyLines(station, 10)) {
      routePair(station, line, 10);
      sweepPair(station);
    }
    const { losses, violations } = station.ledger;
    expect(losses.length).toBeGreaterThan(5);
    expect(violations).toEqual([]);
    for (const { cell, volts, ohms, row } of losses) {
      expect(row).toBe(10);
      expect(Math.abs(volts)).toBeGreaterThan(0.3);
      expect(ohms).toBeGreaterThanOrEqual(100);
      expect(ohms).toBeLessThanOrEqual(1_000);
      const { brokenOhms } = station.truth(0).cells[cell];
      expect((brokenOhms ?? 0) / ohms).toBeCloseTo(1, 6);
      expect(station.pathOhms(0, cell, 'P', 0.02) / ohms).toBeCloseTo(1, 6);
    }
  });

  it('does not touch the default wafer', () => {
    const station = stationInContact({ seed: 26 });
    for (const line of healthyLines(station, 10)) {
      routePair(station, line, 10);
      sweepPair(station);
    }
    expect(station.ledger.losses).toEqual([]);
    expect(station.ledger.violations).toEqual([]);
  });
});
