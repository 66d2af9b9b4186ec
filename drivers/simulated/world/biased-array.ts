import type { SourceChannel } from '../../capabilities.ts';
import type { SourceSetting } from '../probe-station.ts';
import type { ArrayNetwork, RoutedLine } from './array-network.ts';
import { CellDynamics, type CellEvent, isUnstable } from './cell-dynamics.ts';
import type { DamageLedger } from './damage-ledger.ts';
import type { EnabledArray } from './enabled-array.ts';
import { largestOutputVolts } from './safe-order.ts';
import type { StationOptions } from './station-options.ts';

/** With all outputs below this, two of them cannot put a junction above its rest of 1 mV: nothing happens. */
const REST_VOLTS = 5e-4;
/** Above this a cell counts as exposed. */
const EXPOSED_VOLTS = 0.01;
/** Pads may leave the supplies by this much; the tolerance lets a source sit exactly on a limit with its errors. */
const PAD_MARGIN_VOLTS = 0.1;
const LIMIT_TOLERANCE_VOLTS = 1e-4;

/**
 * The opened columns under one route: solves when something changed, lets cells live, and books stress and violations.
 * Made anew at every change of route, gate or contact, which is what "a sweep of a cell" is counted by.
 */
export class BiasedArray {
  readonly network: ArrayNetwork;
  readonly #options: StationOptions;
  readonly #array: EnabledArray;
  readonly #dynamics: CellDynamics;
  readonly #ledger: DamageLedger;
  readonly #routedAt: number;
  readonly #selected: readonly number[];
  readonly #unstable: readonly number[];
  #all: readonly number[] | null = null;
  #settled = false;
  readonly #exposed = new Set<number>();
  readonly #booked = new Set<string>();

  constructor(
    options: StationOptions,
    array: EnabledArray,
    network: ArrayNetwork,
    ledger: DamageLedger,
    routedAt: number,
  ) {
    this.#options = options;
    this.#array = array;
    this.network = network;
    this.#ledger = ledger;
    this.#routedAt = routedAt;
    this.#dynamics = new CellDynamics(options, array);
    const { columns } = array.elements;
    const row = network.selectedRow;
    this.#selected =
      row < 0 ? this.#everyElement() : Array.from({ length: columns }, (_, place) => row * columns + place);
    this.#unstable = this.#selected.filter((element) => {
      const cell = array.cellOf(element);
      return cell >= 0 && isUnstable(array.population.labels[cell]);
    });
  }

  /** Says that a source changed. */
  disturb(): void {
    this.#settled = false;
  }

  /** Solves the circuit if anything changed, and books what it shows. */
  settle(now: number, sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    if (this.#settled) return;
    this.network.solve(sources);
    this.#settled = true;
    this.#bookStress(now);
    this.#bookPads(now);
  }

  live(now: number, seconds: number, sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    if (largestOutputVolts(sources) > REST_VOLTS) this.#liveUnderBias(now, seconds, sources);
    if (this.#unstable.length === 0) return;
    const sweep = (cell: number) => this.#ledger.stress(this.#array.population.die.ordinal).sweeps[cell];
    const since = now + seconds - this.#routedAt;
    if (this.#dynamics.telegraph(this.#unstable, this.network.junctionVolts, since, sweep)) this.#settled = false;
  }

  #liveUnderBias(now: number, seconds: number, sources: Readonly<Record<SourceChannel, SourceSetting>>): void {
    this.settle(now, sources);
    this.#dynamics.live(
      seconds,
      () => this.#biasedElements(),
      () => this.network.junctionVolts,
      (event) => this.#onEvent(now, event),
      () => {
        this.#settled = false;
        this.settle(now, sources);
      },
    );
  }

  #biasedElements(): readonly number[] {
    return this.network.onlySelected ? this.#selected : this.#everyElement();
  }

  #everyElement(): readonly number[] {
    this.#all ??= Array.from({ length: this.#array.elements.gP.length }, (_, element) => element);
    return this.#all;
  }

  #onEvent(now: number, { kind, cell, after, volts, ohms }: CellEvent): void {
    if (kind === 'break') this.#ledger.lose(now + after, this.#array.population.die.ordinal, cell, volts, ohms);
  }

  #bookStress(now: number): void {
    const volts = this.network.junctionVolts;
    const stress = this.#ledger.stress(this.#array.population.die.ordinal);
    const { columns } = this.#array.elements;
    for (const element of this.#biasedElements()) {
      const across = Math.abs(volts[element]);
      if (across < EXPOSED_VOLTS) continue;
      const cell = this.#array.cellOf(element);
      if (cell < 0) continue;
      if (across > stress.maxAbsVolts[cell]) stress.maxAbsVolts[cell] = across;
      if (!this.#exposed.has(element)) {
        this.#exposed.add(element);
        const selected = Math.floor(element / columns) === this.network.selectedRow;
        if (selected) stress.sweeps[cell] += 1;
        else stress.halfSelectExposures[cell] += 1;
      }
      if (across > this.#options.ceilingVolts + LIMIT_TOLERANCE_VOLTS) {
        this.#book(now, `cell ${cell}`, 'junctionOverCeiling', 'a junction went over the ceiling', {
          dieOrdinal: this.#array.population.die.ordinal,
          cell,
          volts: volts[element],
        });
      }
    }
  }

  #bookPads(now: number): void {
    const { lines, routed, rails } = this.network;
    for (let i = 0; i < lines.length; i++) {
      const { volts } = lines[i];
      const lowest = rails.substrateVolts - PAD_MARGIN_VOLTS - LIMIT_TOLERANCE_VOLTS;
      const highest = rails.railVolts + PAD_MARGIN_VOLTS + LIMIT_TOLERANCE_VOLTS;
      if (volts >= lowest && volts <= highest) continue;
      const { kind, index }: RoutedLine = routed[i];
      this.#book(now, `${kind} ${index}`, 'padOutOfRange', 'a pad left the range of its diodes', {
        line: `${kind} ${index}`,
        volts,
        railVolts: rails.railVolts,
      });
    }
  }

  /** One entry a thing and route, at its first occurrence. */
  #book(
    now: number,
    thing: string,
    kind: 'junctionOverCeiling' | 'padOutOfRange',
    what: string,
    facts: Readonly<Record<string, number | string>>,
  ): void {
    const key = `${kind} ${thing}`;
    if (this.#booked.has(key)) return;
    this.#booked.add(key);
    this.#ledger.violate(now, kind, what, facts);
  }
}
