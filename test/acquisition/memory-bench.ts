/**
 * A bench in memory that obeys drivers/capabilities.ts: ideal resistors that switch at ±0.5 V, and a ledger that writes
 * down every call and every breach of the safe order. Any call can be made to fail, before or after it took effect.
 */
import type {
  Bench,
  ChannelState,
  ChuckHeight,
  Crosspoint,
  InstrumentIdentity,
  PairReading,
  SourceChannel,
  SpotReading,
  SweepRequest,
  SweepRun,
} from '../../drivers/capabilities.ts';
import { SOURCE_CHANNELS } from '../../drivers/capabilities.ts';
import { PointFlag, UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import {
  type CurrentRange,
  chooseBranch,
  type PairSide,
  pointCount,
  type Segment,
  type SideReading,
  type SweepProgramme,
  segmentsOf,
  slopeOhms,
} from '../../wafer/sweep.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

const CONDITION = { calibrated: 'not reported', warmUp: 'not reported', visaLibrary: 'none' };

export type Cell =
  | { kind: 'healthy'; rP: number; rAp: number; state: 'P' | 'AP'; breaksAtSweep?: number; sweeps?: number }
  | { kind: 'resistor'; ohms: number };

export interface MemoryBenchOptions {
  rows?: number;
  columns?: number;
  waferId?: string;
  cell?: (row: number, column: number, die: { x: number; y: number }) => Cell;
  /** Number of the call (from 1) that fails, and whether it took effect before its reply was lost. */
  failAt?: number;
  failAfterEffect?: boolean;
  /** From the failure on, every call to this instrument fails, reopening included. */
  deadAfterFailure?: boolean;
  /** Reopening works, talking does not, or the reverse; instruments by name. */
  deadFromStart?: readonly string[];
  contactWorks?: (touchdown: number, overdriveMicrometres: number) => boolean;
  celsius?: number;
}

export class MemoryBench implements Bench {
  readonly name = 'memory';
  /** Every call in order, e.g. "router.connect R3 C0 C1". */
  readonly calls: string[] = [];
  readonly violations: string[] = [];
  readonly options: Required<Pick<MemoryBenchOptions, 'rows' | 'columns' | 'waferId'>> & MemoryBenchOptions;
  failedInstrument: string | null = null;

  // Physical state
  outputOn = false;
  enabled: number | null = null;
  closed: readonly Crosspoint[] = [];
  suppliesOn = new Set<string>();
  height: ChuckHeight = 'separation';
  die: { x: number; y: number } | null = { x: 0, y: 0 };
  touchdowns = 0;
  overdrive = 0;
  configured = false;
  programme: SweepProgramme | null = null;
  sweepsRun = 0;
  /** Called before each sweep; may throw or request a stop. */
  onSweep: (count: number) => void = () => {};
  readonly #cells = new Map<string, Cell>();

  constructor(options: MemoryBenchOptions = {}) {
    this.options = { rows: 4, columns: 8, waferId: 'MEM-1', ...options };
  }

  get isSafe(): boolean {
    return !this.outputOn && this.enabled === null && this.suppliesOn.size === 0 && this.height === 'separation';
  }

  async close(): Promise<void> {}

  /** One call: written down, possibly failing before or after its effect. */
  async call<T>(instrument: string, what: string, signal: AbortSignal, effect: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve();
    this.calls.push(`${instrument}.${what}`);
    const failing = this.calls.length === this.options.failAt;
    if (failing) this.failedInstrument = instrument;
    const dead =
      this.options.deadFromStart?.includes(instrument) ||
      (this.options.deadAfterFailure && this.failedInstrument === instrument && !failing);
    if (dead || (failing && !this.options.failAfterEffect)) throw lost(instrument, what);
    const result = effect();
    if (failing) throw lost(instrument, what);
    return result;
  }

  breach(text: string): void {
    this.violations.push(`call ${this.calls.length}: ${text}`);
  }

  cell(row: number, column: number): Cell {
    const die = this.die ?? { x: -1, y: -1 };
    const key = `${die.x} ${die.y} ${row} ${column}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = this.options.cell?.(row, column, die) ?? { kind: 'healthy', rP: 18e3, rAp: 40e3, state: 'P' };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  get touching(): boolean {
    return this.height === 'contact' && (this.options.contactWorks?.(this.touchdowns, this.overdrive) ?? true);
  }

  readonly source = new MemorySource(this);

  readonly enableLines = {
    identity: identity('enable'),
    count: 100,
    drainErrors: (signal: AbortSignal) => this.call('enable', 'drainErrors', signal, () => []),
    close: async () => {},
    configure: (_volts: number, _settle: number, signal: AbortSignal) =>
      this.call('enable', 'configure', signal, () => {
        if (this.enabled !== null) this.breach('gate voltage changed with a line enabled');
      }),
    enable: (line: number | null, signal: AbortSignal) =>
      this.call('enable', `enable ${line ?? 'none'}`, signal, () => {
        if (this.source.busy) this.breach('enable line moved during a sweep');
        if (line !== null && !this.suppliesOn.has('vdd')) this.breach('enable line high without vdd');
        if (line !== null && this.height !== 'contact') this.breach('enable line high without contact');
        this.enabled = line;
      }),
    readState: (signal: AbortSignal) =>
      this.call('enable', 'readState', signal, () => ({
        enabled: this.enabled,
        gateVolts: 1.8,
        measuredVolts: this.enabled === null ? 0 : 1.8,
        leakageAmps: 1e-9,
      })),
    reopen: (signal: AbortSignal) => this.call('enable', 'reopen', signal, () => {}),
  };

  readonly router = {
    identity: identity('router'),
    rows: 1000,
    columns: 1000,
    unselected: 'float' as const,
    canConnect: () => true,
    drainErrors: (signal: AbortSignal) => this.call('router', 'drainErrors', signal, () => []),
    close: async () => {},
    configure: (_settle: number, signal: AbortSignal) => this.call('router', 'configure', signal, () => {}),
    connect: (crosspoints: readonly Crosspoint[], signal: AbortSignal) => {
      const text = crosspoints.map(({ kind, index }) => `${kind[0].toUpperCase()}${index}`).join(' ') || 'none';
      return this.call('router', `connect ${text}`, signal, () => {
        if (this.source.busy) this.breach('relay moved during a sweep');
        this.closed = crosspoints;
      });
    },
    readState: (signal: AbortSignal) => this.call('router', 'readState', signal, () => this.closed),
    reopen: (signal: AbortSignal) => this.call('router', 'reopen', signal, () => {}),
  };

  readonly supplies = {
    identity: identity('supplies'),
    outputs: ['vdd', 'vss', 'substrate'],
    drainErrors: (signal: AbortSignal) => this.call('supplies', 'drainErrors', signal, () => []),
    close: async () => {},
    configure: (output: string, _volts: number, _limit: number, signal: AbortSignal) =>
      this.call('supplies', `configure ${output}`, signal, () => {}),
    setOn: (output: string, on: boolean, signal: AbortSignal) =>
      this.call('supplies', `${output} ${on ? 'on' : 'off'}`, signal, () => {
        if (on && this.height !== 'contact') this.breach(`${output} on without contact`);
        if (!on && this.enabled !== null) this.breach(`${output} off with a gate high`);
        if (!on && this.outputOn) this.breach(`${output} off with the source on`);
        if (on) this.suppliesOn.add(output);
        else this.suppliesOn.delete(output);
      }),
    readState: (output: string, signal: AbortSignal) =>
      this.call('supplies', `read ${output}`, signal, () => {
        const on = this.suppliesOn.has(output);
        const measuredVolts = on && output === 'vdd' ? 1.8 : 0;
        return { on, setVolts: measuredVolts, limitAmps: 0.01, measuredVolts, measuredAmps: 1e-4, limiting: false };
      }),
    reopen: (signal: AbortSignal) => this.call('supplies', 'reopen', signal, () => {}),
  };

  readonly prober = {
    identity: identity('prober'),
    drainErrors: (signal: AbortSignal) => this.call('prober', 'drainErrors', signal, () => []),
    close: async () => {},
    readState: (signal: AbortSignal) =>
      this.call('prober', 'readState', signal, () => ({
        height: this.height,
        die: this.die,
        moving: false,
        touchdowns: this.touchdowns,
      })),
    readWaferId: (signal: AbortSignal) => this.call('prober', 'readWaferId', signal, () => this.options.waferId),
    readChuckCelsius: (signal: AbortSignal) =>
      this.call('prober', 'readChuckCelsius', signal, () => this.options.celsius ?? 25),
    moveToDie: (x: number, y: number, signal: AbortSignal) =>
      this.call('prober', `move ${x} ${y}`, signal, () => {
        if (this.height !== 'separation') this.breach('chuck moved in contact');
        this.die = { x, y };
      }),
    contact: (overdrive: number, signal: AbortSignal) =>
      this.call('prober', `contact ${overdrive}`, signal, () => {
        this.#needlesMove('needles touch');
        if (this.height !== 'contact') this.touchdowns += 1;
        this.height = 'contact';
        this.overdrive = overdrive;
      }),
    separate: (signal: AbortSignal) =>
      this.call('prober', 'separate', signal, () => {
        this.#needlesMove('needles leave');
        this.height = 'separation';
      }),
    reopen: (signal: AbortSignal) => this.call('prober', 'reopen', signal, () => {}),
  };

  #needlesMove(what: string): void {
    if (this.outputOn) this.breach(`${what} with the source on`);
    if (this.enabled !== null) this.breach(`${what} with a gate high`);
    if (this.suppliesOn.size > 0) this.breach(`${what} with supplies on`);
  }
}

class MemorySource {
  readonly identity = identity('smu');
  readonly accessSchemes = ['pair'] as const;
  readonly longestSweepSeconds = 0.5;
  busy = false;
  readonly #bench: MemoryBench;

  constructor(bench: MemoryBench) {
    this.#bench = bench;
  }

  async close(): Promise<void> {}
  describe = (signal: AbortSignal) => this.#call('describe', signal, () => ({ lineHertz: 50, ...CONDITION }));
  drainErrors = (signal: AbortSignal) => this.#call('drainErrors', signal, () => [] as string[]);

  configure = (_limits: unknown, signal: AbortSignal) =>
    this.#call('configure', signal, () => {
      if (this.#bench.outputOn) this.#bench.breach('limits changed with outputs on');
      this.#bench.configured = true;
      this.#bench.programme = null;
    });

  load = (programme: SweepProgramme, signal: AbortSignal) =>
    this.#call('load', signal, () => {
      this.#bench.programme = programme;
    });

  setOutputs = (on: boolean, signal: AbortSignal) =>
    this.#call(`outputs ${on ? 'on' : 'off'}`, signal, () => {
      if (on && !this.#bench.configured) throw lost('smu', 'outputs on before configure');
      // With the needles up and every route open a source at 0 V reaches nothing: that is how its outputs are proved.
      const reaches = this.#bench.height !== 'separation' || this.#bench.closed.length > 0;
      if (on && reaches && this.#bench.height !== 'contact') this.#bench.breach('source on without contact');
      if (on && reaches && this.#bench.suppliesOn.size < 3) this.#bench.breach('source on without supplies');
      this.#bench.outputOn = on;
    });

  readState = (signal: AbortSignal) =>
    this.#call('readState', signal, () => {
      const state: ChannelState = {
        outputOn: this.#bench.outputOn,
        levelVolts: 0,
        limitAmps: 1e-3,
        sourceRangeVolts: 1,
        busy: this.busy,
      };
      return { columnA: state, columnB: state, row: state };
    });

  makeSafe = (signal: AbortSignal) =>
    this.#call('makeSafe', signal, () => {
      this.busy = false;
      this.#bench.outputOn = false;
    });

  reopen = (signal: AbortSignal) =>
    this.#call('reopen', signal, () => {
      this.#bench.configured = false;
      this.#bench.programme = null;
    });

  spot = (levels: Readonly<Record<SourceChannel, number>>, _limit: number, _nplc: number, signal: AbortSignal) =>
    this.#call('spot', signal, () => {
      const open: Record<string, { volts: number; amps: number; compliance: boolean }> = {};
      for (const channel of SOURCE_CHANNELS) open[channel] = { volts: levels[channel], amps: 0, compliance: false };
      for (const side of ['A', 'B'] as const) {
        const cell = this.#cellOf(side);
        const channel = `column${side}` as const;
        if (cell !== null) open[channel].amps = (levels[channel] - levels.row) / ohmsOf(cell);
      }
      return open as SpotReading;
    });

  start(request: SweepRequest, signal: AbortSignal): SweepRun {
    const idle = this.#call(`start ${request.run} ${request.access}`, signal, () => {
      this.#bench.sweepsRun += 1;
      this.#bench.onSweep(this.#bench.sweepsRun);
      if (!this.#bench.outputOn) this.#bench.breach('sweep with the source off');
      if (this.#bench.enabled === null) this.#bench.breach('sweep without an enable line');
      this.busy = true;
      const reading = this.#sweep(request);
      this.busy = false;
      return reading;
    });
    const reading = idle.then(async (value) => await this.#call('reading', signal, () => value));
    reading.catch(() => {});
    const idleOnly = idle.then(() => {});
    idleOnly.catch(() => {});
    return { idle: idleOnly, reading };
  }

  #call<T>(what: string, signal: AbortSignal, effect: () => T): Promise<T> {
    return this.#bench.call('smu', what, signal, effect);
  }

  #cellOf(side: PairSide): Cell | null {
    const { closed, enabled, touching } = this.#bench;
    const row = closed.find(({ channel }) => channel === 'row');
    const column = closed.find(({ channel }) => channel === `column${side}`);
    if (!touching || row === undefined || column === undefined) return null;
    if (enabled !== null && Math.floor(column.index / 2) !== enabled) return null;
    return this.#bench.cell(row.index, column.index);
  }

  #sweep({ token, run, access, rangeOverride }: SweepRequest): PairReading {
    const programme = this.#bench.programme as SweepProgramme;
    const sides: PairSide[] = access === 'aloneA' ? ['A'] : access === 'aloneB' ? ['B'] : ['A', 'B'];
    const runSegments = (segments: readonly Segment[], branches: Record<PairSide, number>) => {
      const result = {} as Record<PairSide, SideReading>;
      for (const side of sides) {
        const range = (rangeOverride?.[side] ?? programme.branches[branches[side]].range) as CurrentRange | null;
        const readings = sweepCell(this.#cellOf(side), segments, range ?? { rangeAmps: 1e-4, limitAmps: 1e-4 });
        result[side] = { kind: 'open', branch: branches[side], readings, rawStatus: 0 };
      }
      if (access === 'pair') flagPartners(result);
      return result;
    };
    const first = runSegments([programme.preRead], { A: 0, B: 0 });
    const branches = { A: 0, B: 0 };
    for (const side of sides) {
      const { readings } = first[side];
      const end = readings.flags.length;
      const ohms = slopeOhms(readings, 0, end, UNUSABLE_POINT) ?? slopeOhms(readings, 0, end, 0);
      branches[side] = chooseBranch(programme.branches, ohms ?? 0);
    }
    const actions = sides.map((side) => programme.branches[branches[side]].action);
    const loops = run === 'loop' || (run === 'auto' && !actions.includes('lowBiasOnly') && actions.includes('loop'));
    const kind = loops ? 'loop' : run === 'lowBias' ? 'lowBias' : 'open';
    const preReadOnly = run === 'auto' && !loops;
    const measured = preReadOnly ? first : runSegments(segmentsOf(programme, kind), branches);
    const reading = (side: PairSide): SideReading | null =>
      sides.includes(side) ? { ...measured[side], kind, branch: branches[side] } : null;
    return { token, access, A: reading('A'), B: reading('B'), preReadOnly, residualAmps: 0, instrumentSeconds: 0.06 };
  }
}

function sweepCell(cell: Cell | null, segments: readonly Segment[], range: CurrentRange) {
  const points = pointCount(segments);
  const volts = new Float32Array(points);
  const amps = new Float32Array(points);
  const flags = new Uint8Array(points);
  let i = 0;
  for (const segment of segments) {
    const { limitAmps } = segment.fixed ?? range;
    if (cell?.kind === 'healthy' && segment.name === 'initialise') {
      cell.sweeps = (cell.sweeps ?? 0) + 1;
    }
    for (const level of segment.volts) {
      if (cell?.kind === 'healthy' && level >= 0.5) cell.state = 'P';
      if (cell?.kind === 'healthy' && level <= -0.5) cell.state = 'AP';
      const ohms = cell === null ? 1e12 : ohmsOf(cell);
      const current = level / ohms;
      const limited = Math.abs(current) > limitAmps;
      amps[i] = limited ? Math.sign(level) * limitAmps : current;
      volts[i] = limited ? amps[i] * ohms : level;
      flags[i] = limited ? PointFlag.compliance : 0;
      i += 1;
    }
  }
  return { volts, amps, flags };
}

function flagPartners(readings: Record<PairSide, SideReading>): void {
  const flagsA = readings.A.readings.flags;
  const flagsB = readings.B.readings.flags;
  for (let i = 0; i < flagsA.length; i++) {
    const limitedA = flagsA[i] & PointFlag.compliance;
    const limitedB = flagsB[i] & PointFlag.compliance;
    if (limitedA) flagsB[i] |= PointFlag.partnerLimited;
    if (limitedB) flagsA[i] |= PointFlag.partnerLimited;
  }
}

function ohmsOf(cell: Cell): number {
  if (cell.kind === 'resistor') return cell.ohms;
  const broken = cell.breaksAtSweep !== undefined && (cell.sweeps ?? 0) >= cell.breaksAtSweep;
  if (broken) return 300;
  return cell.state === 'P' ? cell.rP : cell.rAp;
}

function identity(name: string): InstrumentIdentity {
  return { name, resource: 'memory', driver: 'memory', vendor: 'test', model: name, serial: '1', firmware: '1' };
}

function lost(instrument: string, what: string): TunnelbenchError {
  return new TunnelbenchError('TB_LINK_LOST', {
    thing: instrument,
    what: `the link was lost at ${what}`,
    remedy: 'Reopen the link.',
  });
}
