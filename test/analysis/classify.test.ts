import { describe, expect, it } from 'vitest';
import { CellFlag, cellFlagNames } from '../../analysis/cell-flags.ts';
import { createClassifier } from '../../analysis/classify.ts';
import { HEALTHY, NO_NOISE, recipe, type SyntheticCell, syntheticSweep } from './synthetic-sweeps.ts';

const { classify } = createClassifier(recipe.programme, recipe.thresholds);
const classOf = (cell: SyntheticCell, seed = 1) => classify(syntheticSweep(cell, { seed }));
const STUCK = { toPVolts: null, toApVolts: null };

describe('a healthy cell', () => {
  it('gives its class, both resistances as the noise-free slopes at low bias, and both switching voltages', () => {
    const record = classOf(HEALTHY);
    const truth = classify(syntheticSweep(HEALTHY, { noise: NO_NOISE }));
    expect(record.class).toBe('healthy');
    expect(record.neighbourClass).toBeNull();
    expect(cellFlagNames(record.flags)).toEqual([]);
    expect(record.rP).toBeCloseTo(truth.rP ?? 0, -2);
    expect(Math.abs((record.rP ?? 0) - (truth.rP ?? 0))).toBeLessThan(4 * (record.rPUncertainty ?? 0));
    expect(Math.abs((record.rAp ?? 0) - (truth.rAp ?? 0))).toBeLessThan(4 * (record.rApUncertainty ?? 0));
    expect(truth.rP).toBeCloseTo(18_000 / (1 + (0.05 / 2.5) ** 2), 0);
    // 0.51 V lies between the points at 0.50 and 0.525 V; −0.49 V between −0.475 and −0.50 V.
    expect(record.vSwitchPositive).toBeCloseTo(0.5125, 3);
    expect(record.vSwitchNegative).toBeCloseTo(-0.4875, 3);
    expect(record.stateLeft).toBe('AP');
  });

  it.each(['P', 'AP'] as const)('found in %s is named so', (start) => {
    expect(classOf({ ...HEALTHY, start }).stateFound).toBe(start);
  });
});

describe('every class', () => {
  const cases: [string, SyntheticCell, object][] = [
    ['shorted', { ...HEALTHY, ...STUCK, shuntOhms: 400 }, { class: 'shorted', cause: 'none' }],
    ['shorted below 100 ohms', { ...HEALTHY, ...STUCK, shuntOhms: 30 }, { class: 'shorted' }],
    ['subpar', { ...HEALTHY, shuntOhms: 6_000 }, { class: 'subpar', stateLeft: 'AP' }],
    ['subpar near the short bound', { ...HEALTHY, shuntOhms: 1_150 }, { class: 'subpar' }],
    ['weak by TMR', { ...HEALTHY, tmr: 0.3 }, { class: 'weak' }],
    ['weak by telegraph noise', { ...HEALTHY, telegraph: 0.03 }, { class: 'weak' }],
    ['weak by strong telegraph noise', { ...HEALTHY, telegraph: 0.22 }, { class: 'weak' }],
    ['weak by back-hopping', { ...HEALTHY, backHopVolts: 0.65 }, { class: 'weak' }],
    ['stuck in P', { ...HEALTHY, ...STUCK, start: 'P' }, { class: 'stuck', stuckState: 'P' }],
    ['stuck in AP', { ...HEALTHY, ...STUCK, start: 'AP' }, { class: 'stuck', stuckState: 'AP' }],
    ['stuck with a shunt', { ...HEALTHY, ...STUCK, shuntOhms: 5_000 }, { class: 'stuck' }],
    ['open', { ...HEALTHY, ...STUCK, rP: 5e8 }, { class: 'open' }],
    ['one transition only', { ...HEALTHY, toApVolts: null, start: 'P' }, { class: 'stuck' }],
  ];
  it.each(cases)('%s', (_name, cell, expected) => {
    for (let seed = 1; seed <= 50; seed++) expect(classOf(cell, seed)).toMatchObject(expected);
  });

  it('an open whose partner ran the loop is open from its loop too', () => {
    const sweep = syntheticSweep({ ...HEALTHY, ...STUCK, rP: 5e8 }, { kind: 'loop' });
    expect(classify(sweep).class).toBe('open');
  });

  it('a cell that only returns on the way back is contradictory, so undetermined', () => {
    // Switches P→AP in the loop but was never set to AP by the initialising half-cycle.
    const sweep = syntheticSweep({ ...HEALTHY, toPVolts: null, toApVolts: -0.49, start: 'P' });
    sweep.readings.amps.set(syntheticSweep({ ...HEALTHY, ...STUCK, start: 'P' }).readings.amps.subarray(0, 60), 0);
    const record = classify(sweep);
    expect(record.class).toBe('undetermined');
    expect(record.flags & CellFlag.contradictory).toBeTruthy();
  });

  it('a sweep of another length is undetermined, never an exception', () => {
    const sweep = syntheticSweep(HEALTHY);
    const { volts, amps, flags } = sweep.readings;
    const shorter = { volts: volts.subarray(1), amps: amps.subarray(1), flags: flags.subarray(1) };
    expect(classify({ ...sweep, readings: shorter }).class).toBe('undetermined');
  });
});

