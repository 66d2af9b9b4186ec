import type { SupplyName } from '../../../wafer/pad-map.ts';
import type { Readings, SweepKind, SweepProgramme } from '../../../wafer/sweep.ts';
import type { ChuckHeight, LineKind, SourceChannel } from '../../capabilities.ts';
import type { ProbeStation, SourceSetting, Terminal } from '../probe-station.ts';
import { ArrayNetwork, type RoutedLine } from './array-network.ts';
import { BiasedArray } from './biased-array.ts';
import { DamageLedger, type LedgerFacts } from './damage-ledger.ts';
import { EnabledArray } from './enabled-array.ts';
import { LoneCell } from './lone-cell.ts';
import { Needles } from './needles.ts';
import { noiselessReadings } from './noiseless-readings.ts';
import { type BenchView, hotBias, needleMoveOffences, type Offence, powerDownOffences } from './safe-order.ts';
import { SimulatedWafer } from './simulated-wafer.ts';
import { NO_FAULTS, type StationFaults } from './station-faults.ts';
import { type StationOptions, type StationSettings, stationOptions } from './station-options.ts';
import { SupplyRack } from './supply-rack.ts';
import { type DieTruth, truthOf } from './truth.ts';

const OFF: SourceSetting = { outputOn: false, volts: 0, limitAmps: 1e-4 };

interface CrosspointName {
  readonly kind: LineKind;
  readonly index: number;
  readonly channel: SourceChannel;
}

/**
 * The simulated probe station: one seeded wafer, needles, relays, gates, supplies and three source channels on one
 * simulated time axis. Wrong actions are carried out as a real bench would carry them out and booked in the ledger;
 * nothing here refuses or throws because of them.
 *
 * Approximations, besides those named in physics/pair-circuit.ts: every solution is the settled one (no capacitance);
 * an output that is off is open; a gate leaks a fixed current; supplies see the quiescent current of the CMOS and
 * faults, not the currents of the pad diodes; needles touch or do not, contact resistance does not vary.
 */
export class SimulatedStation implements ProbeStation {
  readonly options: StationOptions;
  readonly ledger: DamageLedger;
  readonly #wafer: SimulatedWafer;
  readonly #needles: Needles;
  readonly #supplies = new SupplyRack();
  #faults: StationFaults = NO_FAULTS;
  #now = 0;
  #sources: Record<SourceChannel, SourceSetting> = { columnA: OFF, columnB: OFF, row: OFF };
  #crosspoints: readonly CrosspointName[] = [];
  #enabled: number | null = null;
  #gateVolts = 0;
  #height: ChuckHeight = 'separation';
  #overdriveMicrometres = 0;
  #chuck: { readonly x: number; readonly y: number } | null = null;
  #touchdowns = 0;
  readonly #energised = { outputs: 0, supplies: 0, enableLines: 0 };
  /** The opened columns; null while they must be built anew. */
  #array: EnabledArray | null = null;
  /** The routed circuit under bias; null likewise. */
  #biased: BiasedArray | null = null;

  constructor(settings: StationSettings) {
    this.options = stationOptions(settings);
    this.ledger = new DamageLedger(this.options.geometry);
    this.#wafer = new SimulatedWafer(this.options);
    this.#needles = new Needles(this.options);
  }

  get now(): number {
    return this.#now;
  }

  get height(): ChuckHeight {
    return this.#height;
  }

  get dieUnderNeedles(): { readonly x: number; readonly y: number } | null {
    return this.#chuck;
  }

  get chuckCelsius(): number {
    return this.options.chuckCelsius;
  }

  get touchdowns(): number {
    return this.#touchdowns;
  }

  /** How often anything was switched on since the start, whatever became of it: zeros prove that nothing ever was. */
  get energised(): Readonly<{ outputs: number; supplies: number; enableLines: number }> {
    return this.#energised;
  }

  get faults(): StationFaults {
    return this.#faults;
  }

  /** Replaces the faults; a partial change is `station.faults = { ...station.faults, … }`. */
  set faults(faults: StationFaults) {
    this.#faults = Object.freeze({ ...faults });
    this.#rebuild();
  }

  advance(seconds: number): void {
    if (!(seconds >= 0)) throw new RangeError(`simulated time cannot advance by ${seconds} s`);
    this.#biasedArray()?.live(this.#now, seconds, this.#sources);
    this.#now += seconds;
  }

  setSource(channel: SourceChannel, setting: SourceSetting): void {
    const before = this.#sources[channel];
    if (
      before.volts === setting.volts &&
      before.outputOn === setting.outputOn &&
      before.limitAmps === setting.limitAmps &&
      before.follows === setting.follows
    ) {
      return;
    }
    if (setting.outputOn && !before.outputOn) this.#energised.outputs += 1;
    this.#sources[channel] = setting;
    this.#biased?.disturb();
  }

