import type { Command } from 'commander';
import type { CheckResult } from '../db/verify/findings.ts';
import { verifyWafer, type WaferVerification } from '../db/verify-wafer.ts';

/** `tunnelbench verify`: exit status 0 when every file is sound, 1 otherwise. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('read a wafer file again and check every row, checksum, place and reference')
    .argument('<wafer.sqlite...>', 'wafer files')
    .option('--json', 'print the result as JSON')
    .action((files: string[], { json }: { json?: boolean }) => {
      const results = files.map(verifyWafer);
      console.log(json ? JSON.stringify(results, null, 2) : results.map(verificationText).join('\n\n'));
      if (results.some(({ problems }) => problems > 0)) process.exitCode = 1;
    });
}

/** The verdict on one file, a line per check and the findings below it. */
export function verificationText({ file, checks, problems }: WaferVerification): string {
  const verdict = problems === 0 ? 'sound' : `NOT SOUND, ${problems} ${problems === 1 ? 'problem' : 'problems'}`;
  return [file, ...checks.flatMap(checkLines), verdict].join('\n');
}

function checkLines({ name, examined, findings, more }: CheckResult): string[] {
  const bad = findings.some(({ severity }) => severity === 'problem');
  const lines = [`  ${bad ? 'FAIL' : 'ok  '}  ${name.padEnd(36)} ${String(examined).padStart(9)} examined`];
  for (const { severity, text } of findings) lines.push(`          ${severity}: ${text}`);
  if (more > 0) lines.push(`          and ${more} more`);
  return lines;
}
