import type { InstrumentRecord } from '../db/records.ts';
import type {
  Bench,
  ChannelState,
  Crosspoint,
  EnableState,
  Instrument,
  ProberState,
  SourceChannel,
} from '../drivers/capabilities.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { readSupplies, type SupplyStates } from './die-power.ts';
import type { Plan } from './plan.ts';

/** State of a bench as found: asked before anything is commanded, because somebody may have left it live. */
export interface BenchFound {
  readonly source: Readonly<Record<SourceChannel, ChannelState>>;
  readonly enableLines: EnableState;
  readonly crosspoints: readonly Crosspoint[];
  readonly supplies: SupplyStates;
  readonly prober: ProberState;
}

/** Only asks: outputs and levels, enabled line, closed crosspoints, supplies, chuck height and die. */
export async function examineBench(bench: Bench, signal: AbortSignal): Promise<BenchFound> {
  return {
    source: await bench.source.readState(signal),
    enableLines: await bench.enableLines.readState(signal),
    crosspoints: await bench.router.readState(signal),
    supplies: await readSupplies(bench, signal),
    prober: await bench.prober.readState(signal),
  };
}

/** Who the instruments are, the wafer on the chuck, and the errors they had queued. Throws TB_WAFER_MISMATCH, TB_BENCH_CANNOT_REALISE. */
export async function identifyBench(
  bench: Bench,
  plan: Plan,
  sessionId: string,
  signal: AbortSignal,
): Promise<{ instruments: InstrumentRecord[]; errors: string[] }> {
  const waferId = await bench.prober.readWaferId(signal);
  if (waferId !== plan.bench.wafer.id) {
    throw new TunnelbenchError('TB_WAFER_MISMATCH', {
      thing: bench.prober.identity.name,
      what: 'another wafer than the plan’s lies on the chuck',
      value: waferId === '' ? 'no wafer id' : waferId,
      expected: plan.bench.wafer.id,
      remedy: 'Load the right wafer, or correct wafer.id in the bench file and make a new plan.',
    });
  }
  checkAbilities(bench, plan);
  const settings = await bench.source.describe(signal);
  const errors: string[] = [];
  const instruments: InstrumentRecord[] = [];
  for (const instrument of [bench.source, bench.enableLines, bench.router, bench.supplies, bench.prober]) {
    const queued = await instrument.drainErrors(signal);
    errors.push(...queued.map((entry) => `${instrument.identity.name}: ${entry}`));
    instruments.push(toRecord(sessionId, instrument, instrument === bench.source ? settings : null));
  }
  return { instruments, errors };
}

/** Lines and access scheme that the instruments have, against those that the plan needs. */
function checkAbilities({ source, enableLines, router }: Bench, { bench, recipe }: Plan): void {
  const { rows, columns, columnsPerEnableLine } = bench.geometry;
  const needs: [string, string | number, string | number, boolean][] = [
    ['access schemes of the source', source.accessSchemes.join(', '), 'pair', source.accessSchemes.includes('pair')],
    [
      'enable lines',
      enableLines.count,
      columns / columnsPerEnableLine,
      enableLines.count >= columns / columnsPerEnableLine,
    ],
    ['rows of the router', router.rows, rows, router.rows >= rows],
    ['columns of the router', router.columns, columns, router.columns >= columns],
    ['unselected lines', router.unselected, 'float', router.unselected === 'float'],
  ];
  for (const [thing, value, expected, met] of needs) {
    if (met) continue;
    throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
      thing,
      what: `the bench cannot realise the access scheme "${recipe.access}"`,
      value: String(value),
      expected: String(expected),
      remedy: 'Use a bench that has what the plan needs, or make a plan for this bench.',
    });
  }
}

function toRecord(sessionId: string, { identity }: Instrument, settings: unknown): InstrumentRecord {
  const { name, resource, driver, vendor, model, serial, firmware } = identity;
  const settingsJson = settings === null ? null : JSON.stringify(settings);
  return { sessionId, name, resource, driver, vendor, model, serial, firmware, settingsJson };
}
