import { DEFAULT_DIES } from '../../wafer/die.ts';
import { type CrossbarGeometry, crossbarGeometry } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { BENCH_ROUTERS } from './bench-router.ts';
import { BENCH_SOURCES } from './bench-source.ts';
import type { SimulatedBenchOptions } from './simulated-bench.ts';
import { parseTimeScale } from './simulated-clock.ts';

/** Options of the simulated bench as they stand on a command line. */
export interface BenchOptionTexts {
  readonly seed: string;
  readonly timeScale?: string | undefined;
  /** "100x200" or "100x200x1": rows, columns, columns per enable line. */
  readonly geometry?: string | undefined;
  /** Number of dies, from the beginning of the default wafer. */
  readonly dies?: string | undefined;
  readonly start?: string | undefined;
  readonly apToP?: string | undefined;
  readonly earlyBreakdown?: boolean | undefined;
  readonly wafer?: string | undefined;
  /** Ohms of the reference resistor on the probe card. */
  readonly reference?: string | undefined;
  /** Driver names of the source and of the router. */
  readonly smu?: string | undefined;
  readonly router?: string | undefined;
}

/** Checks the texts; TB_USAGE names the option and what is allowed. */
export function benchOptions(texts: BenchOptionTexts): SimulatedBenchOptions {
  const { start, apToP, wafer, earlyBreakdown, reference } = texts;
  const timeScale = parseTimeScale(texts.timeScale ?? 'full');
  if (timeScale === null) throw refused('--time-scale', texts.timeScale, 'full, real, or a factor above 0');
  if (start !== undefined && start !== 'P' && start !== 'AP' && start !== 'random') {
    throw refused('--start', start, 'P, AP or random');
  }
  if (apToP !== undefined && apToP !== 'positive' && apToP !== 'negative') {
    throw refused('--ap-to-p', apToP, 'positive or negative');
  }
  const dies = texts.dies === undefined ? null : wholeNumber('--dies', texts.dies, 1, DEFAULT_DIES.length);
  return {
    seed: wholeNumber('--seed', texts.seed, 0, 2 ** 31 - 1),
    timeScale,
    ...(texts.geometry !== undefined && { geometry: geometryOf(texts.geometry) }),
    ...(dies !== null && dies < DEFAULT_DIES.length && { dies: DEFAULT_DIES.slice(0, dies) }),
    ...(start !== undefined && { startState: start }),
    ...(apToP !== undefined && { apToP }),
    ...(earlyBreakdown === true && { earlyBreakdown }),
    ...(wafer !== undefined && { waferId: wafer }),
    ...instrumentsOf(texts),
    ...(reference !== undefined && { referenceOhms: wholeNumber('--reference', reference, 100, 10_000_000) }),
  };
}

function instrumentsOf({ smu, router }: BenchOptionTexts): Pick<SimulatedBenchOptions, 'smu' | 'router'> {
  const source = BENCH_SOURCES.find((name) => name === smu);
  if (smu !== undefined && source === undefined) throw refused('--smu', smu, BENCH_SOURCES.join(', '));
  const lines = BENCH_ROUTERS.find((name) => name === router);
  if (router !== undefined && lines === undefined) throw refused('--router', router, BENCH_ROUTERS.join(', '));
  // It has no crosspoints for an exchange of HI and LO.
  const pair = source === undefined || source === 'keithley-2600' || source === 'keysight-b2900-pair';
  if (lines === 'line-multiplexer' && !pair) {
    throw refused('--router', router, 'a switch matrix for a source with one channel');
  }
  return { ...(source !== undefined && { smu: source }), ...(lines !== undefined && { router: lines }) };
}

function geometryOf(text: string): CrossbarGeometry {
  const match = /^(\d+)x(\d+)(?:x([12]))?$/.exec(text);
  if (match === null) throw refused('--geometry', text, 'rows x columns, e.g. 100x200 or 100x200x1');
  return crossbarGeometry({
    rows: Number(match[1]),
    columns: Number(match[2]),
    columnsPerEnableLine: match[3] === '1' ? 1 : 2,
  });
}

function wholeNumber(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw refused(option, text, `a whole number from ${low} to ${high}`);
}

function refused(option: string, value: string | undefined, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_USAGE', {
    thing: option,
    what: 'the value is not allowed',
    value: `${value}`,
    expected,
    remedy: 'Correct the option.',
  });
}
