import { type LineState, newLineState, type PairDrive } from '../../../physics/drive.ts';
import type { ChannelDrive, Contact, FaultyPath } from '../../../physics/nodal-circuit.ts';
import { type LineKind, SOURCE_CHANNELS, type SourceChannel } from '../../capabilities.ts';
import type { SourceSetting, Terminal } from '../probe-station.ts';
import type { EnabledArray } from './enabled-array.ts';
import type { LineName, StationFaults } from './station-faults.ts';

/** A closed relay and the needle behind it. */
export interface RoutedLine {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: SourceChannel;
  /** False where needle, pad or line do not conduct: the on-die line floats. */
  readonly conducting: boolean;
}

export interface Rails {
  readonly substrateVolts: number;
  readonly railVolts: number;
}

type LineFaults = Pick<StationFaults, 'shortedLines' | 'leakingLines'>;
const NO_LINE_FAULTS: LineFaults = { shortedLines: [], leakingLines: [] };

/** A guard this close to its channel is there. */
const GUARD_TOLERANCE_VOLTS = 1e-7;
const MOST_GUARD_ROUNDS = 100;

type MutableTerminal = { -readonly [K in keyof Terminal]: Terminal[K] };
type MutableDrive = { contactSiemens: number; volts: number; limitAmps: number };
type MutablePairDrive = {
  -readonly [K in keyof PairDrive]: PairDrive[K] extends number ? number : MutableDrive;
};

/**
 * Channels, relays, needles and the opened columns as one circuit. The usual connection (one row, each column on a
 * channel of its own or floating) goes to the pair's solver; anything else to the nodal one.
 */
export class ArrayNetwork {
  readonly #array: EnabledArray;
  readonly routed: readonly RoutedLine[];
  readonly #contactSiemens: number;
  readonly rails: Rails;
  readonly #faults: LineFaults;
  /** Index into `routed` of column A, column B and the row, −1 where not routed; null when the pair does not fit. */
  readonly #pairPlaces: readonly [number, number, number] | null;
  readonly #drive: MutablePairDrive;
  readonly #terminals: Record<SourceChannel, MutableTerminal>;

  /** On-die volts and current of each routed line, in the order given; valid after `solve`. */
  readonly lines: LineState[];
  /** Volts across each junction of the enabled array; valid after `solve`. */
  junctionVolts: Float64Array;
  /** The only driven row, or −1: in that case any row may carry current. */
  readonly selectedRow: number;
  /** True when only the selected row's junctions can see more than a fraction of a millivolt. */
  onlySelected = false;

