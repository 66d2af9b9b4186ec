import type { Polarity } from '../../wafer/polarity.ts';
import {
  type CurrentRange,
  chooseBranch,
  type Segment,
  type SweepKind,
  type SweepProgramme,
} from '../../wafer/sweep.ts';
import type { SweepRequest } from '../capabilities.ts';
import { lastVolts, type StageBlock } from './stage-readings.ts';
import { type SweepStage, sweepStages } from './sweep-stage.ts';

/** Far above offset and noise of any family at 0 V; 5 mV drive 50 µA through the worst short. */
const ZERO_VOLTS = 5e-3;

/** What a sweep asks of its source and its bench. */
export interface SingleSweepParts {
  readonly programme: SweepProgramme;
  /** How the route has the junction when the sweep begins. */
  readonly polarity: Polarity;
  run(stage: SweepStage): Promise<StageBlock>;
  /** Exchanges HI and LO; called at a measured 0 V. */
  reverse(polarity: Polarity): Promise<void>;
  /** Resistance that the pre-read shows, null when nothing can be said of it. */
  ohmsOf(blocks: readonly StageBlock[]): number | null;
  /** Throws: the last point of a list was not at 0 V. */
  notAtZero(volts: number): never;
}

export interface SingleSweepResult {
  readonly blocks: readonly StageBlock[];
  readonly kind: SweepKind;
  readonly branch: number;
  readonly preReadOnly: boolean;
}

/**
 * One request under single access: its lists one after the other, cut where the junction voltage changes its sign, with
 * HI and LO exchanged in between. A relay moves only after the list before it was measured to have ended at 0 V.
 */
export async function singleSweep(
  parts: SingleSweepParts,
  run: SweepRequest['run'],
  override: CurrentRange | null,
): Promise<SingleSweepResult> {
  const { programme } = parts;
  const course = new Course(parts);
  const { preRead, lowBias, loop, quick = [], complianceRepeat } = programme;
  const [first, ...rest] = run === 'quick' ? quick : [preRead];
  await course.segments([first], complianceRepeat);
  const ohms = parts.ohmsOf(course.blocks);
  const branch = ohms === null ? 0 : chooseBranch(programme.branches, ohms);
  const { action, range } = programme.branches[branch];
  const result = (kind: SweepKind, preReadOnly = false) => ({ blocks: course.blocks, kind, branch, preReadOnly });
  if (run === 'preRead') {
    await course.segments([preRead], complianceRepeat);
    return result('open');
  }
  if (run === 'lowBias') {
    await course.segments([lowBias], complianceRepeat);
    return result('lowBias');
  }
  if (run !== 'loop' && action !== 'loop') return result(run === 'quick' ? 'quick' : 'open', true);
  await course.segments(run === 'quick' ? rest : loop, override ?? range ?? complianceRepeat);
  return result(run === 'quick' ? 'quick' : 'loop');
}

/** Every list of a programme under every range, in the order that a sweep from positive has: for checks and time-outs. */
export function allStages({ preRead, lowBias, loop, quick = [], complianceRepeat }: SweepProgramme): SweepStage[] {
  return [[preRead], [lowBias], loop, quick].flatMap((segments) =>
    sweepStages(segments, complianceRepeat, { polarity: 'positive', points: 0 }),
  );
}

/** The polarity and the points that lists leave behind. */
class Course {
  readonly blocks: StageBlock[] = [];
  readonly #parts: SingleSweepParts;
  #polarity: Polarity;
  #points = 0;

  constructor(parts: SingleSweepParts) {
    this.#parts = parts;
    this.#polarity = parts.polarity;
  }

  async segments(segments: readonly Segment[], range: CurrentRange): Promise<void> {
    const from = { polarity: this.#polarity, points: this.#points };
    for (const stage of sweepStages(segments, range, from)) {
      if (stage.polarity !== this.#polarity) await this.#reverse(stage.polarity);
      this.blocks.push(await this.#parts.run(stage));
      this.#points += stage.keep.length;
    }
  }

  async #reverse(polarity: Polarity): Promise<void> {
    const last = this.blocks.at(-1);
    // Before the first list the source idles at 0 V, which switching on and the sweep before have confirmed.
    const volts = last === undefined ? 0 : lastVolts(last);
    if (!(Math.abs(volts) <= ZERO_VOLTS)) this.#parts.notAtZero(volts);
    await this.#parts.reverse(polarity);
    this.#polarity = polarity;
  }
}
