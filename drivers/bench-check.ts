import type { SweepProgramme } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { accessProblem } from './access-schemes.ts';
import type { BenchFile } from './bench-file.ts';
import {
  type EnableLines,
  type Instrument,
  type InstrumentIdentity,
  type LineRouter,
  NOT_REPORTED,
  type Prober,
  SOURCE_CHANNELS,
  type SourceCondition,
  type Supplies,
  type SweepSource,
} from './capabilities.ts';
import type { InstrumentPlace } from './driver-registry.ts';
import { instrumentOpeners, type OpenBenchOptions } from './open-bench.ts';
import { goesThroughVisa } from './transport/open-transport.ts';
import { libraryText } from './visa/library-text.ts';
import { VisaResourceManager } from './visa/resource-manager.ts';

/** What was found at one place of a bench file. */
export interface InstrumentCheck {
  readonly place: InstrumentPlace;
  readonly resource: string;
  readonly driver: string;
  /** Null when the instrument could not be opened or is another model than the driver speaks to. */
  readonly identity: InstrumentIdentity | null;
  /** What the error queue held, oldest first. */
  readonly errors: readonly string[];
  /** Limits and ranges read back, in words; null where they were not tried. */
  readonly limits: string | null;
  readonly state: string | null;
  /** Date of calibration and time since switched on, in words; null where the instrument was not opened. */
  readonly condition: string | null;
  /** The VISA library that carries its bytes, or null where none does. */
  readonly visaLibrary: string | null;
  /** Why the instrument cannot be used, or null. */
  readonly problem: string | null;
}

export interface AccessCheck {
  readonly scheme: 'pair' | 'single';
  /** Whether the bench file asks for it. */
  readonly asked: boolean;
  /** Why it cannot be realised, or null. */
  readonly problem: string | null;
}

export interface BenchCheck {
  readonly instruments: readonly InstrumentCheck[];
  readonly access: readonly AccessCheck[];
  /** Every instrument usable and every access scheme of the bench file realisable. */
  readonly ok: boolean;
}

type Findings = Pick<InstrumentCheck, 'limits' | 'state'> & Partial<Pick<InstrumentCheck, 'condition'>>;

/** No driver but those of sources knows a question for either. */
const NO_CONDITION = conditionText({ calibrated: NOT_REPORTED, warmUp: NOT_REPORTED });

/**
 * Opens each instrument of a bench file by itself, so that one that fails does not hide another; asks, reports, closes.
 * Switches nothing on. Limits of the source are set and read back, and `programme` is loaded, only where its outputs are
 * found off.
 */
export async function checkBench(
  file: BenchFile,
  programme: SweepProgramme | null,
  signal: AbortSignal,
  wires: OpenBenchOptions = {},
): Promise<BenchCheck> {
  const openers = instrumentOpeners(file, signal, wires);
  const found: { source?: SweepSource; router?: LineRouter } = {};
  const check = async <T extends Instrument>(
    place: InstrumentPlace,
    open: () => Promise<T>,
    examine: (instrument: T) => Promise<Findings>,
  ): Promise<InstrumentCheck> => {
    const { resource, driver } = file.instruments[place];
    const visaLibrary = await visaLibraryOf(resource, file);
    const blank = { place, resource, driver, identity: null, errors: [], limits: null, state: null, visaLibrary };
    let instrument: T | null = null;
    try {
      instrument = await open();
      const { identity } = instrument;
      const errors = await instrument.drainErrors(signal);
      return { ...blank, identity, errors, condition: NO_CONDITION, ...(await examine(instrument)), problem: null };
    } catch (error) {
      if (!(error instanceof TunnelbenchError)) throw error;
      return { ...blank, identity: instrument?.identity ?? null, condition: null, problem: error.message };
    } finally {
      await instrument?.close();
    }
  };
  const instruments = [
    await check('smu', openers.smu, (source) => {
      found.source = source;
      return examineSource(source, file, programme, signal);
    }),
    await check('enable', openers.enable, (lines) => examineEnableLines(lines, signal)),
    await check('router', openers.router, (router) => {
      found.router = router;
      return examineRouter(router, signal);
    }),
    await check('supplies', openers.supplies, (supplies) => examineSupplies(supplies, signal)),
    await check('prober', openers.prober, (prober) => examineProber(prober, signal)),
  ];
  const access = (['pair', 'single'] as const).map((scheme) => ({
    scheme,
    asked: file.access.includes(scheme),
    problem:
      found.source && found.router
        ? accessProblem(scheme, found.source, found.router, file.geometry)
        : 'source or router could not be examined',
  }));
  const ok =
    instruments.every(({ problem }) => problem === null) &&
    access.every(({ asked, problem }) => !asked || problem === null);
  return { instruments, access, ok };
}

