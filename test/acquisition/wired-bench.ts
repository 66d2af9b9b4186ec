import type { Halt } from '../../acquisition/halt.ts';
import { type FrozenPlan, makePlan } from '../../acquisition/plan.ts';
import type { DieRetest } from '../../acquisition/retest.ts';
import type { SessionOutcome } from '../../acquisition/session.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import type { SessionFields } from '../../db/records.ts';
import { type BenchFile, parseBenchFile } from '../../drivers/bench-file.ts';
import { openBench } from '../../drivers/open-bench.ts';
import type { WireInstrument } from '../../drivers/simulated/instrument-link.ts';
import {
  type BenchInstrument,
  openSimulatedBench,
  type SimulatedBench,
  type SimulatedBenchOptions,
} from '../../drivers/simulated/simulated-bench.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { benchJson, benchSettings } from '../../scripts/bench-settings.ts';
import { resumeMeasurement, retestMeasurement, runMeasurement } from '../../scripts/run-measurement.ts';
import type { Recipe } from '../../wafer/recipe.ts';
import { FIELDS, quickRecipe } from './memory-session.ts';

/** A simulated bench with a small die behind real wires, and sessions on it through the real drivers. */
export class WiredBench {
  readonly simulated: SimulatedBench;
  benchFile: BenchFile;
  readonly #wires: { close(): Promise<void> }[] = [];

  static async open(options: Partial<SimulatedBenchOptions> = {}): Promise<WiredBench> {
    const geometry = { rows: 10, columns: 12, columnsPerEnableLine: 2 } as const;
    const dies = [0, 1, 2].map((ordinal) => ({ ordinal, x: ordinal, y: 0 }));
    return new WiredBench(await openSimulatedBench({ seed: 7, geometry, dies, ...options }));
  }

  private constructor(simulated: SimulatedBench) {
    this.simulated = simulated;
    this.benchFile = parseBenchFile(simulated.benchYaml, 'simulated.yaml');
  }

  /** Puts something between an instrument and the clients that connect from now on. */
  async rewire(name: BenchInstrument, around: (instrument: WireInstrument) => WireInstrument): Promise<void> {
    const wire = await serveTcp(around(this.simulated[name]));
    this.#wires.push(wire);
    const text = this.benchFile.text.replace(this.simulated.resources[name], wire.resource);
    this.benchFile = parseBenchFile(text, 'rewired.yaml');
  }

  /** Outputs off, no line enabled, supplies off, separated: asked of the physical world, not of the drivers. */
  get isSafe(): boolean {
    const { station } = this.simulated;
    const quiet = (['columnA', 'columnB', 'row'] as const).every((channel) => {
      const { outputOn, volts } = station.sourceSetting(channel);
      return !outputOn && volts === 0;
    });
    return quiet && station.height === 'separation' && station.senseSupply('vdd').volts === 0;
  }

  /** Measures the first die; with `stopAfter`, asks to stop once so many positions are handed to the writer. */
  async measure(
    file: string,
    change: Partial<Recipe> = {},
    stopAfter = Number.POSITIVE_INFINITY,
    mode: 'full' | 'adaptive' = 'full',
  ): Promise<SessionOutcome> {
    const bench = benchSettings(this.benchFile);
    return await this.run(makePlan({ recipe: quickRecipe(change), bench, dies: [0], mode }), file, stopAfter);
  }

  /** Executes any plan for this bench. */
  async run(
    frozen: FrozenPlan,
    file: string,
    stopAfter = Number.POSITIVE_INFINITY,
    halting: { haltSeconds: number | null; onHalt: (halt: Halt, stop: StopRequest) => void } | null = null,
  ): Promise<SessionOutcome> {
    const stop = new StopRequest();
    let positions = 0;
    return await this.#with((opened) =>
      runMeasurement({
        bench: opened,
        frozen,
        file,
        fields: FIELDS,
        benchJson: benchJson(this.benchFile),
        stop,
        ...(halting && {
          haltSeconds: halting.haltSeconds,
          onHalt: (halt: Halt) => halting.onHalt(halt, stop),
        }),
        onRecorded: () => {
          positions += 1;
          if (positions === stopAfter) stop.finish('test');
        },
      }),
    );
  }

  async resume(file: string): Promise<SessionOutcome> {
    return await this.#with((bench) => resumeMeasurement({ bench, file, benchJson: benchJson(this.benchFile) }));
  }

  async retest(file: string, retest: DieRetest, fields: SessionFields): Promise<SessionOutcome> {
    const json = benchJson(this.benchFile);
    return await this.#with((bench) => retestMeasurement({ bench, file, retest, fields, benchJson: json }));
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) await wire.close();
    await this.simulated.close();
  }

  async #with(run: (bench: Awaited<ReturnType<typeof openBench>>) => Promise<SessionOutcome>): Promise<SessionOutcome> {
    const bench = await openBench(this.benchFile, AbortSignal.timeout(60_000));
    try {
      return await run(bench);
    } finally {
      await bench.close();
    }
  }
}
