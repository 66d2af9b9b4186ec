import { EventLog } from '../../acquisition/event-log.ts';
import { DieMeasurement } from '../../acquisition/measure-die.ts';
import { PairRoute } from '../../acquisition/pair-route.ts';
import { makePlan, type Plan } from '../../acquisition/plan.ts';
import { ProgressMeter } from '../../acquisition/progress.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { RecordStream } from '../../acquisition/record-stream.ts';
import type { SessionStore } from '../../acquisition/session-store.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { createClassifier } from '../../analysis/classify.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import type { Bench, PairReading } from '../../drivers/capabilities.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { type Readings, type SweepProgramme, segmentsOf } from '../../wafer/sweep.ts';
import type { ReferenceProcess } from './reference-process.ts';

const P_OHMS = 18e3;
const AP_OHMS = 40e3;
const SWITCH_VOLTS = 0.5;

/**
 * What the product does besides talking and storing: attempts, losses and leaks, follow-ups, classes, the RxJS stream and
 * its watchers, progress. Measures a whole die whose bench answers at once and whose store takes everything and keeps
 * nothing.
 */
export async function productShare(reference: ReferenceProcess): Promise<{ cells: number; seconds: number }> {
  const benchFile = parseBenchFile(reference.benchYaml, 'reference.yaml');
  const recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);
  const { plan, record } = makePlan({
    recipe: {
      ...recipe,
      repeatSample: { ...recipe.repeatSample, cellsPerDie: 0, loops: 0 },
      reference: { ...recipe.reference, cellsPerDie: 0 },
    },
    bench: benchSettings(benchFile),
  });
  let cells = 0;
  const store = forgetfulStore(() => {
    cells += 1;
  });
  const classifier = createClassifier(plan.recipe.programme, plan.recipe.thresholds);
  const stream = new RecordStream(plan, classifier, store);
  const meter = new ProgressMeter(Number.POSITIVE_INFINITY, 1);
  stream.recorded.subscribe((rows) => {
    for (const cell of rows.cells) meter.countCell(cell.class);
  });
  const bench = instantBench(plan);
  const die = new DieMeasurement(
    {
      ...{ bench, plan, planId: record.id, sessionId: 'benchmark', store, stream, classifier },
      events: new EventLog(store, 'benchmark', Date.now),
      route: new PairRoute(bench, () => {}),
      stop: new StopRequest(),
      now: Date.now,
      pauseIfAsked: async () => {},
      tick: () => void meter.snapshot(),
    },
    plan.dies[0],
    0,
    'first',
  );
  const begun = performance.now();
  await die.run();
  return { cells, seconds: (performance.now() - begun) / 1000 };
}

function forgetfulStore(onCell: () => void): SessionStore {
  const done = async () => {};
  return {
    ...{ addPlan: done, addSession: done, endSession: done, addInstruments: done, addAttempt: done },
    ...{ updateDie: done, addEvent: done, ready: done, flush: done },
    addSweeps: ({ sweeps }) => sweeps.forEach(onCell),
    failure: new Promise(() => {}),
  };
}

/** Answers at once what a healthy pair would; only what the measuring of pairs asks for. */
function instantBench(plan: Plan): Bench {
  const readings = healthyReadings(plan.recipe.programme);
  const branch = plan.recipe.programme.branches.findIndex(({ belowOhms }) => P_OHMS < belowOhms);
  const side = { kind: 'loop', branch, readings, rawStatus: 0 } as const;
  let enabled: number | null = null;
  const bench: { [Name in 'source' | 'router' | 'enableLines']: Partial<Bench[Name]> } = {
    source: {
      start: ({ token, access }) => {
        const reading: PairReading = {
          ...{ token, access, A: side, B: side, preReadOnly: false, residualAmps: 1e-10, instrumentSeconds: 0.03 },
        };
        return { idle: Promise.resolve(), reading: Promise.resolve(reading) };
      },
    },
    router: { connect: async () => {} },
    enableLines: {
      enable: async (line) => {
        enabled = line;
      },
      readState: async () => ({ enabled, gateVolts: 1.8, measuredVolts: 1.8, leakageAmps: 0 }),
    },
  };
  return bench as Bench;
}

function healthyReadings(programme: SweepProgramme): Readings {
  const volts = Float32Array.from(segmentsOf(programme, 'loop').flatMap((segment) => segment.volts));
  let ohms = P_OHMS;
  const amps = volts.map((level) => {
    if (level >= SWITCH_VOLTS) ohms = P_OHMS;
    if (level <= -SWITCH_VOLTS) ohms = AP_OHMS;
    return level / ohms;
  });
  return { volts, amps, flags: new Uint8Array(volts.length) };
}
