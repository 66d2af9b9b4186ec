import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** More cross-talk than this between cells that are measured at once is refused. */
export const MOST_CROSS_TALK = 1e-3;

/** What the circuit solver says of measuring so many rows at once; scripts/ has it computed. */
export interface RowsFacts {
  readonly scheme: 'pair' | 'rowsOfColumn';
  readonly rows: number;
  /** Source channels it takes. */
  readonly channels: number;
  readonly cellsAtOnce: number;
  /** Relative error of a resistance beside partners that are healthy, open or shorted. */
  readonly deviation: Readonly<Record<'healthy' | 'open' | 'shorted', number>>;
}

/** Facts with what follows from them for a source. */
export interface RowsVerdict extends RowsFacts {
  /** Null: nothing speaks against it. */
  readonly refusal: string | null;
}

/**
 * Judges ways to measure several rows at once. One row, the pair, is the base that every plan runs on: a cell beside a
 * shorted partner is measured again alone, so only its other figures bind.
 */
export function judgeRows(facts: readonly RowsFacts[], sourceChannels: number): RowsVerdict[] {
  return facts.map((one) => ({ ...one, refusal: one.rows === 1 ? null : refusalOf(one, sourceChannels) }));
}

function refusalOf({ channels, cellsAtOnce, deviation }: RowsFacts, sourceChannels: number): string | null {
  const tooMuch = (['healthy', 'open', 'shorted'] as const).filter((partner) => deviation[partner] > MOST_CROSS_TALK);
  if (tooMuch.length > 0) {
    const list = tooMuch.map((partner) => `${percent(deviation[partner])} beside ${partner} partners`).join(', ');
    return `cross-talk ${list}; at most ${percent(MOST_CROSS_TALK)} is allowed`;
  }
  if (cellsAtOnce <= 2) return 'it measures no more cells at once than the pair';
  return channels > sourceChannels ? `it takes ${channels} source channels; there are ${sourceChannels}` : null;
}

/** Throws TB_BENCH_CANNOT_REALISE, with the reason, unless so many rows at once are possible. */
export function requireRows(wanted: number, verdicts: readonly RowsVerdict[]): void {
  const verdict = verdicts.find(({ rows }) => rows === wanted);
  if (verdict?.refusal === null) return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: `${wanted} rows at once`,
    what: verdict?.refusal ?? 'the circuit was not solved for this number of rows',
    value: `${wanted}`,
    expected: verdicts
      .filter(({ refusal }) => refusal === null)
      .map(({ rows, scheme }) => `${rows} (${scheme})`)
      .join(' or '),
    remedy: 'Measure one row at a time: both columns of its pair together.',
  });
}

/** "0.06 %". */
export function percent(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(2))} %`;
}
