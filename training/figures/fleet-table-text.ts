import type { Interval } from './bootstrap.ts';
import type { FleetRow, FleetTable } from './fleet-table.ts';

/** The table as Markdown; errors in percent, two decimals. */
export function fleetTableMarkdown(title: string, { baseline, outlierRule, rows }: FleetTable): string {
  const head =
    '| method | per-die work | mean (95 %) | median (95 %) | 90th | worst | without outliers: mean / median / worst | change to defect-free (95 %) |';
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${row.perDieWork} | ${number(row.all.mean)} (${interval(row.meanInterval)}) ` +
      `| ${number(row.all.median)} (${interval(row.medianInterval)}) | ${number(row.all.p90)} | ${number(row.all.worst)} ` +
      `| ${number(row.withoutOutliers.mean)} / ${number(row.withoutOutliers.median)} / ${number(row.withoutOutliers.worst)} ` +
      `| ${number(row.change)} (${interval(row.changeInterval)}) |`,
  );
  const { all, withoutOutliers } = rows[0];
  return [
    `### ${title}`,
    '',
    `Software baseline ${number(baseline)} %; ${all.dies} dies, ${all.dies - withoutOutliers.dies} of them outliers (${outlierRule.text}).`,
    '',
    head,
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

/** One line a method, with the error of every die. */
export function fleetTableCsv({ rows }: FleetTable): string {
  const head = [
    'method',
    'per_die_work',
    'mean',
    'median',
    'p90',
    'worst',
    'mean_without_outliers',
    'median_without_outliers',
  ];
  const dies = rows[0].perDie.map((_, die) => `die_${die}`);
  const line = ({ name, perDieWork, all, withoutOutliers, perDie }: FleetRow) =>
    [
      `"${name}"`,
      perDieWork,
      ...[all.mean, all.median, all.p90, all.worst, withoutOutliers.mean, withoutOutliers.median, ...perDie].map(
        (value) => value.toFixed(4),
      ),
    ].join(',');
  return `${[[...head, ...dies].join(','), ...rows.map(line)].join('\n')}\n`;
}

function number(value: number): string {
  return value.toFixed(2).replace('-', '−');
}

function interval({ low, high }: Interval): string {
  return `${number(low)} to ${number(high)}`;
}
