import type { InstrumentRecord } from '../db/records.ts';
import type {
  Bench,
  ChannelState,
  Crosspoint,
  EnableState,
  Instrument,
  LineRouter,
  ProberState,
  RouteChannel,
  SourceChannel,
} from '../drivers/capabilities.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { readSupplies, type SupplyStates } from './die-power.ts';
import type { Plan } from './plan.ts';

/** What an instrument answered, or why it could not be asked. */
type Found<T> = T | { readonly unknown: string };

/** State of a bench as found: asked before anything is commanded, because somebody may have left it live. */
export interface BenchFound {
  readonly source: Found<Readonly<Record<SourceChannel, ChannelState>>>;
  readonly enableLines: Found<EnableState>;
  readonly crosspoints: Found<readonly Crosspoint[]>;
  readonly supplies: Found<SupplyStates>;
  readonly prober: Found<ProberState>;
}

/**
 * Only asks: outputs and levels, enabled line, closed crosspoints, supplies, chuck height and die. An instrument that
 * does not answer is unknown here; making the bench safe, which follows, reopens its link.
 */
export async function examineBench(bench: Bench, signal: AbortSignal): Promise<BenchFound> {
  const ask = async <T>(question: () => Promise<T>): Promise<Found<T>> => {
    try {
      return await question();
    } catch (error) {
      signal.throwIfAborted();
      return { unknown: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    source: await ask(() => bench.source.readState(signal)),
    enableLines: await ask(() => bench.enableLines.readState(signal)),
    crosspoints: await ask(() => bench.router.readState(signal)),
    supplies: await ask(() => readSupplies(bench, signal)),
    prober: await ask(() => bench.prober.readState(signal)),
  };
}

/** In words, everything that is not as a bench at rest should be. */
export function whatIsLive(found: BenchFound): string[] {
  const { source, enableLines, crosspoints, supplies, prober } = found;
  const live = Object.entries(found).flatMap(([name, state]) =>
    'unknown' in state ? [`${name} does not answer`] : [],
  );
  if (!('unknown' in source)) {
    for (const [channel, { outputOn, levelVolts }] of Object.entries(source)) {
      if (outputOn) live.push(`${channel} on at ${levelVolts} V`);
    }
  }
  if (!('unknown' in enableLines) && enableLines.enabled !== null) live.push(`enable line ${enableLines.enabled} high`);
  if (!('unknown' in crosspoints) && crosspoints.length > 0) live.push(`${crosspoints.length} crosspoints closed`);
  if (!('unknown' in supplies)) {
    for (const [name, { on, measuredVolts }] of Object.entries(supplies)) {
      if (on) live.push(`${name} on at ${measuredVolts} V`);
    }
  }
  if (!('unknown' in prober) && prober.height !== 'separation') live.push(`chuck height: ${prober.height}`);
  return live;
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
    [
      'access schemes of the source',
      source.accessSchemes.join(', '),
      recipe.access,
      source.accessSchemes.includes(recipe.access),
    ],
    [
      'enable lines',
      enableLines.count,
      columns / columnsPerEnableLine,
      enableLines.count >= columns / columnsPerEnableLine,
    ],
    ['rows of the router', router.rows, rows, router.rows >= rows],
    ['columns of the router', router.columns, columns, router.columns >= columns],
    ['unselected lines', router.unselected, 'float', router.unselected === 'float'],
    [
      'routes of the router',
      'no such crosspoints',
      routesFor(recipe.access),
      canRoute(router, recipe.access, columnsPerEnableLine),
    ],
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

function routesFor(access: Recipe['access']): string {
  return access === 'pair'
    ? 'each column of a pair on its own channel'
    : 'every line on HI and on LO, which are exchanged, and the neighbour column on the guard';
}

/** Told by the first lines; the bench file's access schemes were held against all of them when the bench was opened. */
function canRoute(router: LineRouter, access: Recipe['access'], columnsPerEnableLine: number): boolean {
  const column = (index: number, channel: RouteChannel) => router.canConnect({ kind: 'column', index, channel });
  const row = (channel: RouteChannel) => router.canConnect({ kind: 'row', index: 0, channel });
  if (access === 'pair')
    return row('row') && column(0, 'columnA') && (columnsPerEnableLine === 1 || column(1, 'columnB'));
  const exchanges = row('row') && row('columnA') && column(0, 'row') && column(0, 'columnA');
  return exchanges && (columnsPerEnableLine === 1 || column(1, 'guard'));
}

function toRecord(sessionId: string, { identity }: Instrument, settings: unknown): InstrumentRecord {
  const { name, resource, driver, vendor, model, serial, firmware } = identity;
  const settingsJson = settings === null ? null : JSON.stringify(settings);
  return { sessionId, name, resource, driver, vendor, model, serial, firmware, settingsJson };
}
