import { existsSync } from 'node:fs';
import type { Lot, LotWafer } from '../acquisition/lot-file.ts';
import { thawPlan } from '../acquisition/plan.ts';
import { planProgress } from '../acquisition/plan-progress.ts';
import type { SafeState } from '../acquisition/safe-exit.ts';
import type { WorkHistory } from '../acquisition/session-store.ts';
import { WaferReader } from '../db/wafer-reader.ts';

/** Where a wafer of a lot stands, from its wafer file. */
export interface WaferState {
  readonly wafer: LotWafer;
  /** `untouched`: no file yet; `unfinished`: positions of its plan are left, or its last session ended without a word. */
  readonly state: 'untouched' | 'unfinished' | 'finished';
  readonly dies: {
    readonly measured: number;
    readonly planned: number;
    readonly skipped: number;
    readonly noContact: number;
  };
  readonly cells: { readonly measured: number; readonly healthy: number; readonly healthyFirstPass: number };
  /** Healthy of measured on the worst die; null where none is measured. */
  readonly worstDie: { readonly x: number; readonly y: number; readonly yield: number } | null;
  readonly mostTouchdowns: number;
  /** How the last session left the bench; null without one. */
  readonly bench: SafeState['verdict'] | 'unknown' | null;
  /** Work of the last plan, for the remaining time of other wafers with the same recipe. */
  readonly recipe: string | null;
  readonly history: WorkHistory;
}

export function lotStates({ wafers }: Lot): WaferState[] {
  return wafers.map(waferState);
}

export function waferState(wafer: LotWafer): WaferState {
  const nothing: WaferState = {
    wafer,
    state: 'untouched',
    dies: { measured: 0, planned: 0, skipped: 0, noContact: 0 },
    cells: { measured: 0, healthy: 0, healthyFirstPass: 0 },
    worstDie: null,
    mostTouchdowns: 0,
    bench: null,
    recipe: null,
    history: { cells: 0, seconds: 0 },
  };
  if (!existsSync(wafer.file)) return nothing;
  const reader = WaferReader.open(wafer.file);
  try {
    const session = reader.sessions().at(-1);
    const record = session === undefined ? null : reader.plan(session.planId);
    // A file without a session: the program ended between making the file and starting the first one.
    if (session === undefined || record === null) return { ...nothing, state: 'unfinished' };
    const frozen = thawPlan(record);
    const { positionsLeft, states, stories } = planProgress(reader, frozen);
    const planned = frozen.plan.dies.map(({ ordinal }) => states.get(ordinal)?.state);
    const yields = reader.yields().filter(({ measured }) => measured > 0);
    const worst = yields.toSorted((a, b) => a.healthy / a.measured - b.healthy / b.measured).at(0);
    const sum = (pick: (die: (typeof yields)[number]) => number) => yields.reduce((all, die) => all + pick(die), 0);
    const count = (name: string) => planned.filter((state) => state === name).length;
    return {
      wafer,
      state: positionsLeft === 0 && session.end !== null ? 'finished' : 'unfinished',
      dies: {
        measured: count('measured'),
        planned: planned.length,
        skipped: count('skipped'),
        noContact: count('noContact'),
      },
      cells: {
        measured: sum(({ measured }) => measured),
        healthy: sum(({ healthy }) => healthy),
        healthyFirstPass: sum(({ healthyFirstPass }) => healthyFirstPass),
      },
      worstDie: worst === undefined ? null : { x: worst.x, y: worst.y, yield: worst.healthy / worst.measured },
      mostTouchdowns: Math.max(0, ...reader.dies().map(({ touchdowns }) => touchdowns)),
      bench: session.safeStateJson === null ? 'unknown' : (JSON.parse(session.safeStateJson) as SafeState).verdict,
      recipe: frozen.plan.recipe.name,
      history: stories.history,
    };
  } finally {
    reader.close();
  }
}
