import { readdirSync, readFileSync } from 'node:fs';

/** Kernel clock ticks a second, as /proc states times; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const BYTES_PER_PAGE = 4096;

/** What a process has used so far, its threads included. */
export interface ProcessUsage {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** From /proc; null where there is none, or the process is gone. */
export function usageOf(pid: number): ProcessUsage | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets that may hold anything; proc(5) counts from 1, this list begins with field 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    return {
      pid,
      parent: field(4),
      cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
      residentBytes: field(24) * BYTES_PER_PAGE,
    };
  } catch {
    return null;
  }
}

/** The processes that a process has started itself. */
export function childrenOf(pid: number): ProcessUsage[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.map(usageOf).filter((usage): usage is ProcessUsage => usage?.parent === pid);
}
