import { writeFileSync } from 'node:fs';
import type { SessionOutcome } from '../acquisition/session.ts';
import { morningSummary } from '../analysis/morning-summary.ts';
import { verifyWafer } from '../db/verify-wafer.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { beside } from './beside.ts';
import { morningFacts } from './morning-facts.ts';

/**
 * What every run ends with, however it ended: the file is read again and verified, the morning summary is printed and kept beside
 * the file, and the exit status says whether somebody must look. `violations` is known on a simulated bench only.
 */
export function finishRun(file: string, outcome: SessionOutcome, violations: number | null = null): void {
  try {
    printSummary(file, violations);
  } catch (error) {
    // What stopped the run matters more than why its summary could not be written (a full disk stops both).
    if (outcome.error === null) throw error;
  }
  if (outcome.error !== null) throw outcome.error;
}

function printSummary(file: string, violations: number | null): void {
  const { problems } = verifyWafer(file);
  const reader = WaferReader.open(file);
  try {
    const facts = morningFacts(reader, { violations, verified: { faults: problems, sweeps: reader.sweepCount() } });
    const { text, attention } = morningSummary(facts);
    process.stdout.write(`\n${text}`);
    if (attention.length > 0) process.exitCode = 1;
    writeFileSync(beside(file, '.summary.txt'), text);
  } finally {
    reader.close();
  }
}
