import { describe, expect, it } from 'vitest';
import { switchingProbability } from '../../physics/switching.ts';
import { type AmplitudePolicy, DEFAULT_PULSES } from '../../training/in-situ/amplitude.ts';
import type { GatedLines } from '../../training/in-situ/gated-lines.ts';
import { DEFAULT_JUNCTIONS } from '../../training/in-situ/junctions.ts';
import type { PassiveLines } from '../../training/in-situ/passive-lines.ts';
import { SoftwareArray } from '../../training/in-situ/software-array.ts';

function passiveArray(passive: PassiveLines | null, delta = 60, rows = 12, columns = 10): SoftwareArray {
  return new SoftwareArray({
    rows,
    columns,
    pairsPerWeight: 1,
    junctions: { ...DEFAULT_JUNCTIONS, delta },
    pulses: { ...DEFAULT_PULSES, policy: 'shared' },
    passive,
    key: [3],
  });
}

function weightsOf(array: SoftwareArray): Float32Array {
  const weights = new Float32Array(array.rows * array.columns);
  array.read(weights);
  return weights;
}

describe('an array without transistors', () => {
  it('reads as one with transistors when its lines are good, worse when they are not', () => {
    const ideal = weightsOf(passiveArray(null));
    const distance = (pitchOhms: number) => {
      const read = weightsOf(passiveArray({ pitchOhms, contactOhms: 1e-3, solvedReads: true }));
      return Math.max(...read.map((weight, i) => Math.abs(weight - ideal[i])));
    };
    expect(distance(1e-4)).toBeLessThan(1e-4);
    expect(distance(20)).toBeGreaterThan(0.05);
  });

  it('exposes every cell that shares a driven line, and no other', () => {
    const array = passiveArray({ pitchOhms: 1e-4, contactOhms: 1e-3, solvedReads: false });
    const wanted = new Float32Array(120);
    wanted[3 * 10 + 4] = 1e-6;
    array.pulse(wanted);
    const { junctions, ledger } = array;
    // Row 3 is driven twice (once per polarity), each column of the pair once; each junction fears one polarity only. The
    // pulsed pair itself is not half-selected in the step that selects it.
    let expected = 0;
    for (let d = 0; d < junctions.count; d++) {
      const [i, c] = [Math.floor(d / 20), d % 20];
      const feared = (c % 2 === 0) === (junctions.parallel[d] === 0);
      if (i === 3) expected += c >> 1 === 4 && feared ? 0 : 1;
      else if (c >> 1 === 4) expected += feared ? 1 : 0;
    }
    expect(ledger.halfSelects).toBe(expected);
  });

  it('disturbs half-selected junctions as often as the thermal law at half the voltage says', () => {
    const delta = 20;
    const array = passiveArray({ pitchOhms: 1e-4, contactOhms: 1e-3, solvedReads: false }, delta, 40, 40);
    const wanted = new Float32Array(1600);
    wanted.fill(0.01, 0, 4);
    const volts = 0.64 * (1 - (Math.log(1e5) - Math.log(-Math.log1p(-0.01))) / delta);
    const expected = switchingProbability(volts / 2, 1e-4, delta, 0.64);
    for (let update = 0; update < 300; update++) array.pulse(wanted);
    const { disturbed, halfSelects } = array.ledger;
    const error = 4 / Math.sqrt(halfSelects * expected);
    expect(halfSelects * expected).toBeGreaterThan(100);
    expect(Math.abs(disturbed / halfSelects / expected - 1)).toBeLessThan(error + 0.02);
  });

  it('disturbs next to nothing at Δ 60', () => {
    const array = passiveArray({ pitchOhms: 0.05, contactOhms: 2, solvedReads: false });
    for (let update = 0; update < 50; update++) array.pulse(new Float32Array(120).fill(0.01));
    expect(array.ledger.halfSelects).toBeGreaterThan(50_000);
    expect(array.ledger.disturbed).toBe(0);
  });
});

describe('an array with transistors whose lines are solved', () => {
  const lines = { pitchOhms: 1e-4, contactOhms: 1e-3, onOhms: 10, offSiemens: 1e-12 };

  function gatedArray(gated: GatedLines, policy: AmplitudePolicy = 'shared'): SoftwareArray {
    return new SoftwareArray({
      rows: 12,
      columns: 10,
      pairsPerWeight: 1,
      junctions: DEFAULT_JUNCTIONS,
      pulses: { ...DEFAULT_PULSES, policy },
      passive: null,
      gated,
      key: [3],
    });
  }

  it('reads each junction in series with its two transistors', () => {
    const array = gatedArray({ ...lines, onOhms: 2000 });
    const { siemensP, siemensAp, parallel } = array.junctions;
    const seen = (d: number) => 1 / (1 / (parallel[d] === 1 ? siemensP[d] : siemensAp[d]) + 4000);
    const unit = average(siemensP) - average(siemensAp);
    weightsOf(array).forEach((weight, i) => {
      expect(weight).toBeCloseTo((seen(2 * i) - seen(2 * i + 1)) / unit, 4);
    });
  });

  it('exposes nothing to half the voltage, and loses to the lines what the passive array loses many times over', () => {
    const resistive = { ...lines, pitchOhms: 20, contactOhms: 2 };
    const gated = gatedArray(resistive);
    const passive = passiveArray({ pitchOhms: 20, contactOhms: 2, solvedReads: true });
    const wanted = new Float32Array(120).fill(0.3);
    for (const array of [gated, passive]) array.pulse(wanted);
    expect(gated.ledger.halfSelects).toBe(0);
    expect(passive.ledger.halfSelects).toBeGreaterThan(0);
    expect(gated.ledger.flips).toBeGreaterThan(passive.ledger.flips);
  });

  it('calibrated in place, switches as often as the same junctions without lines', () => {
    const share = (array: SoftwareArray) => {
      array.junctions.parallel.forEach((_, d) => {
        array.junctions.parallel[d] = d % 2;
      });
      for (let update = 0; update < 40; update++) {
        array.pulse(new Float32Array(120).fill(0.02));
        for (let d = 0; d < 240; d++) array.junctions.parallel[d] = d % 2;
      }
      return array.ledger.flips / array.ledger.pulses;
    };
    const passive = new SoftwareArray({
      rows: 12,
      columns: 10,
      pairsPerWeight: 1,
      junctions: DEFAULT_JUNCTIONS,
      pulses: { ...DEFAULT_PULSES, policy: 'calibrated' },
      passive: { pitchOhms: 20, contactOhms: 2, solvedReads: true },
      key: [3],
    });
    for (const array of [gatedArray({ ...lines, pitchOhms: 20 }, 'calibrated'), passive]) {
      expect(share(array)).toBeGreaterThan(0.013);
      expect(share(array)).toBeLessThan(0.027);
    }
    expect(share(passiveArray({ pitchOhms: 20, contactOhms: 2, solvedReads: true }))).toBeLessThan(0.01);
  });
});

function average(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
