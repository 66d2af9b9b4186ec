import type { Segment } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { estimatePlan, type PlanEstimate } from './duration-estimate.ts';
import { type ProgrammeExtremes, programmeExtremes } from './pad-extremes.ts';
import { cellsPerDie, type FrozenPlan, type Plan } from './plan.ts';

/** What a plan would do, told before anything is energised. */
export interface DryRun {
  readonly sha256: string;
  readonly recipe: string;
  readonly bench: string;
  readonly waferId: string;
  readonly access: string;
  readonly dies: number;
  readonly cellsPerDie: number;
  /** Planned and at most, per die. */
  readonly touchdowns: { readonly planned: number; readonly atMost: number };
  readonly extremes: ProgrammeExtremes;
  readonly ceilingVolts: number;
  /** Largest voltage against substrate on each group of pads. */
  readonly pads: readonly { readonly name: string; readonly minVolts: number; readonly maxVolts: number }[];
  readonly estimate: PlanEstimate;
  readonly deadlineSeconds: number | null;
}

export interface Alternative {
  readonly change: string;
  readonly hours: number;
}

/** Walks the plan without hardware. Throws TB_DEADLINE_EXCEEDED with alternatives in hours when it takes too long. */
export function dryRun({ plan, record }: FrozenPlan): DryRun {
  const estimate = estimatePlan(plan);
  if (plan.deadlineSeconds !== null && estimate.totalSeconds > plan.deadlineSeconds) {
    refuse(plan, estimate.totalSeconds, plan.deadlineSeconds);
  }
  const { recipe, bench } = plan;
  const extremes = programmeExtremes(recipe.programme);
  return {
    sha256: record.sha256,
    recipe: recipe.name,
    bench: bench.name,
    waferId: bench.wafer.id,
    access: recipe.access,
    dies: plan.dies.length,
    cellsPerDie: cellsPerDie(plan),
    touchdowns: { planned: 1, atMost: Math.min(2, recipe.contact.maxTouchdownsPerDie) },
    extremes,
    ceilingVolts: recipe.limits.junctionVolts,
    pads: [
      { name: 'columns', minVolts: extremes.padVolts.min, maxVolts: extremes.padVolts.max },
      { name: 'rows', minVolts: extremes.padVolts.min, maxVolts: extremes.padVolts.max },
      { name: 'enable lines', minVolts: 0, maxVolts: bench.gateVolts },
      ...Object.entries(bench.supplies).map(([name, { volts }]) => ({ name, minVolts: volts, maxVolts: volts })),
    ],
    estimate,
    deadlineSeconds: plan.deadlineSeconds,
  };
}

/** Changes that would shorten the plan, each with the hours it would then take, those within the deadline first. */
export function alternatives(plan: Plan, deadlineSeconds: number): readonly Alternative[] {
  const hours = (changed: Plan) => estimatePlan(changed).totalSeconds / 3600;
  const { recipe } = plan;
  const withSegments = (change: (segment: Segment) => Segment): Plan => ({
    ...plan,
    recipe: {
      ...recipe,
      programme: {
        ...recipe.programme,
        preRead: change(recipe.programme.preRead),
        loop: recipe.programme.loop.map(change),
      },
    },
  });
  const candidates: Alternative[] = [
    { change: 'no repeat sample', hours: hours({ ...plan, repeatPairs: [] }) },
    {
      change: 'read blocks and pre-read at 0.01 NPLC',
      hours: hours(withSegments((segment) => (segment.fixed === null ? segment : { ...segment, nplc: 0.01 }))),
    },
    {
      change: 'all lists at 0.01 NPLC and 0.1 ms settling',
      hours: hours(withSegments((segment) => ({ ...segment, nplc: 0.01, settleSeconds: 1e-4 }))),
    },
  ];
  const perDie = estimatePlan(plan).dieSeconds;
  const dies = Math.floor(deadlineSeconds / perDie);
  if (dies >= 1 && dies < plan.dies.length) {
    candidates.push({ change: `${dies} of the ${plan.dies.length} dies`, hours: (dies * perDie) / 3600 });
  }
  const now = hours(plan);
  return candidates.filter((candidate) => candidate.hours < now * 0.999).sort((a, b) => a.hours - b.hours);
}

function refuse(plan: Plan, totalSeconds: number, deadlineSeconds: number): never {
  const inHours = (seconds: number) => `${(seconds / 3600).toFixed(2)} h`;
  const list = alternatives(plan, deadlineSeconds).map(({ change, hours }) => `${change}: ${hours.toFixed(2)} h`);
  throw new TunnelbenchError('TB_DEADLINE_EXCEEDED', {
    thing: `plan of ${plan.dies.length} ${plan.dies.length === 1 ? 'die' : 'dies'}`,
    what: 'the measurement would take longer than the deadline',
    value: inHours(totalSeconds),
    expected: `at most ${inHours(deadlineSeconds)}`,
    remedy: `Alternatives: ${list.join('; ') || 'a later deadline'}.`,
  });
}
