import type { Segment, SweepProgramme } from '../wafer/sweep.ts';

export interface ProgrammeExtremes {
  /** Largest |column − row| of any list. */
  readonly junctionVolts: number;
  /** Largest |column − row| by list name. */
  readonly bySegment: readonly { readonly name: string; readonly minVolts: number; readonly maxVolts: number }[];
  /** Voltage of any row or column pad against substrate: the positive half raises columns, the negative half rows. */
  readonly padVolts: { readonly min: number; readonly max: number };
  /** Largest voltage over half-selected cells when a partner is measured alone: the free rows divide it by two. */
  readonly halfSelectedVolts: number;
}

/** Every list of the programme, the ones that only some branches run included. */
export function allSegments({ preRead, lowBias, loop, quick = [] }: SweepProgramme): readonly Segment[] {
  return [preRead, lowBias, ...loop, ...quick];
}

/** What the programme does to junctions and pads under the pair and alone schemes. */
export function programmeExtremes(programme: SweepProgramme): ProgrammeExtremes {
  const bySegment = allSegments(programme).map(({ name, volts }) => ({
    name,
    minVolts: Math.min(0, ...volts),
    maxVolts: Math.max(0, ...volts),
  }));
  const junctionVolts = Math.max(...bySegment.map(({ minVolts, maxVolts }) => Math.max(-minVolts, maxVolts)));
  return { junctionVolts, bySegment, padVolts: { min: 0, max: junctionVolts }, halfSelectedVolts: junctionVolts / 2 };
}

/** The widest of several; lists of one name together. */
export function worstExtremes(all: readonly ProgrammeExtremes[]): ProgrammeExtremes {
  const lists = Map.groupBy(
    all.flatMap(({ bySegment }) => bySegment),
    ({ name }) => name,
  );
  return {
    junctionVolts: Math.max(...all.map(({ junctionVolts }) => junctionVolts)),
    bySegment: [...lists].map(([name, same]) => ({
      name,
      minVolts: Math.min(...same.map(({ minVolts }) => minVolts)),
      maxVolts: Math.max(...same.map(({ maxVolts }) => maxVolts)),
    })),
    padVolts: {
      min: Math.min(...all.map(({ padVolts }) => padVolts.min)),
      max: Math.max(...all.map(({ padVolts }) => padVolts.max)),
    },
    halfSelectedVolts: Math.max(...all.map(({ halfSelectedVolts }) => halfSelectedVolts)),
  };
}

export function largestLimitAmps(programme: SweepProgramme): number {
  const fixed = allSegments(programme).map((segment) => segment.fixed?.limitAmps ?? 0);
  const branches = programme.branches.map(({ range }) => range?.limitAmps ?? 0);
  return Math.max(...fixed, ...branches, programme.complianceRepeat.limitAmps);
}
