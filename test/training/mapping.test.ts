import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCorrection } from '../../training/defect-correction.ts';
import { checkMapping } from '../../training/mapping/check-mapping.ts';
import { dieConductances } from '../../training/mapping/die-conductances.ts';
import { dieCorrection } from '../../training/mapping/die-correction.ts';
import { effectiveWeights, networkCells } from '../../training/mapping/effective-weights.ts';
import { paperMapping } from '../../training/mapping/paper-mapping.ts';
import { randomMapping } from '../../training/mapping/random-mapping.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { layer1Cells, layer2Cells, usedCellCount } from '../../training/mapping/weight-cells.ts';
import { PAPER_SHAPE } from '../../training/network-shape.ts';
import { seededStream } from '../../training/seeded-stream.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';
import { dieWith, forward, randomImage, randomWeights, SMALL_GEOMETRY, SMALL_SHAPE } from './mapped-dies.ts';

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i], 5);
}

describe('the default layout', () => {
  const mapping = paperMapping(PAPER_SHAPE, DEFAULT_GEOMETRY);

  it('uses 19,800 of 20,000 cells, each for one weight', () => {
    const used = [
      layer1Cells(mapping, PAPER_SHAPE, DEFAULT_GEOMETRY),
      layer2Cells(mapping, PAPER_SHAPE, DEFAULT_GEOMETRY),
    ].flatMap(({ plus, minus }) => [...plus, ...minus]);
    expect(used).toHaveLength(19_800);
    expect(usedCellCount(PAPER_SHAPE)).toBe(19_800);
    expect(new Set(used).size).toBe(19_800);
  });

  it('puts layer 1 in columns 0–179 and layer 2 in columns 180–199, rows 0–89', () => {
    const columns = (cells: Uint32Array) => [...cells].map((cell) => cell % 200);
    const first = layer1Cells(mapping, PAPER_SHAPE, DEFAULT_GEOMETRY);
    const second = layer2Cells(mapping, PAPER_SHAPE, DEFAULT_GEOMETRY);
    expect([Math.min(...columns(first.plus)), Math.max(...columns(first.minus))]).toEqual([0, 179]);
    expect([Math.min(...columns(second.plus)), Math.max(...columns(second.minus))]).toEqual([180, 199]);
    expect(Math.max(...second.plus.map((cell) => Math.floor(cell / 200)))).toBe(89);
  });

  it('places other networks on other crossbars', () => {
    const geometry = { rows: 12, columns: 31, columnsPerEnableLine: 1 } as const;
    expect(paperMapping({ inputs: 12, hidden: 11, outputs: 4 }, geometry).outputPairs).toEqual([11, 12, 13, 14]);
  });

  it('refuses a network that does not fit, with the arithmetic', () => {
    expect(() => paperMapping({ inputs: 100, hidden: 95, outputs: 10 }, DEFAULT_GEOMETRY)).toThrow(
      /95 \+ 10 = 105 column pairs.*200 \/ 2 = 100 pairs.*TB_MAPPING_INVALID/,
    );
    expect(() => paperMapping({ inputs: 196, hidden: 80, outputs: 10 }, DEFAULT_GEOMETRY)).toThrow(
      /max\(196, 80\) = 196 rows.*at most 100 rows/,
    );
  });
});

