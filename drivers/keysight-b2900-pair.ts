import type { SweepProgramme } from '../wafer/sweep.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import {
  type ChannelState,
  type InstrumentIdentity,
  NOT_REPORTED,
  type PairReading,
  type SourceChannel,
  type SourceLimits,
  type SpotReading,
  type SweepRequest,
  type SweepRun,
  type SweepSource,
} from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { type StoredProgramme, type StoredSegment, storedProgramme } from './keithley-2600/programme-upload.ts';
import { checkProgramme, checkRange, currentRange } from './keithley-2600/source-limits.ts';
import { pairReading } from './keithley-2600/sweep-reply.ts';
import { bothDone } from './keysight-b2900/both-done.ts';
import { type ChannelStages, channelStages, type PairWires, runStep } from './keysight-b2900/pair-step.ts';
import { pairSweep } from './keysight-b2900/pair-sweep.ts';
import { PairUnit } from './keysight-b2900/pair-unit.ts';
import { columnsTrigger, rowTrigger } from './keysight-b2900/trigger-line.ts';
import { type SweepStage, stagesSeconds } from './scpi-source/sweep-stage.ts';
import { cannot, notConfigured } from './sweep-source/source-errors.ts';
import { checkToken, startedRun } from './sweep-source/started-run.ts';
import type { Link } from './transport/link.ts';

export interface KeysightB2900PairOptions {
  /** Channel of the row's instrument. */
  readonly rowChannel: 1 | 2;
  /** Digital line that joins the two instruments: the same pin at both, and their grounds. */
  readonly triggerLine: number;
  /** Limit of both columns while one cell is measured alone, amperes. */
  readonly aloneColumnLimitAmps: number;
}

const DRIVER = 'keysight-b2900-pair';
const TWO_CHANNELS = /^B29[01]2[ABC]L?$/i;

const SPOT_SETTLE_SECONDS = 0.005;
const MOST_SPOT_VOLTS = 1;

/** The mask of *ESE serves as an echo: it is set with each run and read back behind its data. */
const ECHO_VALUES = 255;

/**
 * Two Keysight or Agilent B2900 (SCPI): both columns on the channels of one, the row on a channel of the other, LO of all
 * on the substrate. The lists step together over a digital line: the columns by their timer, the row by the pulse that
 * leaves the columns' instrument after each of their steps. So the row steps last, and the junction moves from one voltage
 * to the next without passing outside them. No list goes below 0 V: wherever in its list one instrument stands when the other
 * has stopped, no junction sees more than the highest level of a list.
 *
 * A wire log holds the columns' link only.
 */
export class KeysightB2900Pair implements SweepSource {
  readonly identity: InstrumentIdentity;
  readonly accessSchemes = ['pair'] as const;
  readonly quickReads = true;
  readonly #columns: PairUnit;
  readonly #row: PairUnit;
  readonly #options: KeysightB2900PairOptions;
  #limits: SourceLimits | null = null;
  #stored: StoredProgramme | null = null;
  #outputsOn = false;
  #running = false;

  private constructor(columns: PairUnit, row: PairUnit, options: KeysightB2900PairOptions) {
    this.identity = columns.identity;
    this.#columns = columns;
    this.#row = row;
    this.#options = options;
  }

