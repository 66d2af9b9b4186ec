import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { solutionsNpz } from '../../training/campaign/solutions-npz.ts';
import type { Solution } from '../../training/solution.ts';
import { randomWeights, SMALL_SHAPE } from './mapped-dies.ts';

const solution = (seed: number) =>
  ({ ...randomWeights(SMALL_SHAPE, seed), validationErrors: 100 + seed }) as unknown as Solution;

/** What numpy.lib.format says of a version 1.0 file. */
function readNpy(bytes: Uint8Array) {
  const headerLength = bytes[8] | (bytes[9] << 8);
  return {
    magic: [...bytes.subarray(0, 8)],
    header: new TextDecoder('latin1').decode(bytes.subarray(10, 10 + headerLength)),
    dataStart: 10 + headerLength,
    data: bytes.slice(10 + headerLength),
  };
}

describe('solutions as NPZ', () => {
  const files = unzipSync(solutionsNpz([solution(1), solution(2)]));

  it('hold every sign, solution after solution', () => {
    const { magic, header, dataStart, data } = readNpy(files['signs1.npy']);
    expect(magic).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    expect(header).toMatch(/^\{'descr': '\|i1', 'fortran_order': False, 'shape': \(2, 6, 5\), \} *\n$/);
    expect(dataStart % 64).toBe(0);
    expect([...new Int8Array(data.buffer)]).toEqual([...solution(1).signs1, ...solution(2).signs1]);
  });

  it('hold the validation errors as whole numbers', () => {
    const { header, data } = readNpy(files['validation_errors.npy']);
    expect(header).toContain("'shape': (2,)");
    expect([...new Int32Array(data.buffer)]).toEqual([101, 102]);
  });

  it('are the same bytes every time', () => {
    expect(solutionsNpz([solution(1)])).toEqual(solutionsNpz([solution(1)]));
  });

  it('of several shapes are refused', () => {
    const other = { ...solution(1), shape: { ...SMALL_SHAPE, hidden: 4 } };
    expect(() => solutionsNpz([solution(1), other])).toThrow(/TB_SOLUTION_INVALID/);
    expect(() => solutionsNpz([])).toThrow(/no solution/);
  });
});
