import type { StoredProgramme, StoredSegment } from './programme-upload.ts';

/** Time a point takes beside settling and integration, and a segment beside its points: estimates on the long side. */
const POINT_SECONDS = 0.002;
const SEGMENT_SECONDS = 0.1;

/** A reply that takes longer than this factor of the estimate, and some seconds, is not coming. */
const MARGIN = 1.5;
const MARGIN_SECONDS = 5;

/** Longest time that one run of the programme can take inside the instrument, for time-outs and for waiting it out. */
export function sweepSeconds({ pair, alone }: StoredProgramme, lineFrequency: number): number {
  const seconds = (segments: readonly StoredSegment[]) =>
    segments.reduce((sum, { segment, list }) => {
      const point = segment.settleSeconds + segment.nplc / lineFrequency + POINT_SECONDS;
      return sum + SEGMENT_SECONDS + list.levels.length * point;
    }, 0);
  return MARGIN * Math.max(seconds(pair), seconds(alone)) + MARGIN_SECONDS;
}
