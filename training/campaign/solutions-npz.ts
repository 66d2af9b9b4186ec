import { zipSync } from 'fflate';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Solution } from '../solution.ts';

/**
 * Solutions as the bytes of an NPZ file that numpy.load reads: `signs1` (solutions × inputs × hidden) and `signs2`
 * (solutions × hidden × outputs), int8, ±1; `validation_errors` (solutions), int32. Order as given.
 *
 * @throws TB_SOLUTION_INVALID when the solutions have different shapes, or there is none
 */
export function solutionsNpz(solutions: readonly Solution[]): Uint8Array {
  const { inputs, hidden, outputs } = commonShape(solutions);
  const count = solutions.length;
  const joined = (pick: (solution: Solution) => Int8Array, length: number) => {
    const all = new Int8Array(count * length);
    solutions.forEach((solution, i) => void all.set(pick(solution), i * length));
    return all;
  };
  const signs1 = joined(({ signs1: signs }) => signs, inputs * hidden);
  const signs2 = joined(({ signs2: signs }) => signs, hidden * outputs);
  const errors = Int32Array.from(solutions, ({ validationErrors }) => validationErrors);
  const entries = {
    'signs1.npy': npy(signs1, '|i1', [count, inputs, hidden]),
    'signs2.npy': npy(signs2, '|i1', [count, hidden, outputs]),
    'validation_errors.npy': npy(errors, '<i4', [count]),
  };
  // A fixed date: the same solutions give the same bytes.
  return zipSync(entries, { mtime: new Date('2000-01-01T00:00:00') });
}

/** One array in NumPy's .npy format, version 1.0 (numpy.lib.format): the data start at a multiple of 64 bytes. */
function npy(array: Int8Array | Int32Array, description: '|i1' | '<i4', shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const headerLength = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + headerLength + array.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, headerLength & 0xff, headerLength >> 8]);
  bytes.set(new TextEncoder().encode(`${text.padEnd(headerLength - 1)}\n`), 10);
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 10 + headerLength);
  return bytes;
}

function commonShape(solutions: readonly Solution[]): Solution['shape'] {
  const [first] = solutions;
  const shapes = new Set(solutions.map(({ shape }) => `${shape.inputs}-${shape.hidden}-${shape.outputs}`));
  if (first !== undefined && shapes.size === 1) return first.shape;
  throw new TunnelbenchError('TB_SOLUTION_INVALID', {
    thing: 'solutions to export',
    what: 'they do not have one shape',
    value: [...shapes].join(', ') || 'no solution',
    expected: 'networks of one shape',
    remedy: 'Choose the solutions of one campaign.',
  });
}