describe('a mapping', () => {
  const good = paperMapping(SMALL_SHAPE, SMALL_GEOMETRY);
  const wrong = [
    ['a row used twice', { ...good, inputRows: [0, 1, 2, 3, 4, 4] }, /inputRows uses row 4 twice/],
    ['a row outside', { ...good, hiddenRows: [0, 1, 2, 3, 8] }, /hiddenRows\[4\] is no row/],
    ['a missing unit', { ...good, hiddenPairs: [0, 1, 2, 3] }, /hiddenPairs has the wrong length/],
    ['a pair used by both layers', { ...good, outputPairs: [4, 6, 7] }, /pair 4 carries a hidden unit and an output/],
    ['a sign that is none', { ...good, outputPairSigns: [1, 0, 1] as never }, /outputPairSigns\[1\] is no sign/],
  ] as const;
  it.each(wrong)('with %s is refused', (_, mapping, message) => {
    expect(() => checkMapping(mapping, SMALL_SHAPE, SMALL_GEOMETRY)).toThrow(message);
  });

  it('makes no difference on a perfect die', () => {
    const die = dieConductances(dieWith([]), DEFAULT_READ_OUT);
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (mappingSeed, weightSeed) => {
        const weights = randomWeights(SMALL_SHAPE, weightSeed);
        const cells = networkCells(randomMapping(SMALL_SHAPE, SMALL_GEOMETRY, mappingSeed), SMALL_SHAPE, die);
        const realised = effectiveWeights(weights, die, cells);
        const image = randomImage(SMALL_SHAPE, seededStream(weightSeed, 1));
        const ideal = { w1: Float32Array.from(weights.signs1), w2: Float32Array.from(weights.signs2) };
        forward(SMALL_SHAPE, realised, image).forEach((logit, k) => {
          expect(logit).toBeCloseTo(forward(SMALL_SHAPE, ideal, image)[k], 5);
        });
      }),
    );
  });

  it('makes a difference on a die with a short', () => {
    const die = dieConductances(dieWith([{ cell: 0, class: 'shorted', rFixed: 300 }]), DEFAULT_READ_OUT);
    const weights = randomWeights(SMALL_SHAPE, 1);
    const results = [1, 2, 3, 4].map((seed) => {
      const cells = networkCells(randomMapping(SMALL_SHAPE, SMALL_GEOMETRY, seed), SMALL_SHAPE, die);
      return effectiveWeights(weights, die, cells).w1.join();
    });
    expect(new Set(results).size).toBeGreaterThan(1);
  });
});

describe('the weights a die realises', () => {
  const mapping = paperMapping(SMALL_SHAPE, SMALL_GEOMETRY);
  const unit = 1 / 19.5e3 - 1 / 41.5e3;
  const weightOfCell0 = (defect: Parameters<typeof dieWith>[0][number], sign: 1 | -1) => {
    const die = dieConductances(dieWith([defect]), DEFAULT_READ_OUT);
    const weights = randomWeights(SMALL_SHAPE, 1);
    weights.signs1[0] = sign;
    return effectiveWeights(weights, die, networkCells(mapping, SMALL_SHAPE, die)).w1[0];
  };

  it('a short saturates at about 15 to 19, whatever the wanted sign', () => {
    const short = { cell: 0, class: 'shorted', rFixed: 100 } as const;
    expect(weightOfCell0(short, 1)).toBeCloseTo((1 / 1600 - 1 / 41.5e3) / unit, 3);
    expect(weightOfCell0(short, -1)).toBeCloseTo((1 / 1600 - 1 / 19.5e3) / unit, 3);
    expect(weightOfCell0({ cell: 1, class: 'shorted', rFixed: 100 }, -1)).toBeLessThan(-15);
  });

  it('an open cell leaves its partner alone to speak', () => {
    expect(weightOfCell0({ cell: 0, class: 'open' }, 1)).toBeCloseTo(-1 / 41.5e3 / unit, 4);
    expect(weightOfCell0({ cell: 0, class: 'open' }, -1)).toBeCloseTo(-1 / 19.5e3 / unit, 4);
  });

  it('a subpar cell follows its programmed state', () => {
    const subpar = { cell: 0, class: 'subpar', rP: 6e3, rAp: 8e3 } as const;
    expect(weightOfCell0(subpar, 1)).toBeCloseTo((1 / 7.5e3 - 1 / 41.5e3) / unit, 4);
    expect(weightOfCell0(subpar, -1)).toBeCloseTo((1 / 9.5e3 - 1 / 19.5e3) / unit, 4);
  });

  it('a stuck cell has one conductance', () => {
    const stuck = { cell: 0, class: 'stuck', rFixed: 40e3 } as const;
    expect(weightOfCell0(stuck, 1)).toBeCloseTo(0, 6);
    expect(weightOfCell0(stuck, -1)).toBeCloseTo(-1, 6);
  });

  it('every defect replaced by the means gives back the binary weight', () => {
    const model = dieWith([
      { cell: 0, class: 'shorted', rFixed: 100 },
      { cell: 5, class: 'unmeasured' },
    ]);
    const die = dieConductances(model, { ...DEFAULT_READ_OUT, defects: 'dieMeans', unknownCells: 'mean' });
    const weights = randomWeights(SMALL_SHAPE, 1);
    const { w1 } = effectiveWeights(weights, die, networkCells(mapping, SMALL_SHAPE, die));
    expectClose(w1, weights.signs1);
  });

  it('with repeatability noise they scatter around the noiseless ones', () => {
    const die = dieConductances(dieWith([]), DEFAULT_READ_OUT);
    const weights = randomWeights(SMALL_SHAPE, 1);
    const cells = networkCells(mapping, SMALL_SHAPE, die);
    const noisy = effectiveWeights(weights, die, cells, { relativeSigma: 0.01, stream: seededStream(5) });
    const again = effectiveWeights(weights, die, cells, { relativeSigma: 0.01, stream: seededStream(5) });
    expect([...noisy.w1]).toEqual([...again.w1]);
    const deviations = [...noisy.w1].map((weight, i) => weight - weights.signs1[i]);
    expect(Math.max(...deviations.map(Math.abs))).toBeGreaterThan(0.005);
    expect(Math.max(...deviations.map(Math.abs))).toBeLessThan(0.1);
  });

  it('are those of hardware-aware training where a cell is defective', () => {
    const model = dieWith([
      { cell: 0, class: 'shorted', rFixed: 500 },
      { cell: 17, class: 'open' },
      { cell: 10, class: 'subpar', rP: 3e3, rAp: 4e3 },
      { cell: 14, class: 'weak', rP: 18e3, rAp: 22e3 },
    ]);
    const die = dieConductances(model, DEFAULT_READ_OUT);
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (mappingSeed, weightSeed) => {
        const cells = networkCells(randomMapping(SMALL_SHAPE, SMALL_GEOMETRY, mappingSeed), SMALL_SHAPE, die);
        const weights = randomWeights(SMALL_SHAPE, weightSeed);
        const corrected = applyCorrection(weights, dieCorrection(die, cells));
        const realised = effectiveWeights(weights, die, cells);
        expectClose(corrected.w1, realised.w1);
        expectClose(corrected.w2, realised.w2);
      }),
    );
  });
});