async function examineSource(
  source: SweepSource,
  file: BenchFile,
  programme: SweepProgramme | null,
  signal: AbortSignal,
): Promise<Findings> {
  const before = await source.readState(signal);
  const live = SOURCE_CHANNELS.filter((channel) => before[channel].outputOn || before[channel].busy);
  const state = SOURCE_CHANNELS.map((channel) => {
    const { outputOn, levelVolts } = before[channel];
    return `${channel} ${outputOn ? 'ON' : 'off'} at ${levelVolts} V`;
  }).join(', ');
  const condition = conditionText(await source.describe(signal));
  if (live.length > 0) return { limits: 'not tried: outputs are on', state, condition };
  const { sourceRangeVolts } = file.instruments.smu;
  await source.configure({ sourceRangeVolts, limitAmps: file.limits.limitAmps }, signal);
  const after = await source.readState(signal);
  if (programme) await source.load(programme, signal);
  const loaded = programme
    ? `, programme loaded (a sweep takes ${source.longestSweepSeconds.toFixed(1)} s at most)`
    : '';
  const limits = SOURCE_CHANNELS.map((channel) => `${after[channel].limitAmps} A`).join(', ');
  return { limits: `${limits} on ${after.row.sourceRangeVolts} V${loaded}`, state, condition };
}

function conditionText({ calibrated, warmUp }: Pick<SourceCondition, 'calibrated' | 'warmUp'>): string {
  return `calibrated: ${calibrated}; on since: ${warmUp}`;
}

/** Null also where no library can be loaded: opening the instrument says why. */
async function visaLibraryOf(resource: string, { visa }: BenchFile): Promise<string | null> {
  if (!goesThroughVisa(resource, visa)) return null;
  try {
    const manager = await VisaResourceManager.acquire(visa.library);
    await manager.release();
    return libraryText(manager.library);
  } catch (error) {
    if (error instanceof TunnelbenchError) return null;
    throw error;
  }
}

async function examineEnableLines(lines: EnableLines, signal: AbortSignal): Promise<Findings> {
  const { enabled, gateVolts, measuredVolts } = await lines.readState(signal);
  const line = enabled === null ? 'no line enabled' : `line ${enabled} ENABLED at ${measuredVolts} V`;
  return { limits: null, state: `${lines.count} lines, gate ${gateVolts} V, ${line}` };
}

async function examineRouter(router: LineRouter, signal: AbortSignal): Promise<Findings> {
  const closed = await router.readState(signal);
  const route = closed.length === 0 ? 'all open' : `${closed.length} crosspoints CLOSED`;
  return { limits: null, state: `${router.rows} rows × ${router.columns} columns, ${route}` };
}

async function examineSupplies(supplies: Supplies, signal: AbortSignal): Promise<Findings> {
  const states: string[] = [];
  const limits: string[] = [];
  for (const output of supplies.outputs) {
    const { on, measuredVolts, limitAmps } = await supplies.readState(output, signal);
    states.push(`${output} ${on ? `ON ${measuredVolts} V` : 'off'}`);
    limits.push(`${output} ${limitAmps} A`);
  }
  return { limits: limits.join(', '), state: states.join(', ') };
}

async function examineProber(prober: Prober, signal: AbortSignal): Promise<Findings> {
  const { height, die, moving, touchdowns } = await prober.readState(signal);
  const place = die === null ? 'die unknown' : `die (${die.x}, ${die.y})`;
  return { limits: null, state: `${height}${moving ? ', MOVING' : ''}, ${place}, ${touchdowns} touchdowns` };
}
