import { describe, expect, it } from 'vitest';
import { bias, PROGRAMME, routePair, setVolts, stationInContact, sweepPair } from './bench-hand.ts';

const settings = { seed: 5, startState: 'AP' } as const;

/** An enable line whose cells in the row are healthy, on a die without dead lines. */
function healthyPair(row: number) {
  const station = stationInContact(settings);
  const truth = station.truth(0);
  const pairs = Array.from({ length: 100 }, (_, line) => line);
  const line = pairs.find((candidate) =>
    [0, 1].every((side) => truth.cells[row * 200 + 2 * candidate + side].label === 'healthy'),
  );
  if (line === undefined || truth.deadRows.length > 0) throw new Error('choose another seed');
  return { station, line, cells: [0, 1].map((side) => truth.cells[row * 200 + 2 * line + side]) };
}

describe('access to a cell', () => {
  it('reads the cell when both columns are driven together', () => {
    const { station, line, cells } = healthyPair(50);
    routePair(station, line, 50);
    bias(station, 0.02);
    for (const [side, channel] of (['columnA', 'columnB'] as const).entries()) {
      const path = station.pathOhms(0, cells[side].cell, 'AP', 0.02);
      expect(0.02 / station.sense(channel).amps / path).toBeCloseTo(1, 3);
    }
  });

  it('reads a third too little with the neighbour column floating', () => {
    const { station, line, cells } = healthyPair(50);
    station.setEnableLine(line, 1.8);
    station.setCrosspoints([
      { kind: 'column', index: 2 * line, channel: 'columnA' },
      { kind: 'row', index: 50, channel: 'row' },
    ]);
    bias(station, 0.02);
    const ratio = 0.02 / station.sense('columnA').amps / cells[0].rAp;
    // 40 kΩ beside 40 kΩ + 0.8 kΩ of the way over the other rows: about half.
    expect(ratio).toBeGreaterThan(0.48);
    expect(ratio).toBeLessThan(0.54);
  });

  it('reads both cells in parallel when sensed at the row', () => {
    const { station, line, cells } = healthyPair(50);
    routePair(station, line, 50);
    setVolts(station, 0, 0.02);
    const parallel = 1 / (1 / cells[0].rAp + 1 / cells[1].rAp);
    expect(0.02 / station.sense('row').amps / parallel).toBeCloseTo(1, 2);
  });

  it('carries next to nothing with no row routed, and the columns are then one through all rows', () => {
    const { station, line } = healthyPair(50);
    station.setEnableLine(line, 1.8);
    station.setCrosspoints([
      { kind: 'column', index: 2 * line, channel: 'columnA' },
      { kind: 'column', index: 2 * line + 1, channel: 'columnB' },
    ]);
    bias(station, 0.05);
    expect(Math.abs(station.sense('columnA').amps)).toBeLessThan(1e-12);
    station.setSource('columnB', { outputOn: true, volts: 0, limitAmps: 1e-3 });
    expect(0.05 / station.sense('columnA').amps).toBeLessThan(1_000);
  });

  it('carries next to nothing with the gate off, or on another enable line, or with the needles off', () => {
    const { station, line } = healthyPair(50);
    routePair(station, line, 50);
    bias(station, 0);
    station.setEnableLine(null, 0);
    bias(station, 0.05);
    expect(Math.abs(station.sense('columnA').amps)).toBeLessThan(1e-12);
    bias(station, 0);
    station.setEnableLine((line + 1) % 100, 1.8);
    bias(station, 0.05);
    expect(Math.abs(station.sense('columnA').amps)).toBeLessThan(1e-12);
    const separate = stationInContact(settings);
    separate.setHeight('separation', 0);
    routePair(separate, line, 50);
    bias(separate, 0.05);
    expect(separate.sense('columnA')).toEqual({ volts: 0.05, amps: 0, inCompliance: false });
  });

  it('reads too high with a starved gate', () => {
    const { station, line, cells } = healthyPair(50);
    routePair(station, line, 50);
    bias(station, 0);
    station.setEnableLine(line, 0.502);
    bias(station, 0.02);
    expect(0.02 / station.sense('columnA').amps / cells[0].rAp).toBeGreaterThan(1.2);
  });

  it('gives a wrong current beside a shorted partner in compliance, without any error', () => {
    const station = stationInContact(settings);
    const truth = station.truth(0);
    const short = truth.cells.find(
      ({ label, cell }) => label === 'shorted' && cell % 2 === 1 && truth.cells[cell - 1].label === 'healthy',
    );
    if (short === undefined) throw new Error('choose another seed');
    routePair(station, Math.floor((short.cell % 200) / 2), Math.floor(short.cell / 200));
    bias(station, 0.3, 1e-4);
    const partner = station.sense('columnB');
    expect(partner.inCompliance).toBe(true);
    expect(partner.amps).toBe(1e-4);
    expect(partner.volts).toBeLessThan(0.3);
    expect(Math.abs(0.3 / station.sense('columnA').amps / truth.cells[short.cell - 1].rAp - 1)).toBeGreaterThan(0.3);
  });

  it('adds several routed rows in parallel', () => {
    const { station, line, cells } = healthyPair(50);
    station.setEnableLine(line, 1.8);
    station.setCrosspoints([
      { kind: 'column', index: 2 * line, channel: 'columnA' },
      { kind: 'column', index: 2 * line + 1, channel: 'columnB' },
      { kind: 'row', index: 50, channel: 'row' },
      { kind: 'row', index: 51, channel: 'row' },
    ]);
    bias(station, 0.02);
    expect(0.02 / station.sense('columnA').amps / cells[0].rAp).toBeLessThan(0.6);
    const sum = ['columnA', 'columnB', 'row'].reduce(
      (total, channel) => total + station.sense(channel as 'row').amps,
      0,
    );
    expect(Math.abs(sum)).toBeLessThan(1e-13);
  });

  it('gives a loop whose points are those of the lone cell to a part in a thousand, between the jumps', () => {
    const { station, line, cells } = healthyPair(50);
    const expected = [0, 1].map((side) => station.noiselessReadings(0, cells[side].cell, 'loop', PROGRAMME));
    routePair(station, line, 50);
    const measured = sweepPair(station);
    for (const side of [0, 1]) {
      const near = expected[side].amps.filter(
        (amps, i) => amps !== 0 && Math.abs(measured[side].amps[i] / amps - 1) < 2e-3,
      ).length;
      const biased = expected[side].amps.filter((amps) => amps !== 0).length;
      // Only the few points between the median and the drawn switching voltage differ.
      expect(near / biased).toBeGreaterThan(0.9);
    }
    expect(station.ledger.violations).toEqual([]);
  });
});
