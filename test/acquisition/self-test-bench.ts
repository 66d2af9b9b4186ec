import { makePlan } from '../../acquisition/plan.ts';
import { runSelfTest } from '../../acquisition/self-test/self-test.ts';
import type { SelfTestReport } from '../../acquisition/self-test/self-test-report.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { applyFaults, type FaultSettings } from '../../drivers/simulated/bench-control.ts';
import type { SimulatedBenchOptions } from '../../drivers/simulated/simulated-bench.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { quickRecipe } from './memory-session.ts';
import { WiredBench } from './wired-bench.ts';

/** Enough pairs of columns for the addresses of the rows, twice. */
export const SMALL_DIE = { rows: 12, columns: 24, columnsPerEnableLine: 2 } as const;

/** A self-test over real wires; what the simulated world knows is asked of the world, not of the drivers. */
export class SelfTestBench {
  readonly wired: WiredBench;

  static async open(options: Partial<SimulatedBenchOptions> = {}): Promise<SelfTestBench> {
    return new SelfTestBench(await WiredBench.open({ geometry: SMALL_DIE, dies: DEFAULT_DIES, ...options }));
  }

  private constructor(wired: WiredBench) {
    this.wired = wired;
  }

  async test(faults: FaultSettings = {}): Promise<SelfTestReport> {
    applyFaults(this.wired.simulated, faults);
    const { benchFile } = this.wired;
    const signal = AbortSignal.timeout(600_000);
    const { plan } = makePlan({ recipe: quickRecipe(), bench: benchSettings(benchFile), dies: [14, 15, 16] });
    const bench = await openBench(benchFile, signal);
    try {
      return await runSelfTest({ bench, plan, reference: null, signal });
    } finally {
      await bench.close();
    }
  }

  async close(): Promise<void> {
    await this.wired.close();
  }
}

/** What the report blames the bench for, one line each: "swapped row 3 5". */
export function blamed({ findings }: SelfTestReport): string[] {
  return findings
    .filter(({ blames }) => blames === 'bench')
    .map(({ fault, lines }) => [fault, lines[0]?.kind ?? '', ...lines.map(({ index }) => index)].join(' '));
}