  sourceSetting(channel: SourceChannel): SourceSetting {
    return this.#sources[channel];
  }

  sense(channel: SourceChannel): Terminal {
    const { outputOn, volts } = this.#sources[channel];
    const reference = this.#referenceAmps(channel);
    if (reference !== 0) return { volts, amps: reference, inCompliance: false };
    const biased = this.#biasedArray();
    if (biased === null) return { volts: outputOn ? volts : 0, amps: 0, inCompliance: false };
    biased.settle(this.#now, this.#sources);
    return biased.network.terminal(channel);
  }

  /** Current into the card's reference resistor, where it is routed and both channels are on. */
  #referenceAmps(channel: SourceChannel): number {
    const { referenceOhms, geometry } = this.options;
    if (referenceOhms === null) return 0;
    const at = (kind: LineKind, index: number) =>
      this.#crosspoints.find((crosspoint) => crosspoint.kind === kind && crosspoint.index === index)?.channel;
    const column = at('column', geometry.columns);
    const row = at('row', geometry.rows);
    if (column === undefined || row === undefined || (channel !== column && channel !== row)) return 0;
    const [one, other] = [this.#sources[column], this.#sources[row]];
    if (!one.outputOn || !other.outputOn) return 0;
    const amps = (one.volts - other.volts) / (referenceOhms * this.#faults.referenceFactor);
    return channel === column ? amps : -amps;
  }

  setCrosspoints(crosspoints: readonly CrosspointName[]): void {
    const name = ({ kind, index, channel }: CrosspointName) => `${kind} ${index} ${channel}`;
    const before = new Set(this.#crosspoints.map(name));
    const after = new Set(crosspoints.map(name));
    const opened = [...before].filter((one) => !after.has(one));
    const closed = [...after].filter((one) => !before.has(one));
    if (opened.length + closed.length === 0) return;
    const [relay] = [...opened, ...closed];
    const hotBefore = this.#bookHotMove('a relay moved under bias', { relay });
    this.#crosspoints = [...crosspoints];
    this.#biased = null;
    if (!hotBefore && closed.length > 0) this.#bookHotMove('a relay closed on a live line', { relay: closed[0] });
  }

  setEnableLine(line: number | null, gateVolts: number): void {
    if (line === this.#enabled && (line === null || gateVolts === this.#gateVolts)) return;
    this.#bookHotMove('the enable line moved under bias', { enableLine: line ?? 'none' });
    if (line !== null && gateVolts > 0 && !this.#supplies.isOn('vdd')) {
      this.#book({ kind: 'supplyOrder', what: 'an enable line went high without vdd', facts: { enableLine: line } });
    }
    if (line !== null) this.#energised.enableLines += 1;
    this.#enabled = line;
    this.#gateVolts = line === null ? 0 : gateVolts;
    this.#rebuild();
  }

  /** Leakage of the enabled gate: 1 GΩ a line. */
  gateLeakageAmps(): number {
    return this.#enabled === null || this.#height !== 'contact' ? 0 : this.#gateVolts * 1e-9;
  }

  setSupply(name: SupplyName, on: boolean, volts: number, limitAmps: number): void {
    const wasOn = this.#supplies.isOn(name);
    const view = this.#view();
    if (on) this.#energised.supplies += 1;
    this.#supplies.set(name, { on, volts, limitAmps });
    if (name === 'vdd' && wasOn && !this.#supplies.isOn('vdd')) powerDownOffences(view).forEach(this.#book);
    this.#biased = null;
  }

  senseSupply(name: SupplyName): Terminal {
    return this.#supplies.sense(name, this.#height === 'contact', this.#faults.supplyLeakAmps);
  }

  moveChuck(x: number, y: number): void {
    if (this.#height !== 'separation') {
      this.#book({ kind: 'motionInContact', what: 'the chuck moved while the needles touched', facts: { x, y } });
    }
    this.#chuck = { x, y };
    this.#rebuild();
  }

  setHeight(height: 'separation' | 'contact', overdriveMicrometres: number): void {
    const before = this.#height;
    if (height === before && overdriveMicrometres === this.#overdriveMicrometres) return;
    if (height !== before) needleMoveOffences(this.#view(), height).forEach(this.#book);
    if (height === 'contact' && before !== 'contact') {
      this.#touchdowns += 1;
      this.ledger.touchDown(this.#dieOrdinal() ?? -1);
    }
    this.#height = height;
    this.#overdriveMicrometres = overdriveMicrometres;
    this.#rebuild();
  }

  /** Injected label and parameters of every cell of a die, and what has become of it. */
  truth(dieOrdinal: number): DieTruth {
    return truthOf(this.options, this.#wafer, dieOrdinal, this.ledger);
  }

  /** What a perfect instrument reads on that cell alone, with median switching; see noiseless-readings.ts. */
  noiselessReadings(dieOrdinal: number, cell: number, kind: SweepKind, programme: SweepProgramme): Readings {
    return noiselessReadings(this.options, this.#wafer, dieOrdinal, cell, kind, programme);
  }

  /** V/I of the whole path, ohms, with `volts` from column channel to row channel; at 0 V the zero-bias value. */
  pathOhms(dieOrdinal: number, cell: number, state: 'P' | 'AP', volts: number): number {
    return new LoneCell(this.options, this.#wafer, dieOrdinal, cell).ohms(state, volts);
  }

  #dieOrdinal(): number | null {
    const { x, y } = this.#chuck ?? {};
    return this.options.dies.find((die) => die.x === x && die.y === y)?.ordinal ?? null;
  }

  #rebuild(): void {
    this.#array = null;
    this.#biased = null;
  }

  /** The circuit under the present routes, or null where nothing is under the needles. */
  #biasedArray(): BiasedArray | null {
    if (this.#biased !== null) return this.#biased;
    const ordinal = this.#dieOrdinal();
    if (this.#height !== 'contact' || ordinal === null) return null;
    this.#array ??= this.#openColumns(ordinal);
    const network = new ArrayNetwork(
      this.#array,
      this.#routedLines(ordinal),
      this.options.accessPath.contactOhms,
      this.#supplies.rails(),
      this.#faults,
    );
    this.#biased = new BiasedArray(this.options, this.#array, network, this.ledger, this.#now);
    return this.#biased;
  }

  #openColumns(ordinal: number): EnabledArray {
    const { geometry, accessPath } = this.options;
    const high = [...(this.#enabled === null ? [] : [this.#enabled]), ...this.#faults.stuckEnableLines];
    const gateVolts = this.#enabled === null ? accessPath.gateOnVolts : this.#gateVolts;
    const open = gateVolts > accessPath.gateThresholdVolts ? [...new Set(high)].sort((a, b) => a - b) : [];
    const per = geometry.columnsPerEnableLine;
    const columns = open.flatMap((line) => (per === 1 ? [line] : [2 * line, 2 * line + 1]));
    const inside = columns.filter((column) => column >= 0 && column < geometry.columns);
    return new EnabledArray(
      this.options,
      this.#wafer.population(ordinal),
      this.#wafer.state(ordinal),
      inside,
      gateVolts,
    );
  }

  #routedLines(ordinal: number): RoutedLine[] {
    const { stuckRelays } = this.#faults;
    const same = (a: CrosspointName) => (b: CrosspointName) =>
      a.kind === b.kind && a.index === b.index && a.channel === b.channel;
    const closed = stuckRelays.filter(({ stuck }) => stuck === 'closed');
    const open = stuckRelays.filter(({ stuck }) => stuck === 'open');
    const commanded = this.#crosspoints.filter((crosspoint) => !open.some(same(crosspoint)));
    const extra = closed.filter((crosspoint) => !commanded.some(same(crosspoint)));
    const { deadRows } = this.#wafer.population(ordinal);
    const { rows, columns } = this.options.geometry;
    const leadsTo = ({ kind, index }: CrosspointName) =>
      this.#faults.miswiredLines.find((line) => line.kind === kind && line.index === index)?.leadsTo ?? index;
    return [...commanded, ...extra]
      .map((crosspoint) => ({ ...crosspoint, index: leadsTo(crosspoint) }))
      .filter(({ kind, index }) => index >= 0 && index < (kind === 'row' ? rows : columns))
      .map(({ kind, index, channel }) => ({
        kind,
        index,
        channel,
        conducting:
          !(kind === 'row' && deadRows.includes(index)) &&
          !this.#faults.lostNeedles.some((lost) => lost.kind === kind && lost.index === index) &&
          this.#needles.touches(kind, index, this.#overdriveMicrometres),
      }));
  }

  #view(): BenchView {
    const lines = () => {
      const biased = this.#biasedArray();
      if (biased === null) return [];
      biased.settle(this.#now, this.#sources);
      const { routed, lines: states } = biased.network;
      return states.map(({ volts, amps }, i) => ({ channel: routed[i].channel, volts, amps }));
    };
    const highLine = this.#gateVolts > 0 ? this.#enabled : null;
    return { sources: this.#sources, supplies: this.#supplies, highLine, lines };
  }

  /** Books a move of a relay or a gate under bias; true when it was one. */
  #bookHotMove(what: string, facts: LedgerFacts): boolean {
    const bias = hotBias(this.#view());
    if (bias !== null) this.#book({ kind: 'hotSwitch', what, facts: { ...facts, ...bias } });
    return bias !== null;
  }

  readonly #book = ({ kind, what, facts }: Offence): void => {
    this.ledger.violate(this.#now, kind, what, facts);
  };
}
