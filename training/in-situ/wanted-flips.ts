/**
 * The probability with which each cell of a layer shall move, with the sign of the move: against the mean gradient. Needs the
 * gradient of one column at a time and, of every line, its own mean square: nothing the size of the weights is kept.
 *
 * @param gradient rows × columns, mean over the batch
 * @param powers mean squares of row values and column errors over the batch
 */
export function wantedFlips(
  gradient: Float32Array,
  powers: { readonly rows: Float64Array; readonly columns: Float64Array },
  batch: number,
  rule: { readonly rate: number; readonly threshold: number },
  into: Float32Array,
): void {
  const rows = powers.rows.length;
  const columns = powers.columns.length;
  const columnScale = powers.columns.map(inverseRoot);
  for (let i = 0; i < rows; i++) {
    const rowScale = inverseRoot(powers.rows[i]) * Math.sqrt(batch);
    for (let j = 0; j < columns; j++) {
      const t = gradient[i * columns + j] * rowScale * columnScale[j];
      const excess = Math.abs(t) - rule.threshold;
      const probability = excess > 0 ? Math.min(1, rule.rate * excess) : 0;
      into[i * columns + j] = t < 0 ? probability : -probability;
    }
  }
}

/** A line that carries nothing has no say: 0 for 0. */
export function inverseRoot(power: number): number {
  return power > 0 ? 1 / Math.sqrt(power) : 0;
}