  constructor(
    array: EnabledArray,
    routed: readonly RoutedLine[],
    contactOhms: number,
    rails: Rails,
    faults: LineFaults = NO_LINE_FAULTS,
  ) {
    this.#array = array;
    this.#faults = faults;
    this.routed = routed;
    this.#contactSiemens = 1 / contactOhms;
    this.rails = rails;
    const whole = faults.shortedLines.length + faults.leakingLines.length === 0;
    this.#pairPlaces = whole ? pairPlaces(array, routed) : null;
    this.selectedRow = this.#pairPlaces === null ? -1 : routed[this.#pairPlaces[2]].index;
    this.lines = routed.map(newLineState);
    this.junctionVolts = array.nodal.junctionVolts;
    const undriven = () => ({ contactSiemens: 0, volts: 0, limitAmps: 0 });
    this.#drive = {
      ...rails,
      columnA: undriven(),
      columnB: undriven(),
      row: undriven(),
      selectedRow: Math.max(0, this.selectedRow),
    };
    const idle = () => ({ volts: 0, amps: 0, inCompliance: false });
    this.#terminals = { columnA: idle(), columnB: idle(), row: idle() };
  }

  terminal(channel: SourceChannel): Terminal {
    return { ...this.#terminals[channel] };
  }

  #setTerminal(channel: SourceChannel, volts: number, amps: number, inCompliance: boolean): void {
    const terminal = this.#terminals[channel];
    terminal.volts = volts;
    terminal.amps = amps;
    terminal.inCompliance = inCompliance;
  }

  solve(sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    this.#solveOnce(sources);
    const guard = SOURCE_CHANNELS.find((channel) => sources[channel].outputOn && sources[channel].follows);
    if (guard !== undefined) this.#followWith(guard, sources[guard].follows as SourceChannel, sources);
  }

  /**
   * A channel out of its limit is where it was set, and so is its guard. In its limit its terminal is found by repetition:
   * the guard reaches it only over rows that float, so that each round leaves a fraction of the difference.
   */
  #followWith(
    guard: SourceChannel,
    leader: SourceChannel,
    sources: Readonly<Record<SourceChannel, SourceSetting>>,
  ): void {
    let volts = sources[guard].volts;
    for (let round = 0; round < MOST_GUARD_ROUNDS; round++) {
      const wanted = this.#terminals[leader].volts;
      if (Math.abs(wanted - volts) < GUARD_TOLERANCE_VOLTS) return;
      volts = wanted;
      this.#solveOnce({ ...sources, [guard]: { ...sources[guard], volts } });
    }
  }

  #solveOnce(sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    const { pair } = this.#array;
    for (const channel of SOURCE_CHANNELS) {
      const { outputOn, volts } = sources[channel];
      this.#setTerminal(channel, outputOn ? volts : 0, 0, false);
    }
    const places = this.#pairPlaces;
    if (places === null || pair === null || !sources[this.routed[places[2]].channel].outputOn) {
      this.#solveNodal(sources);
      return;
    }
    this.#place(this.#drive.columnA, places[0], sources);
    this.#place(this.#drive.columnB, places[1], sources);
    this.#place(this.#drive.row, places[2], sources);
    pair.solve(this.#drive);
    this.junctionVolts = pair.junctionVolts;
    this.onlySelected = pair.linear;
    this.#take(places[0], pair.columnA);
    this.#take(places[1], pair.columnB);
    this.#take(places[2], pair.row);
  }

  #place(drive: MutableDrive, place: number, sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    const line = place < 0 ? undefined : this.routed[place];
    const source = line === undefined ? undefined : sources[line.channel];
    drive.contactSiemens = line?.conducting && source?.outputOn ? this.#contactSiemens : 0;
    drive.volts = source?.volts ?? 0;
    drive.limitAmps = source?.limitAmps ?? 0;
  }

  #take(place: number, state: LineState): void {
    if (place < 0) return;
    const line = this.lines[place];
    line.volts = state.volts;
    line.amps = state.amps;
    const { channel, conducting } = this.routed[place];
    if (!conducting) return;
    this.#setTerminal(channel, state.terminalVolts, state.amps, state.inCompliance);
  }

  #solveNodal(sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    const { nodal, elements, columns } = this.#array;
    const lineNumber = new Map<string, number>();
    let idleLines = 0;
    const lineOf = ({ kind, index }: LineName): number => {
      const name = `${kind} ${index}`;
      const known = lineNumber.get(name);
      if (known !== undefined) return known;
      const place = columns.indexOf(index);
      let line = kind === 'row' ? index : elements.rows + place;
      if (kind === 'column' && place === -1) line = elements.rows + elements.columns + idleLines++;
      lineNumber.set(name, line);
      return line;
    };
    const contacts: Contact[] = this.routed.map((routed) => ({
      channel: SOURCE_CHANNELS.indexOf(routed.channel),
      line: lineOf(routed),
      siemens: routed.conducting ? this.#contactSiemens : 0,
    }));
    const channels: ChannelDrive[] = SOURCE_CHANNELS.map((channel) => ({
      on: sources[channel].outputOn,
      volts: sources[channel].volts,
      limitAmps: sources[channel].limitAmps,
    }));
    const { shortedLines, leakingLines } = this.#faults;
    const paths: FaultyPath[] = [
      ...shortedLines.map(({ kind, index, ohms }) => ({
        line: lineOf({ kind, index }),
        other: lineOf({ kind, index: index + 1 }),
        siemens: 1 / ohms,
      })),
      ...leakingLines.map((leak) => ({ line: lineOf(leak), other: null, siemens: 1 / leak.ohms })),
    ];
    nodal.solve({ ...this.rails, channels, contacts, idleLines, paths });
    this.junctionVolts = nodal.junctionVolts;
    this.onlySelected = false;
    SOURCE_CHANNELS.forEach((channel, c) => {
      const { volts, amps, inCompliance } = nodal.channels[c];
      this.#setTerminal(channel, volts, amps, inCompliance);
    });
    this.routed.forEach(({ channel, conducting }, i) => {
      this.lines[i].volts = nodal.lineVolts[contacts[i].line];
      this.lines[i].amps = conducting ? this.#terminals[channel].amps : 0;
    });
  }
}

/** Where column A, column B and the row are routed, if each channel has one line at most and one row is driven. */
function pairPlaces(array: EnabledArray, routed: readonly RoutedLine[]): readonly [number, number, number] | null {
  const channels = new Set(routed.map(({ channel }) => channel));
  const lines = new Set(routed.map(({ kind, index }) => `${kind} ${index}`));
  if (array.pair === null || channels.size < routed.length || lines.size < routed.length) return null;
  const rows = routed.flatMap(({ kind }, i) => (kind === 'row' ? [i] : []));
  const columns = routed.flatMap(({ kind }, i) => (kind === 'column' ? [i] : []));
  if (rows.length !== 1 || columns.length > 2) return null;
  // Without an open column no cell conducts and it does not matter which of the two places a column takes.
  if (array.columns.length === 0) return [columns[0] ?? -1, columns[1] ?? -1, rows[0]];
  if (columns.some((i) => !array.columns.includes(routed[i].index))) return null;
  const placeOf = (column: number | undefined) => columns.find((i) => routed[i].index === column) ?? -1;
  return [placeOf(array.columns[0]), placeOf(array.columns[1]), rows[0]];
}
