import { judgeRows, type RowsVerdict, requireRows } from '../acquisition/rows-at-once.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import { SOURCE_CHANNELS } from '../drivers/capabilities.ts';
import { crossTalkOf } from '../physics/parallel-rows.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** The smallest number of rows of one column that is faster than the pair. */
const ROWS_SHOWN = 3;

/**
 * What measuring several rows at once would cost on this bench, by the circuit solver: the pair, and as many rows as asked
 * for (or the fewest that would save time). Nothing is told of a bench that measures no pairs. Throws TB_BENCH_CANNOT_REALISE when more rows are asked for than are possible.
 */
export function rowsAtOnce({ geometry, wiring, instruments, access }: BenchFile, asked?: string): RowsVerdict[] {
  const wanted = asked === undefined ? 1 : wholeNumber(asked, geometry.rows);
  const more = Math.min(geometry.rows, wanted > 1 ? wanted : ROWS_SHOWN);
  const facts = [
    crossTalkOf('pair', 1, geometry, wiring),
    ...(more > 1 ? [crossTalkOf('rowsOfColumn', more, geometry, wiring)] : []),
  ];
  const channels = 'channels' in instruments.smu ? SOURCE_CHANNELS.length : 1;
  const verdicts = judgeRows(facts, channels);
  requireRows(wanted, verdicts);
  return access.includes('pair') && geometry.columnsPerEnableLine === 2 ? verdicts : [];
}

function wholeNumber(text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--rows-at-once',
    what: 'not understood',
    value: text,
    expected: `a whole number from 1 to ${most}`,
    remedy: 'Correct the option.',
  });
}
