import type { Lot } from '../acquisition/lot-file.ts';
import type { WaferState } from './lot-state.ts';

/** The page of a lot: a line a wafer, sums with their denominators, and what needs attention. */
export function lotSummary({ lot }: Lot, states: readonly WaferState[]): { text: string; attention: string[] } {
  const title = `Lot ${lot}, ${states.length} ${states.length === 1 ? 'wafer' : 'wafers'}`;
  const head = ['wafer', 'id', 'state', 'dies', 'cells measured', 'healthy', 'first pass', 'worst die', 'touchdowns'];
  const rows = [head, ...states.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const table = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const finished = states.filter(({ state }) => state === 'finished').length;
  const sum = (pick: (cells: WaferState['cells']) => number) =>
    states.reduce((total, { cells }) => total + pick(cells), 0);
  const [measured, healthy, first] = [
    sum((cells) => cells.measured),
    sum((cells) => cells.healthy),
    sum((cells) => cells.healthyFirstPass),
  ];
  const attention = attentionOf(states);
  const lines = [
    title,
    '='.repeat(title.length),
    '',
    ...table,
    '',
    `${finished} of ${states.length} wafers finished. Healthy: ${share(healthy, measured)} of ${count(measured)} cells measured, first pass ${share(first, measured)}.`,
    attention.length === 0 ? 'Nothing needs attention.' : `Look at: ${attention.join('; ')}.`,
    ...states.map(({ wafer }) => `  ${wafer.id}: ${wafer.file}`),
  ];
  return { text: `${lines.join('\n')}\n`, attention };
}

function rowOf({ wafer, state, dies, cells, worstDie, mostTouchdowns }: WaferState): string[] {
  const none = cells.measured === 0;
  return [
    wafer.wafer,
    wafer.id,
    state,
    dies.planned === 0 ? '–' : `${dies.measured}/${dies.planned}`,
    count(cells.measured),
    none ? '–' : share(cells.healthy, cells.measured),
    none ? '–' : share(cells.healthyFirstPass, cells.measured),
    worstDie === null ? '–' : `(${worstDie.x}, ${worstDie.y}) ${(100 * worstDie.yield).toFixed(2)} %`,
    `${mostTouchdowns}`,
  ];
}

function attentionOf(states: readonly WaferState[]): string[] {
  return states.flatMap(({ wafer: { id }, state, dies, bench }) => [
    ...(state === 'finished' ? [] : [`${id} is ${state === 'untouched' ? 'not measured yet' : 'not finished'}`]),
    ...(dies.noContact > 0 ? [`${id}: ${dies.noContact} dies without contact`] : []),
    ...(dies.skipped > 0 ? [`${id}: ${dies.skipped} dies skipped`] : []),
    ...(bench === null || bench === 'safe' ? [] : [`${id}: its last session left the bench ${bench}`]),
  ]);
}

function share(part: number, of: number): string {
  return of === 0 ? '–' : `${((100 * part) / of).toFixed(2)} %`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}
