import { DECISION_TABLE, DIMENSIONS, type Dimension } from './decision-table.ts';

const HEADINGS: Readonly<Record<Dimension, string>> = {
  sweep: 'sweep',
  rLow: 'R_low',
  switched: 'switched',
  limited: 'limited',
  contrast: 'TMR',
  stable: 'stable',
};

/** The decision table as Markdown, as docs/classes.md prints it. A dash: the column does not matter. */
export function decisionTableMarkdown(): string {
  const dimensions = Object.keys(DIMENSIONS) as Dimension[];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = DECISION_TABLE.map(({ class: name, when, why }) => {
    const values = dimensions.map((dimension) => when[dimension]?.join(', ') ?? '–');
    return line([`**${name}**`, ...values, why]);
  });
  const headings = ['class', ...dimensions.map((dimension) => HEADINGS[dimension]), 'meaning'];
  return [line(headings), line(headings.map(() => '---')), ...rows].join('\n');
}
