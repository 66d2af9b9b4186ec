/** One goal of a benchmark: what was measured, against what, and whether that is good enough. */
export interface BenchmarkLine {
  /** What was measured, e.g. "wafer writer, sweeps stored". */
  readonly what: string;
  readonly measured: number;
  /** Of `measured` and the reference, e.g. "sweeps/s". */
  readonly unit: string;
  /** What it is compared with, measured in the same run; null where the goal is a number of its own. */
  readonly reference: { readonly name: string; readonly value: number } | null;
  /** The goal for measured ÷ reference, or for `measured` where there is no reference; null: for information. */
  readonly goal: { readonly at: 'least' | 'most'; readonly value: number } | null;
}

/** A goal that could not be measured here, and why. */
export interface SkippedLine {
  readonly what: string;
  readonly skipped: string;
}

/** What every file of this folder exports as `run`. */
export type Benchmark = () => Promise<readonly (BenchmarkLine | SkippedLine)[]>;

/** measured ÷ reference; null without a reference. */
export function ratioOf({ measured, reference }: BenchmarkLine): number | null {
  return reference === null ? null : measured / reference.value;
}

/** Null where there is no goal. */
export function isMet(line: BenchmarkLine): boolean | null {
  if (line.goal === null) return null;
  const value = ratioOf(line) ?? line.measured;
  return line.goal.at === 'least' ? value >= line.goal.value : value <= line.goal.value;
}

/** "what: measured | reference | ratio | goal | met". */
export function lineText(line: BenchmarkLine | SkippedLine): string {
  if ('skipped' in line) return `${line.what}: skipped, ${line.skipped}`;
  const { what, measured, unit, reference, goal } = line;
  const ratio = ratioOf(line);
  const met = isMet(line);
  const parts = [`${figure(measured)} ${unit}`];
  if (reference !== null) parts.push(`${reference.name} ${figure(reference.value)} ${unit}`);
  if (ratio !== null) parts.push(`ratio ${ratio.toFixed(2)}`);
  if (goal !== null) parts.push(`goal ${goal.at === 'least' ? '≥' : '≤'} ${figure(goal.value)}`);
  if (met !== null) parts.push(met ? 'met' : 'falls short');
  return `${what}: ${parts.join(' | ')}`;
}

/** Three significant digits, thousands grouped. */
function figure(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}
