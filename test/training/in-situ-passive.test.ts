import { describe, expect, it } from 'vitest';
import { switchingProbability } from '../../physics/switching.ts';
import { DEFAULT_PULSES } from '../../training/in-situ/amplitude.ts';
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
