import type { Segment, SweepProgramme } from '../../wafer/sweep.ts';
import { ALONE_STEP_VOLTS, type VoltageList, voltageList } from './voltage-list.ts';

/** Segment numbers inside the instrument: 1 pre-read, 2 low bias, 3… loop, 51… quick read; alone accesses 100 higher. */
export const ALONE_BASE = 100;

/** Quick reads begin behind this number. */
export const QUICK_BASE = 50;

/** Values a line of the upload carries: keeps every line far below the instrument's limit. */
const VALUES_A_LINE = 16;

/** In place of Infinity, for which Lua 5.0 has no word. */
const NO_BOUND = 1e38;

const ACTIONS = { lowBiasOnly: 0, loop: 1, open: 2 } as const;

/** A segment as it is stored in the instrument. */
export interface StoredSegment {
  readonly id: number;
  readonly segment: Segment;
  readonly list: VoltageList;
}

/** A programme as it is stored in the instrument: pair and alone variants of each segment. */
export interface StoredProgramme {
  readonly programme: SweepProgramme;
  readonly pair: readonly StoredSegment[];
  readonly alone: readonly StoredSegment[];
  readonly quick: readonly StoredSegment[];
  readonly quickAlone: readonly StoredSegment[];
}

export function storedProgramme(programme: SweepProgramme): StoredProgramme {
  const segments = [programme.preRead, programme.lowBias, ...programme.loop];
  const variant = (base: number, largestStepVolts?: number) =>
    segments.map((segment, i) => ({ id: base + i + 1, segment, list: voltageList(segment.volts, largestStepVolts) }));
  const quickVariant = (base: number, largestStepVolts?: number) =>
    (programme.quick ?? []).map((segment, i) => ({
      id: base + QUICK_BASE + i + 1,
      segment,
      list: voltageList(segment.volts, largestStepVolts),
    }));
  return {
    programme,
    pair: variant(0),
    alone: variant(ALONE_BASE, ALONE_STEP_VOLTS),
    quick: quickVariant(0),
    quickAlone: quickVariant(ALONE_BASE, ALONE_STEP_VOLTS),
  };
}

/** The TSP lines that store a programme. */
export function uploadLines({ programme, pair, alone, quick, quickAlone }: StoredProgramme): string {
  const lines = ['tb.g = {}', 'tb.b = {}'];
  for (const { id, segment, list } of [...pair, ...alone, ...quick, ...quickAlone]) {
    const { rangeAmps, limitAmps } = segment.fixed ?? { rangeAmps: 0, limitAmps: 0 };
    lines.push(`tb.segment(${id}, ${segment.nplc}, ${segment.settleSeconds}, ${rangeAmps}, ${limitAmps})`);
    lines.push(...chunks(`tb.points(${id}`, list.levels));
    lines.push(
      ...chunks(
        `tb.keep(${id}`,
        list.keep.map((place) => place + 1),
      ),
    );
  }
  programme.branches.forEach(({ belowOhms, action, range }, i) => {
    const below = Number.isFinite(belowOhms) ? belowOhms : NO_BOUND;
    const { rangeAmps, limitAmps } = range ?? { rangeAmps: 0, limitAmps: 0 };
    lines.push(
      `tb.b[${i + 1}] = {below = ${below}, action = ${ACTIONS[action]}, range = ${rangeAmps}, limit = ${limitAmps}}`,
    );
  });
  const fallback = openRange(programme);
  lines.push(`tb.fallback = {range = ${fallback.rangeAmps}, limit = ${fallback.limitAmps}}`);
  lines.push(`tb.branches = ${programme.branches.length}`, `tb.segments = ${programme.loop.length + 2}`);
  lines.push(`tb.quick = ${quick.length}`);
  return `${lines.join('\n')}\n`;
}

/** Range of a side without one of its own, an open beside a cell that runs its loop: the loop's most sensitive. */
export function openRange({ branches, complianceRepeat }: SweepProgramme) {
  const ranges = branches.flatMap(({ action, range }) => (action === 'loop' && range ? [range] : []));
  return ranges.reduce((least, range) => (range.limitAmps < least.limitAmps ? range : least), complianceRepeat);
}

/** What tb.check(id) must print for a segment that arrived whole. */
export function expectedCheck({ segment, list }: StoredSegment): readonly number[] {
  const { rangeAmps, limitAmps } = segment.fixed ?? { rangeAmps: 0, limitAmps: 0 };
  const sum = list.levels.reduce((total, volts) => total + Math.abs(volts), 0);
  const weighted = list.levels.reduce((total, volts, i) => total + (i + 1) * volts, 0);
  const keep = list.keep.reduce((total, place, i) => total + (i + 1) * (place + 1), 0);
  return [
    list.levels.length,
    sum,
    weighted,
    list.keep.length,
    keep,
    segment.nplc,
    segment.settleSeconds,
    rangeAmps,
    limitAmps,
  ];
}

function chunks(call: string, values: readonly number[]): string[] {
  const lines: string[] = [];
  for (let from = 0; from < values.length; from += VALUES_A_LINE) {
    const part = values.slice(from, from + VALUES_A_LINE);
    lines.push(`${call}, ${part.length}, {${part.join(', ')}})`);
  }
  return lines;
}