  /** Identifies both; changes no setting. The row's link is opened once the columns' instrument is known to be right. */
  static async open(
    link: Link,
    openRow: () => Promise<Link>,
    name: string,
    options: KeysightB2900PairOptions,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<KeysightB2900Pair> {
    const place = { name, driver: DRIVER };
    const acceptColumns: AcceptIdentity = (identity) => {
      accept(identity);
      if (!TWO_CHANNELS.test(identity.model)) throw oneChannel(link.thing, identity);
    };
    const columns = await PairUnit.open(link, place, [1, 2], acceptColumns, signal);
    const rowLink = await openRow();
    try {
      const row = await PairUnit.open(rowLink, place, [options.rowChannel], accept, signal);
      if (row.hertz !== columns.hertz) {
        const expected = `${columns.hertz} Hz as the columns' instrument`;
        throw cannot(rowLink.thing, 'the line frequencies differ', `${row.hertz} Hz`, expected);
      }
      return new KeysightB2900Pair(columns, row, options);
    } catch (error) {
      await rowLink.close();
      throw error;
    }
  }

  get longestSweepSeconds(): number {
    const stored = this.#stored;
    if (stored === null) return 0;
    const seconds = (segments: readonly StoredSegment[]) => {
      const stages = segments.map((segment) => this.#stages(stored.programme, segment, 'pair')[0]);
      return stagesSeconds(stages, this.#columns.hertz);
    };
    return Math.max(seconds(stored.pair), seconds(stored.alone), seconds(stored.quick));
  }

  async describe() {
    const { vendor, model, serial, firmware } = this.#row.identity;
    return {
      lineFrequencyHertz: this.#columns.hertz,
      channels: 3,
      accessScheme: 'pair',
      rowInstrument: `${vendor} ${model}, serial ${serial}, firmware ${firmware}`,
      rowResource: this.#row.identity.resource,
      ...this.#options,
      calibrated: NOT_REPORTED,
      warmUp: NOT_REPORTED,
      visaLibrary: this.#columns.scpi.link.visaLibrary ?? 'none',
    };
  }

  /** Both queues: the columns' instrument first. */
  async drainErrors(signal: AbortSignal): Promise<string[]> {
    const [columns, row] = await this.#both((unit) => unit.scpi.drainErrors(signal));
    return [...columns, ...row.map((entry) => `${entry} (row)`)];
  }

  async configure(limits: SourceLimits, signal: AbortSignal): Promise<void> {
    this.#forget();
    const { triggerLine, rowChannel } = this.#options;
    await this.#columns.configure(limits, columnsTrigger(triggerLine), signal);
    await this.#row.configure(limits, rowTrigger(triggerLine, rowChannel), signal);
    this.#limits = limits;
  }

  async load(programme: SweepProgramme, signal: AbortSignal): Promise<void> {
    checkProgramme(this.#thing, programme, this.#configured());
    this.#stored = null;
    const stored = storedProgramme(programme);
    const pair = [...stored.pair, ...stored.quick].map((segment) => this.#stages(programme, segment, 'pair'));
    const alone = stored.alone.map((segment) => this.#stages(programme, segment, 'aloneA'));
    await this.#both((unit) => {
      const first = unit === this.#row ? 2 : 0;
      return unit.scpi.link.exchange(async (wire) => {
        for (const [i, { runner }] of unit.channels.entries()) {
          const stages = unlike([...pair, ...alone].map((three) => three[first + i]));
          runner.check(stages);
          await runner.tryLists(wire, stages, signal);
        }
      }, signal);
    });
    this.#stored = stored;
  }

  async setOutputs(on: boolean, signal: AbortSignal): Promise<void> {
    if (on) this.#configured();
    this.#outputsOn = false;
    await this.#both((unit) => unit.setOutputs(on, signal));
    this.#outputsOn = on;
  }

  start(request: SweepRequest, signal: AbortSignal): SweepRun {
    return startedRun((onIdle) => this.#run(request, onIdle, signal));
  }

  async spot(
    levels: Readonly<Record<SourceChannel, number>>,
    limitAmps: number,
    nplc: number,
    signal: AbortSignal,
  ): Promise<SpotReading> {
    const limits = this.#configured();
    checkRange(this.#thing, 'spot reading', { rangeAmps: limitAmps, limitAmps }, limits);
    const most = Math.min(MOST_SPOT_VOLTS, limits.sourceRangeVolts);
    const { columnA, columnB, row } = levels;
    if (![columnA, columnB, row].every((level) => Math.abs(level) <= most)) {
      throw cannot(this.#thing, 'a spot level is out of bounds', `${columnA}, ${columnB}, ${row}`, `at most ${most} V`);
    }
    if (!this.#outputsOn) throw cannot(this.#thing, 'the outputs are off', 'off', 'setOutputs(true) before spot()');
    const range = { rangeAmps: currentRange(limitAmps), limitAmps };
    const place = { polarity: 'positive', keep: [], points: [] } as const;
    const stage = (level: number): SweepStage => {
      return { ...place, levels: [level, 0], nplc, settleSeconds: SPOT_SETTLE_SECONDS, range };
    };
    const stages = [stage(columnA), stage(columnB), stage(row)] as const;
    const { blocks } = await this.#held((wires) => runStep(this.#columns, this.#row, wires, stages, signal), signal);
    const [a, b, x] = blocks.map(([volts, amps, status]) => ({ volts, amps, compliance: status !== 0 }));
    return { columnA: a, columnB: b, row: x };
  }

  async readState(signal: AbortSignal): Promise<Readonly<Record<SourceChannel, ChannelState>>> {
    const [[columnA, columnB], [row]] = await this.#both((unit) => unit.readState(this.#running, signal));
    return { columnA, columnB, row };
  }

  /** Both instruments, each whatever becomes of the other. */
  async makeSafe(signal: AbortSignal): Promise<void> {
    this.#outputsOn = false;
    await this.#both((unit) => unit.makeSafe(signal));
    this.#running = false;
  }

  async reopen(signal: AbortSignal): Promise<void> {
    this.#forget();
    await this.#both((unit) => unit.reopen(signal));
    this.#running = false;
  }

  async close(): Promise<void> {
    await Promise.all([this.#columns.scpi.link.close(), this.#row.scpi.link.close()]);
  }

  async #run(request: SweepRequest, onIdle: () => void, signal: AbortSignal): Promise<PairReading> {
    const stored = this.#ready(request);
    const { token, access } = request;
    const echo = (token % ECHO_VALUES) + 1;
    const { idle, blocks, status } = await this.#held(async (wires) => {
      this.#running = true;
      await this.#columns.scpi.write(wires.columns, [`*ESE ${echo}`], signal);
      await this.#row.scpi.write(wires.row, [`*ESE ${echo}`], signal);
      const result = await pairSweep(stored, request, (segment, ranges) => {
        const stages = channelStages(segment, access, ranges, this.#options.aloneColumnLimitAmps);
        return runStep(this.#columns, this.#row, wires, stages, signal);
      });
      await this.#requireEcho(this.#columns, wires.columns, echo, signal);
      await this.#requireEcho(this.#row, wires.row, echo, signal);
      this.#running = false;
      return result;
    }, signal);
    onIdle();
    const reading = pairReading(this.#thing, stored, request, idle, blocks);
    const side = (own: 'A' | 'B', column: number) => {
      const found = reading[own];
      return found && { ...found, rawStatus: (column | status[2]) >>> 0 };
    };
    return { ...reading, A: side('A', status[0]), B: side('B', status[1]) };
  }

  /** The programme, if everything is as a sweep needs it. */
  #ready({ token, run, access, rangeOverride }: SweepRequest): StoredProgramme {
    const limits = this.#configured();
    const stored = this.#stored;
    checkToken(this.#thing, token);
    if (stored === null) throw cannot(this.#thing, 'no programme is loaded', 'none', 'load() before start()');
    if (!this.#outputsOn) throw cannot(this.#thing, 'the outputs are off', 'off', 'setOutputs(true) before start()');
    if (access === 'single') {
      throw cannot(this.#thing, 'the access scheme is not realised', 'single', 'pair, aloneA, aloneB');
    }
    if (run === 'quick' && (access !== 'pair' || stored.quick.length === 0)) {
      const expected = 'pair access, a programme with a quick read';
      throw cannot(this.#thing, 'the quick read is not realised', access, expected);
    }
    for (const range of [rangeOverride?.A, rangeOverride?.B]) {
      if (range) checkRange(this.#thing, 'repeat', range, limits);
    }
    return stored;
  }

  /** Both links for one piece of work; after a failure neither is taken to be in step, nor any setting to be known. */
  async #held<T>(work: (wires: PairWires) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { link } = this.#row.scpi;
    try {
      return await this.#columns.scpi.link.exchange(
        (columns) => link.exchange((row) => work({ columns, row }), signal),
        signal,
      );
    } catch (error) {
      this.#columns.forget();
      this.#row.forget();
      if (error instanceof TunnelbenchError && error.code === 'TB_LIMIT_NOT_VERIFIED') this.#forget();
      throw error;
    }
  }

  /** The same on both instruments at once; when it fails on one, it is still done on the other before that is thrown. */
  #both<T>(work: (unit: PairUnit) => Promise<T>): Promise<[T, T]> {
    return bothDone(work(this.#columns), work(this.#row));
  }

  async #requireEcho(unit: PairUnit, wire: PairWires['row'], echo: number, signal: AbortSignal): Promise<void> {
    const found = await unit.scpi.ask(wire, '*ESE?', signal);
    if (Number(found) === echo) return;
    throw new TunnelbenchError('TB_REPLY_MISMATCH', {
      thing: unit.scpi.thing,
      what: 'the readings belong to another run',
      value: found.slice(0, 40),
      expected: `${echo}`,
      remedy: 'The sweep is not stored; reopen the link, configure and load the programme again.',
    });
  }

  /** The lists of a segment, in its widest range. */
  #stages({ complianceRepeat }: SweepProgramme, segment: StoredSegment, access: 'pair' | 'aloneA'): ChannelStages {
    const range = segment.segment.fixed ?? complianceRepeat;
    return channelStages(segment, access, { A: range, B: range }, this.#options.aloneColumnLimitAmps);
  }

  #forget(): void {
    this.#limits = null;
    this.#stored = null;
    this.#outputsOn = false;
    this.#columns.forget();
    this.#row.forget();
  }

  #configured(): SourceLimits {
    if (this.#limits) return this.#limits;
    throw notConfigured(this.#thing);
  }

  get #thing(): string {
    return this.#columns.scpi.thing;
  }
}

/** Stages whose lists differ: a list that fits once fits always. */
function unlike(stages: readonly SweepStage[]): SweepStage[] {
  return [...new Map(stages.map((stage) => [`${stage.levels} ${stage.nplc}`, stage])).values()];
}

function oneChannel(thing: string, { vendor, model, serial }: InstrumentIdentity): TunnelbenchError {
  return new TunnelbenchError('TB_INSTRUMENT_WRONG_MODEL', {
    thing,
    what: 'both columns need a channel of one instrument, and this one has a single channel',
    value: `${vendor} ${model}, serial ${serial}`,
    expected: 'a B2902 or B2912',
    remedy: 'Give the two-channel instrument as "resource" and the other as "rowResource".',
  });
}
