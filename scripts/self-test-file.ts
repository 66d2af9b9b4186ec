import { readFile, writeFile } from 'node:fs/promises';
import { SELF_TEST_FORMAT, type SelfTestReport } from '../acquisition/self-test/self-test-report.ts';
import type { BenchFile } from '../drivers/bench-file.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** bench.yaml → bench.self-test.json: beside the bench file, where the measurement that follows finds it. */
export function selfTestFile(bench: Pick<BenchFile, 'file'>): string {
  return bench.file.replace(/(\.ya?ml)?$/, '.self-test.json');
}

export async function writeSelfTest(file: string, report: SelfTestReport): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** The last self-test of this bench, or null where it has had none. TB_FILE_NOT_TUNNELBENCH when the file is something else. */
export async function lastSelfTest(bench: BenchFile): Promise<SelfTestReport | null> {
  const file = selfTestFile(bench);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const report = JSON.parse(text) as SelfTestReport;
    if (report.format === SELF_TEST_FORMAT && report.bench === bench.name) return report;
  } catch {
    // Told below, with a file of another form.
  }
  throw new TunnelbenchError('TB_FILE_NOT_TUNNELBENCH', {
    thing: file,
    what: 'it is not the report of a self-test of this bench',
    expected: `a report that "tunnelbench bench test" wrote for the bench "${bench.name}"`,
    remedy: 'Move the file away, or test the bench again.',
  });
}

/** One line for the terminal before a measurement. */
export function selfTestLine(report: SelfTestReport | null): string {
  if (report === null) return 'self-test: none is stored with this measurement ("tunnelbench bench test" makes one)';
  return `self-test of ${report.endedAt}: ${report.ok ? 'ok' : 'FAULTS FOUND'}; stored with this measurement`;
}
