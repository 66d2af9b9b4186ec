/** A die's place on the wafer. `ordinal` counts from 0 in measuring order; x and y are the prober's die coordinates. */
export interface DieSite {
  readonly ordinal: number;
  readonly x: number;
  readonly y: number;
}

/**
 * The default wafer of 36 dies: 6 × 6 dies, x and y from 0 to 5, walked in a serpentine (each step to a neighbour).
 * Borders et al. state the number of dies, not their places: the layout is our choice.
 */
export const DEFAULT_DIES: readonly DieSite[] = Array.from({ length: 36 }, (_, ordinal) => {
  const y = Math.floor(ordinal / 6);
  const along = ordinal % 6;
  return { ordinal, x: y % 2 === 0 ? along : 5 - along, y };
});

export function dieLabel({ x, y }: Pick<DieSite, 'x' | 'y'>): string {
  return `(${x}, ${y})`;
}
