/** What is printed on a mainframe and its cards. */
export interface MatrixModel {
  /** Second field of *IDN?, and localnode.model. */
  readonly model: string;
  readonly firmware: string;
  readonly slots: number;
  readonly rowNames: readonly string[];
  readonly columnsPerCard: number;
  /** slot[n].idn of a slot with a card, and of one without. */
  readonly card: string;
  readonly emptySlot: string;
}

export const MODEL_707B: MatrixModel = {
  model: '707B',
  firmware: '01.10h',
  slots: 6,
  rowNames: [...'ABCDEFGH'],
  columnsPerCard: 12,
  card: '7174,8x12 Low Current Matrix,01.00a,1234567',
  emptySlot: 'Empty Slot',
};

export const MODEL_3706A: MatrixModel = {
  model: '3706A-SNFP',
  firmware: '01.56a',
  slots: 6,
  rowNames: [...'123456'],
  columnsPerCard: 16,
  card: '3730,6x16 High Density Matrix,01.40h,4447332',
  emptySlot: 'Empty Slot',
};