describe('a die model that cannot be used', () => {
  it('with unmeasured cells is refused unless told what they count as, and the count is kept', () => {
    const model = dieWith([
      { cell: 3, class: 'unmeasured' },
      { cell: 4, class: 'undetermined' },
    ]);
    expect(() => dieConductances(model, DEFAULT_READ_OUT)).toThrow(/2 cells are undetermined or unmeasured/);
    const open = dieConductances(model, { ...DEFAULT_READ_OUT, unknownCells: 'open' });
    expect([open.filledCells, open.p[3], open.p[4]]).toEqual([2, 0, 0]);
    const mean = dieConductances(model, { ...DEFAULT_READ_OUT, unknownCells: 'mean' });
    expect(mean.p[3]).toBeCloseTo(1 / 19.5e3, 12);
  });

  it.each([
    ['a NaN resistance', (m: ReturnType<typeof dieWith>) => m.rP.fill(Number.NaN, 5, 6), /rP of cell 5/],
    ['a resistance of zero', (m: ReturnType<typeof dieWith>) => m.rAp.fill(0, 9, 10), /rAp of cell 9/],
    ['an unknown class', (m: ReturnType<typeof dieWith>) => m.classes.fill(8, 2, 3), /class of cell 2/],
    ['no healthy cell', (m: ReturnType<typeof dieWith>) => m.classes.fill(5), /no healthy cell/],
  ])('with %s is refused', (_, spoil, message) => {
    const model = dieWith([]);
    spoil(model);
    expect(() => dieConductances(model, DEFAULT_READ_OUT)).toThrow(message);
  });

  it('of a smaller geometry is refused by the mapping', () => {
    const die = dieConductances(dieWith([]), DEFAULT_READ_OUT);
    const mapping = paperMapping(PAPER_SHAPE, DEFAULT_GEOMETRY);
    expect(() => networkCells(mapping, PAPER_SHAPE, die)).toThrow(/TB_MAPPING_INVALID/);
  });

  it('a negative series resistance is refused', () => {
    expect(() => dieConductances(dieWith([]), { ...DEFAULT_READ_OUT, seriesOhms: -1 })).toThrow(
      /TB_TRAINING_PARAMETER/,
    );
  });
});
