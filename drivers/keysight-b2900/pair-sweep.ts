import { type Access, type CurrentRange, chooseBranch, type PairSide } from '../../wafer/sweep.ts';
import type { SweepRequest } from '../capabilities.ts';
import { preReadOhms } from '../keithley-2600/pre-read-branch.ts';
import { openRange, type StoredProgramme, type StoredSegment } from '../keithley-2600/programme-upload.ts';
import { type ChannelBlocks, type IdleLine, sideReadings } from '../keithley-2600/sweep-reply.ts';
import type { StepBlocks, StepRanges } from './pair-step.ts';

/** What a run measured, in the form that readings are made of. */
export interface PairSweepResult {
  readonly idle: IdleLine;
  readonly blocks: ChannelBlocks;
  readonly status: readonly [number, number, number];
}

/** Runs one segment on all three channels. */
export type RunSegment = (segment: StoredSegment, ranges: StepRanges) => Promise<StepBlocks>;

/** One request under pair or alone access: pre-read, the choice of each column's branch, and what follows from it. */
export async function pairSweep(
  stored: StoredProgramme,
  { run, access, rangeOverride }: SweepRequest,
  runSegment: RunSegment,
): Promise<PairSweepResult> {
  const { complianceRepeat } = stored.programme;
  const [preRead, lowBias, ...loop] = access === 'pair' ? stored.pair : stored.alone;
  const [first, rest] = run === 'quick' ? [stored.quick[0], stored.quick.slice(1)] : [preRead, loop];
  const steps: StepBlocks[] = [];
  const step = async (segment: StoredSegment, ranges: StepRanges) => {
    const fixed = segment.segment.fixed;
    steps.push(await runSegment(segment, fixed === null ? ranges : { A: fixed, B: fixed }));
  };
  const wide = { A: complianceRepeat, B: complianceRepeat };
  await step(first, wide);
  const branches = {
    A: branchOf(stored, first, steps[0], 'A', access),
    B: branchOf(stored, first, steps[0], 'B', access),
  };
  const done = (did: IdleLine['did']): PairSweepResult => {
    const blocks = joined(steps);
    const seconds = steps.reduce((sum, one) => sum + one.seconds, 0);
    const points = blocks[0].length / 3;
    const status = [0, 1, 2].map((channel) => steps.reduce((word, one) => word | one.status[channel], 0));
    const idle = { did, branchA: branches.A, branchB: branches.B, points, lastTimestamp: seconds };
    return { idle, blocks, status: [status[0], status[1], status[2]] };
  };
  if (run === 'preRead') {
    await step(preRead, wide);
    return done('open');
  }
  if (run === 'lowBias') {
    await step(lowBias, wide);
    return done('lowBias');
  }
  const uses = (['A', 'B'] as const).map((side) => useOf(stored, run, access, side, branches[side], rangeOverride));
  if (uses.includes('refuses') || !uses.includes('needs')) return done('preRead');
  const ranges = {
    A: rangeOverride?.A ?? rangeOf(stored, branches.A),
    B: rangeOverride?.B ?? rangeOf(stored, branches.B),
  };
  for (const segment of rest) await step(segment, ranges);
  return done(run === 'quick' ? 'quick' : 'loop');
}

function branchOf(stored: StoredProgramme, { list }: StoredSegment, step: StepBlocks, side: PairSide, access: Access) {
  const places = Int32Array.from(list.keep);
  const readings = sideReadings(step.blocks, side === 'A' ? 0 : 1, access === 'pair', places);
  const ohms = preReadOhms(readings, places.length);
  return ohms === null ? 0 : chooseBranch(stored.programme.branches, ohms);
}

/** Whether a side lets the loop run, and whether it is the reason for it. */
function useOf(
  { programme }: StoredProgramme,
  run: SweepRequest['run'],
  access: Access,
  side: PairSide,
  branch: number,
  override: SweepRequest['rangeOverride'],
): 'needs' | 'allows' | 'refuses' {
  if (access !== 'pair' && access !== (side === 'A' ? 'aloneA' : 'aloneB')) return 'allows';
  if (run === 'loop' && (override?.[side] ?? null) !== null) return 'needs';
  const { action } = programme.branches[branch];
  if (action === 'lowBiasOnly') return 'refuses';
  return action === 'loop' || run === 'loop' ? 'needs' : 'allows';
}

function rangeOf(stored: StoredProgramme, branch: number): CurrentRange {
  return stored.programme.branches[branch].range ?? openRange(stored.programme);
}

function joined(steps: readonly StepBlocks[]): ChannelBlocks {
  const channel = (place: 0 | 1 | 2) => {
    const whole = new Float32Array(steps.reduce((sum, { blocks }) => sum + blocks[place].length, 0));
    let at = 0;
    for (const { blocks } of steps) {
      whole.set(blocks[place], at);
      at += blocks[place].length;
    }
    return whole;
  };
  return [channel(0), channel(1), channel(2)];
}
