/**
 * What the rest of tunnelbench may ask of a bench. Small interfaces, one per ability; an instrument's driver implements
 * those it has. Drivers know lines, channels and voltage lists; they never hear of cells.
 *
 * Every method rejects with a TunnelbenchError. Every method that talks takes an AbortSignal; aborting ends the wait,
 * it does not make the bench safe: `makeSafe` does, and must be called with a fresh signal.
 */
import type { Polarity } from '../wafer/polarity.ts';
import type { Access, CurrentRange, PairSide, SideReading, SweepProgramme } from '../wafer/sweep.ts';

export interface InstrumentIdentity {
  /** Name in bench.yaml, e.g. "smu". */
  readonly name: string;
  readonly resource: string;
  readonly driver: string;
  readonly vendor: string;
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
}

export interface Instrument {
  readonly identity: InstrumentIdentity;
  /** Empties the error queue; returns what it held, oldest first, as "code text". */
  drainErrors(signal: AbortSignal): Promise<string[]>;
  close(): Promise<void>;
}

/** The three sourcing channels of the pair scheme. */
export const SOURCE_CHANNELS = ['columnA', 'columnB', 'row'] as const;
export type SourceChannel = (typeof SOURCE_CHANNELS)[number];

export interface ChannelState {
  readonly outputOn: boolean;
  readonly levelVolts: number;
  readonly limitAmps: number;
  readonly sourceRangeVolts: number;
  /** A sweep is running. */
  readonly busy: boolean;
}

export interface SweepRequest {
  /** Echoed by the instrument in the reply; a reply with another token is TB_REPLY_MISMATCH. 1…2^31. */
  readonly token: number;
  /**
   * `auto`: pre-read both columns, then the pair loop if each side's branch is 'loop' or 'open' and at least one is
   * 'loop'; otherwise only the pre-read comes back and the caller decides.
   * `loop`: pre-read and loop under `access`, with the branches given (the sides of an alone access: only its own).
   * `quick`: the programme's quick read, under pair or single access, or alone where `quickReadsAlone` says so; its first
   * list chooses the branches as a pre-read does, and where a side's branch is 'lowBiasOnly' or both are 'open' only that
   * list comes back (preReadOnly).
   * `lowBias`: pre-read and linearity check of both columns. `preRead`: pre-read only, twice (re-check of an open).
   * Every run may be asked for under an alone access: then it concerns that side only (`auto`: its pre-read, then its
   * loop if its branch is 'loop'), because a pair pre-read says nothing of the partner of a column in compliance.
   */
  readonly run: 'auto' | 'loop' | 'lowBias' | 'preRead' | 'quick';
  readonly access: Access;
  /** For `loop`: range per side instead of the branch's own (the repeat after compliance), or null. */
  readonly rangeOverride: Readonly<Record<PairSide, CurrentRange | null>> | null;
  /** Single access only, and needed there: the cell that is routed, and how the source has it reversed. */
  readonly exchange?: HiLoExchange;
}

/**
 * The exchange of HI and LO under single access. A source with one channel never goes below 0 V, where the pad diodes
 * would conduct: for the other sign of the junction voltage its terminals change places at the column and the row.
 */
export interface HiLoExchange {
  /** Column of the pair that is routed; its reading comes back as this side, the other side as null. */
  readonly side: PairSide;
  /** Junction voltage (column − row) that HI above LO gives on the present route. */
  readonly polarity: Polarity;
  /**
   * Asked for with the output on and measured at 0 V; nothing is sourced before it resolves, which is when the router
   * has acknowledged exactly the other route. Rejects: the sweep ends there, still at 0 V.
   */
  reverse(polarity: Polarity): Promise<void>;
}

export interface PairReading {
  readonly token: number;
  readonly access: Access;
  /** Null for the side that an alone access does not measure. */
  readonly A: SideReading | null;
  readonly B: SideReading | null;
  /** True when `auto` stopped after the pre-read because a side needs another treatment; kinds are then 'open'-shaped: pre-read only. */
  readonly preReadOnly: boolean;
  /** Largest |sum of the three channel currents| over all points, amperes: the leak detector. */
  readonly residualAmps: number;
  /** Duration inside the instrument, seconds, from its own clock. */
  readonly instrumentSeconds: number;
}

/** A sweep on its way. `idle` resolves when the instrument has confirmed 0 V on all channels: routing may begin. */
export interface SweepRun {
  readonly idle: Promise<void>;
  readonly reading: Promise<PairReading>;
}

/** Entry of a provenance that the instrument's family does not report. */
export const NOT_REPORTED = 'not reported';

/** What `describe` of every source says of the state it is in. */
export interface SourceCondition {
  /** Date of the last calibration, per channel where they differ. */
  readonly calibrated: string;
  /** How long the instrument has been on. */
  readonly warmUp: string;
  /** The VISA library in use, or `none`. */
  readonly visaLibrary: string;
}

export interface SourceLimits {
  readonly sourceRangeVolts: number;
  readonly limitAmps: number;
}

