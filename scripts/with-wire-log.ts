import type { BenchFile } from '../drivers/bench-file.ts';
import type { OpenBenchOptions } from '../drivers/open-bench.ts';
import { WireRecorder } from '../drivers/wire-log/wire-recorder.ts';

/** Runs the work with every wire recorded into `file`, or with none where no file is named; closes the record however it ends. */
export async function withWireLog<T>(
  bench: BenchFile,
  file: string | undefined,
  work: (wires: OpenBenchOptions) => Promise<T>,
): Promise<T> {
  if (file === undefined) return await work({});
  const recorder = new WireRecorder(file, bench);
  try {
    return await work({ wireLog: (place) => recorder.logOf(place) });
  } finally {
    recorder.close();
  }
}
