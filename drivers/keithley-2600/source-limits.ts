import type { CurrentRange, SweepProgramme } from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { SourceLimits } from '../capabilities.ts';

/** Current ranges of the 2601B/2602B/2604B, amperes (data sheet). */
const CURRENT_RANGES = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 3];

/** During a sweep the limit may not be below this part of its range. */
const LEAST_LIMIT_OF_RANGE = 0.1;

/** Slack for decimal fractions. */
const RELATIVE_SLACK = 1e-9;

/** The instrument's range that holds a current; Infinity when none does. */
export function currentRange(amps: number): number {
  return CURRENT_RANGES.find((range) => amps <= range * (1 + RELATIVE_SLACK)) ?? Number.POSITIVE_INFINITY;
}

/** Refuses a programme that the source cannot run safely: over ceiling or range, a limit outside what its range allows. */
export function checkProgramme(thing: string, programme: SweepProgramme, limits: SourceLimits): void {
  const segments = [programme.preRead, programme.lowBias, ...programme.loop, ...(programme.quick ?? [])];
  const ceiling = Math.min(programme.junctionCeilingVolts, limits.sourceRangeVolts);
  for (const { name, volts, nplc, settleSeconds, fixed } of segments) {
    const peak = Math.max(...volts.map(Math.abs));
    if (!(peak <= ceiling * (1 + RELATIVE_SLACK))) {
      refuse(thing, `segment ${name} goes beyond the ceiling or the source range`, `${peak} V`, `at most ${ceiling} V`);
    }
    if (!(nplc >= 0.001 && nplc <= 25))
      refuse(thing, `segment ${name}: integration time`, `${nplc} PLC`, '0.001…25 PLC');
    if (!(settleSeconds >= 0 && settleSeconds <= 10)) {
      refuse(thing, `segment ${name}: settling time`, `${settleSeconds} s`, '0…10 s');
    }
    if (fixed) checkRange(thing, `segment ${name}`, fixed, limits);
  }
  for (const { action, range } of programme.branches) if (range) checkRange(thing, `branch ${action}`, range, limits);
  checkRange(thing, 'repeat after compliance', programme.complianceRepeat, limits);
}

export function checkRange(
  thing: string,
  what: string,
  { rangeAmps, limitAmps }: CurrentRange,
  bench: SourceLimits,
): void {
  const most = Math.min(rangeAmps, bench.limitAmps) * (1 + RELATIVE_SLACK);
  const least = LEAST_LIMIT_OF_RANGE * currentRange(rangeAmps) * (1 - RELATIVE_SLACK);
  if (limitAmps >= least && limitAmps <= most) return;
  refuse(thing, `${what}: current limit`, `${limitAmps} A`, `${least.toPrecision(3)} A to ${most.toPrecision(3)} A`);
}

function refuse(thing: string, what: string, value: string, expected: string): never {
  const remedy = 'Correct the recipe, or the limits in the bench file.';
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', { thing, what, value, expected, remedy });
}
