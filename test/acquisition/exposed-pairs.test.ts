import { expect, it } from 'vitest';
import { ExposedPairs } from '../../acquisition/exposed-pairs.ts';
import type { PairVisit } from '../../acquisition/pair-meter.ts';
import { pairAt } from '../../acquisition/pair-order.ts';
import type { Access } from '../../wafer/sweep.ts';

const geometry = { rows: 10, columns: 8, columnsPerEnableLine: 2 } as const;

function visit(index: number, ...accesses: Access[]): PairVisit {
  const record = accesses.map((access) => ({ access }) as PairVisit['record'][number]);
  return { pair: pairAt(geometry, index), record, superseded: [] };
}

it('names the pairs whose cells were measured alone while others of their enable line were, each once', () => {
  const exposed = new ExposedPairs();
  const note = (index: number, ...accesses: Access[]) =>
    exposed.note(pairAt(geometry, index), index, visit(index, ...accesses));
  note(3, 'aloneA', 'pair');
  note(4, 'pair', 'pair');
  note(7, 'pair', 'aloneB');
  note(7, 'pair', 'aloneB');
  // Alone on its line: nothing else was driven against the partner column.
  note(12, 'aloneA', 'pair');
  expect(exposed.positions()).toEqual([3, 7]);
});
