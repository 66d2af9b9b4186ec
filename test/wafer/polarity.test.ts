import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Polarity, polarityCourse, polarityParts } from '../../wafer/polarity.ts';

const polarity = fc.constantFrom<Polarity>('positive', 'negative');
const level = (most: number) => fc.integer({ min: -most * 1000, max: most * 1000 }).map((value) => value / 1000);
const list = fc.oneof(fc.array(level(0.05), { minLength: 1 }), fc.array(level(0.8), { minLength: 1 }));

describe('a voltage list cut where its sign changes', () => {
  it('keeps every point once, each under the polarity of its sign', () => {
    fc.assert(
      fc.property(list, polarity, (volts, present) => {
        const parts = polarityParts(volts, present);
        const places = parts.flatMap((part) => part.places);
        expect(places.toSorted((a, b) => a - b)).toEqual(volts.map((_, place) => place));
        for (const part of parts) {
          expect(part.volts).toEqual(part.places.map((place) => volts[place]));
          expect(part.volts.every((one) => one === 0 || one > 0 === (part.polarity === 'positive'))).toBe(true);
        }
        parts.slice(1).forEach((part, i) => void expect(part.polarity).not.toBe(parts[i].polarity));
      }),
    );
  });

  it('keeps the order of everything that could switch a cell', () => {
    fc.assert(
      fc.property(fc.array(level(0.8), { minLength: 1 }), polarity, (volts, present) => {
        fc.pre(volts.some((one) => Math.abs(one) > 0.05));
        expect(polarityParts(volts, present).flatMap(({ places }) => places)).toEqual(volts.map((_, place) => place));
      }),
    );
  });

  it('begins at low bias with the present polarity, so that a read needs one exchange', () => {
    const read = [0.05, -0.05, 0.05, -0.05];
    expect(polarityParts(read, 'negative').map(({ volts }) => volts)).toEqual([
      [-0.05, -0.05],
      [0.05, 0.05],
    ]);
    expect(polarityCourse([read], 'positive')).toEqual({ parts: 2, exchanges: 1 });
  });

  it('exchanges four times in a loop: read, write AP, write P and read, write AP and read', () => {
    const read = [0.05, -0.05];
    const lists = [read, [-0.35, -0.7], [0, 0.35, 0.7, 0], read, [-0.35, -0.7, 0], read];
    expect(polarityCourse(lists, 'positive').exchanges).toBe(4);
  });
});