describe('a junction that breaks in its own sweep', () => {
  it('is found, wherever it breaks after the pre-read, and classed by what it is now', () => {
    const loopPoints = syntheticSweep(HEALTHY).readings.volts.length;
    let found = 0;
    let tried = 0;
    for (const shuntOhms of [undefined, 20_000, 8_000]) {
      for (let breaksAt = 4; breaksAt < loopPoints - 4; breaksAt++) {
        for (const brokenOhms of [60, 300, 900]) {
          const shunt = shuntOhms === undefined ? {} : { shuntOhms };
          const start = breaksAt % 2 ? 'P' : 'AP';
          const record = classOf({ ...HEALTHY, ...shunt, start, breaksAt, brokenOhms }, breaksAt);
          tried += 1;
          if (record.class === 'shorted' && record.cause === 'failedInTest') found += 1;
        }
      }
    }
    expect(found / tried).toBeGreaterThanOrEqual(0.99);
  });

  it('is not seen where nothing broke', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const start = seed % 2 ? 'P' : 'AP';
      expect(classOf({ ...HEALTHY, tmr: 1.8, start }, seed).cause).toBe('none');
    }
  });
});

describe('doubt', () => {
  it('names the neighbouring class of a cell within the guard band of a boundary', () => {
    const near = classOf({ ...HEALTHY, rP: 12_005, tmr: 1 });
    expect([near.class, near.neighbourClass].sort()).toEqual(['healthy', 'subpar']);
    expect(near.flags & CellFlag.nearBoundary).toBeTruthy();
    expect(classOf({ ...HEALTHY, rP: 13_000 }).neighbourClass).toBeNull();
  });

  it('does not call an open near anything because its resistance is within noise', () => {
    for (let seed = 1; seed <= 50; seed++) {
      expect(classOf({ ...HEALTHY, ...STUCK, rP: 5e9 }, seed)).toMatchObject({ class: 'open', neighbourClass: null });
    }
  });

  it('a loop in compliance above the short bound is undetermined', () => {
    const sweep = syntheticSweep({ ...HEALTHY, shuntOhms: 5_000 });
    sweep.readings.flags[30] |= 0x01;
    expect(classify(sweep).class).toBe('undetermined');
  });

  it('a loop that did not reach its amplitude is undetermined', () => {
    const sweep = syntheticSweep({ ...HEALTHY, ...STUCK });
    sweep.readings.volts.forEach((v, i, all) => {
      all[i] = v * 0.9;
    });
    const record = classify(sweep);
    expect(record.class).toBe('undetermined');
    expect(record.flags & CellFlag.amplitudeNotReached).toBeTruthy();
  });
});
