/** What tells two families of mainframes apart that otherwise take the same commands. */
export interface MatrixFamily {
  readonly driver: 'keithley-707b' | 'keithley-3706a';
  readonly slots: number;
  /** Columns of the family's usual matrix card. */
  readonly columnsPerCard: number;
  /** Names of the rows of a card, in the spelling of its channel specifiers. */
  readonly rowNames: readonly string[];
}

/** 8 × 12 crosspoints a card (7072, 7174A): "1A01" is slot 1, row A, column 1 (reference manual, "Channel identification"). */
export const FAMILY_707B: MatrixFamily = {
  driver: 'keithley-707b',
  slots: 6,
  columnsPerCard: 12,
  rowNames: [...'ABCDEFGH'],
};

/** 6 × 16 crosspoints a card (3730, 3731): "1103" is slot 1, row 1, column 3. */
export const FAMILY_3706A: MatrixFamily = {
  driver: 'keithley-3706a',
  slots: 6,
  columnsPerCard: 16,
  rowNames: [...'123456'],
};