/** One or more SMU channels that step three voltage lists together. */
export interface SweepSource extends Instrument {
  readonly accessSchemes: readonly ('pair' | 'single')[];
  /** Whether it runs the quick read of an adaptive plan. */
  readonly quickReads?: boolean;
  /** Whether it also runs it under an alone access, on that side only. */
  readonly quickReadsAlone?: boolean;
  /**
   * Settings that go into the provenance: line frequency, access, and `SourceCondition`, each entry NOT_REPORTED where the
   * family has no question for it.
   */
  describe(signal: AbortSignal): Promise<SourceCondition & Readonly<Record<string, string | number | boolean>>>;
  /** Sets ranges and limits at 0 V with the outputs off, reads each back, drains the error queue; TB_LIMIT_NOT_VERIFIED otherwise. */
  configure(limits: SourceLimits, signal: AbortSignal): Promise<void>;
  /** Stores the programme in the instrument once per recipe and reads back what can be read back. */
  load(programme: SweepProgramme, signal: AbortSignal): Promise<void>;
  /** Switches all outputs on at 0 V, or off; read back. Refuses to switch on before configure. */
  setOutputs(on: boolean, signal: AbortSignal): Promise<void>;
  /** Starts a sweep on the present route. One run at a time until its `idle`; its reading may still be on the wire when the next starts. */
  start(request: SweepRequest, signal: AbortSignal): SweepRun;
  /** Holds one level with a limit on chosen channels (others 0 V) and reads volts and amps: contact and leakage checks. |volts| ≤ 1 V; one channel: the column not below the row. Returns to 0 V. */
  spot(
    levels: Readonly<Record<SourceChannel, number>>,
    limitAmps: number,
    nplc: number,
    signal: AbortSignal,
  ): Promise<SpotReading>;
  readState(signal: AbortSignal): Promise<Readonly<Record<SourceChannel, ChannelState>>>;
  /** Abort, 0 V, outputs off, read back. Resolves only when confirmed. */
  makeSafe(signal: AbortSignal): Promise<void>;
  /** Drops and reopens the link after a time-out or loss; clears the instrument's input and output. */
  reopen(signal: AbortSignal): Promise<void>;
  /** Longest time the armed programme can still take, for the wait when the source cannot be confirmed. */
  readonly longestSweepSeconds: number;
}

export type SpotReading = Readonly<
  Record<SourceChannel, { readonly volts: number; readonly amps: number; readonly compliance: boolean }>
>;

/** One-hot enable lines with a gate voltage. */
export interface EnableLines extends Instrument {
  readonly count: number;
  /** Gate voltage of the enabled line and settling before the acknowledge; read back. */
  configure(gateVolts: number, settleSeconds: number, signal: AbortSignal): Promise<void>;
  /** Drives exactly this line, or none; resolves when the controller has confirmed it settled. */
  enable(line: number | null, signal: AbortSignal): Promise<void>;
  readState(signal: AbortSignal): Promise<EnableState>;
  reopen(signal: AbortSignal): Promise<void>;
}

export interface EnableState {
  readonly enabled: number | null;
  readonly gateVolts: number;
  /** Measured at the output. */
  readonly measuredVolts: number;
  readonly leakageAmps: number;
}

export type LineKind = 'row' | 'column';

/**
 * What a line can be joined to: a source channel, or the guard of a source with one channel. Such a source has its HI
 * on 'columnA' and its LO on 'row'; they are exchanged when the row line is on 'columnA' and the column line on 'row'.
 */
export type RouteChannel = SourceChannel | 'guard';

/** One crosspoint: a probe-card line on a source channel. */
export interface Crosspoint {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: RouteChannel;
}

/** Connects probe-card lines to source channels. */
export interface LineRouter extends Instrument {
  readonly rows: number;
  readonly columns: number;
  /** What lines do that are in no crosspoint. */
  readonly unselected: 'float' | 'ground';
  /** Whether a crosspoint exists at all: exchange and guard are possible where their crosspoints exist. */
  canConnect(crosspoint: Crosspoint): boolean;
  configure(settleSeconds: number, signal: AbortSignal): Promise<void>;
  /** Exactly these crosspoints, break before make; resolves when the router has answered with the same set, settled. */
  connect(crosspoints: readonly Crosspoint[], signal: AbortSignal): Promise<void>;
  readState(signal: AbortSignal): Promise<readonly Crosspoint[]>;
  reopen(signal: AbortSignal): Promise<void>;
}

export interface SupplyState {
  readonly on: boolean;
  readonly setVolts: number;
  readonly limitAmps: number;
  readonly measuredVolts: number;
  readonly measuredAmps: number;
  readonly limiting: boolean;
}

/** The CMOS supplies; output names are those of the pad map. */
export interface Supplies extends Instrument {
  readonly outputs: readonly string[];
  /** Sets volts and limit with the output as it is; both read back. */
  configure(output: string, volts: number, limitAmps: number, signal: AbortSignal): Promise<void>;
  setOn(output: string, on: boolean, signal: AbortSignal): Promise<void>;
  readState(output: string, signal: AbortSignal): Promise<SupplyState>;
  reopen(signal: AbortSignal): Promise<void>;
}

export type ChuckHeight = 'separation' | 'contact' | 'unknown';

export interface ProberState {
  readonly height: ChuckHeight;
  /** Die under the needles, null when the prober does not know. */
  readonly die: { readonly x: number; readonly y: number } | null;
  readonly moving: boolean;
  readonly touchdowns: number;
}

/** A wafer prober. Absolute die steps only: a repeated relative step would skip a die. */
export interface Prober extends Instrument {
  readState(signal: AbortSignal): Promise<ProberState>;
  readWaferId(signal: AbortSignal): Promise<string>;
  readChuckCelsius(signal: AbortSignal): Promise<number | null>;
  /** Refuses unless separated; checks the coordinate returned. */
  moveToDie(x: number, y: number, signal: AbortSignal): Promise<void>;
  contact(overdriveMicrometres: number, signal: AbortSignal): Promise<void>;
  separate(signal: AbortSignal): Promise<void>;
  reopen(signal: AbortSignal): Promise<void>;
}

/** A bench as the acquisition sees it: every ability it needs, opened and identified, nothing energised. */
export interface Bench {
  readonly name: string;
  readonly source: SweepSource;
  readonly enableLines: EnableLines;
  readonly router: LineRouter;
  readonly supplies: Supplies;
  readonly prober: Prober;
  close(): Promise<void>;
}
