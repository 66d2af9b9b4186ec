/**
 * Solves A·x = b in place by elimination with partial pivoting: `matrix` (row-major, size × size) is destroyed, `right`
 * becomes x. Throws RangeError on a singular matrix.
 */
export function solveDense(matrix: Float64Array, right: Float64Array, size: number): void {
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < size; row++) {
      if (Math.abs(matrix[row * size + pivot]) > Math.abs(matrix[best * size + pivot])) best = row;
    }
    if (matrix[best * size + pivot] === 0) throw new RangeError('singular circuit matrix');
    if (best !== pivot) swapRows(matrix, right, size, best, pivot);
    const inverse = 1 / matrix[pivot * size + pivot];
    for (let row = pivot + 1; row < size; row++) {
      const factor = matrix[row * size + pivot] * inverse;
      if (factor === 0) continue;
      for (let column = pivot; column < size; column++) {
        matrix[row * size + column] -= factor * matrix[pivot * size + column];
      }
      right[row] -= factor * right[pivot];
    }
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = right[row];
    for (let column = row + 1; column < size; column++) sum -= matrix[row * size + column] * right[column];
    right[row] = sum / matrix[row * size + row];
  }
}

function swapRows(matrix: Float64Array, right: Float64Array, size: number, one: number, other: number): void {
  for (let column = 0; column < size; column++) {
    const kept = matrix[one * size + column];
    matrix[one * size + column] = matrix[other * size + column];
    matrix[other * size + column] = kept;
  }
  const kept = right[one];
  right[one] = right[other];
  right[other] = kept;
}
