import type { Command } from 'commander';
import type { SafeState } from '../acquisition/safe-exit.ts';
import type { SessionRecord } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { formatDuration } from '../wafer/units.ts';

interface SessionLine extends SessionRecord {
  readonly attempts: number;
  readonly sweeps: number;
}

/** `tunnelbench sessions`: what was done to a wafer, by whom, and how it ended. */
export function addSessionsCommand(program: Command): void {
  program
    .command('sessions')
    .description('list the sessions of a wafer file')
    .argument('<wafer.sqlite>', 'wafer file')
    .option('--json', 'print them as JSON, with everything that was recorded')
    .action((file: string, { json }: { json?: boolean }) => {
      const reader = WaferReader.open(file);
      try {
        const sessions = reader.sessions().map((session) => ({
          ...session,
          attempts: reader.attempts(session.id).length,
          sweeps: reader.sweepsInSession(session.id),
        }));
        console.log(json ? JSON.stringify(sessions, null, 2) : sessionsText(sessions));
      } finally {
        reader.close();
      }
    });
}

/** A table with a line per session, oldest first. */
export function sessionsText(sessions: readonly SessionLine[]): string {
  if (sessions.length === 0) return 'no sessions';
  const head = ['session', 'started', 'duration', 'end', 'bench', 'sweeps', 'attempts', 'operator', 'purpose'];
  const rows = [head, ...sessions.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf(session: SessionLine): string[] {
  const { id, startedAt, endedAt, end, fields, attempts, sweeps } = session;
  const seconds = endedAt === null ? Number.NaN : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return [
    id,
    startedAt.replace(/\.\d+Z$/, 'Z'),
    formatDuration(seconds),
    end ?? 'no end recorded',
    benchState(session),
    String(sweeps),
    String(attempts),
    fields.operator,
    fields.purpose,
  ];
}

/** How the safe exit left the bench; "unknown" where there was none, as after a kill. */
function benchState({ safeStateJson }: SessionRecord): string {
  if (safeStateJson === null) return 'unknown';
  const { verdict } = JSON.parse(safeStateJson) as SafeState;
  return verdict;
}
