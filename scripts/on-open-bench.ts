import { StopRequest } from '../acquisition/stop-request.ts';
import { stopOnSignals } from '../acquisition/stop-signals.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import type { Bench } from '../drivers/capabilities.ts';
import { openBench } from '../drivers/open-bench.ts';
import { StepProgress } from './step-progress.ts';

export interface BenchWork {
  readonly stop: StopRequest;
  readonly tell: (text: string) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/** Opens the bench for work on single cells, shows progress, stops on signals, and closes the bench whatever happens. */
export async function onOpenBench<T>(
  benchFile: BenchFile,
  step: string,
  run: (bench: Bench, work: BenchWork) => Promise<T>,
): Promise<T> {
  const stop = new StopRequest();
  const progress = new StepProgress(process.stderr);
  const tell = (text: string) => {
    progress.clear();
    console.error(text);
  };
  const release = stopOnSignals(stop, tell);
  try {
    const bench = await openBench(benchFile, stop.signal);
    try {
      return await run(bench, { stop, tell, onProgress: (done, total) => progress.update(step, done, total) });
    } finally {
      await bench.close();
    }
  } finally {
    progress.clear();
    release();
  }
}
