import { SUPPLY_NAMES } from '../../../wafer/pad-map.ts';
import { SOURCE_CHANNELS, type SourceChannel } from '../../capabilities.ts';
import type { SourceSetting } from '../probe-station.ts';
import type { LedgerFacts, ViolationKind } from './damage-ledger.ts';
import type { SupplyRack } from './supply-rack.ts';

/** A bias above this counts as hot when a relay, a gate or a needle moves. */
const HOT_VOLTS = 1e-3;
const HOT_AMPS = 1e-6;
/** Outputs below this cannot drive HOT_AMPS through any cell: the worst short has 100 Ω. */
const COLD_VOLTS = 2e-5;

/** What the order rules look at. */
export interface BenchView {
  readonly sources: Readonly<Record<SourceChannel, SourceSetting>>;
  readonly supplies: SupplyRack;
  /** The enable line that is high, or null. */
  readonly highLine: number | null;
  /** Solves for the lines routed at the moment. */
  readonly lines: () => readonly { readonly channel: SourceChannel; readonly volts: number; readonly amps: number }[];
}

export interface Offence {
  readonly kind: ViolationKind;
  readonly what: string;
  readonly facts: LedgerFacts;
}

/** Facts of the bias that makes a move hot, or null when everything is cold. */
export function hotBias({ sources, lines }: BenchView): LedgerFacts | null {
  const hot = SOURCE_CHANNELS.find(
    (channel) => sources[channel].outputOn && Math.abs(sources[channel].volts) > HOT_VOLTS,
  );
  if (hot !== undefined) return { channel: hot, outputVolts: sources[hot].volts };
  if (largestOutputVolts(sources) < COLD_VOLTS) return null;
  // The voltage of a line that no output holds is nobody's doing: only driven lines count.
  const line = lines().find(
    ({ channel, volts, amps }) =>
      Math.abs(amps) > HOT_AMPS || (sources[channel].outputOn && Math.abs(volts) > HOT_VOLTS),
  );
  return line === undefined ? null : { channel: line.channel, padVolts: line.volts, padAmps: line.amps };
}

/** Largest |volts| of the outputs that are on. */
export function largestOutputVolts(sources: Readonly<Record<SourceChannel, SourceSetting>>): number {
  return SOURCE_CHANNELS.reduce(
    (most, channel) => (sources[channel].outputOn ? Math.max(most, Math.abs(sources[channel].volts)) : most),
    0,
  );
}

function outputOn({ sources }: BenchView): SourceChannel | null {
  return SOURCE_CHANNELS.find((channel) => sources[channel].outputOn) ?? null;
}

/** Needles may touch or leave only with outputs off, enable lines low and supplies off. */
export function needleMoveOffences(view: BenchView, height: 'separation' | 'contact'): Offence[] {
  const kind = height === 'contact' ? 'contactUnderBias' : 'separationUnderBias';
  const verb = height === 'contact' ? 'touched' : 'left';
  const offences: Offence[] = [];
  const channel = outputOn(view);
  const bias = hotBias(view);
  if (channel !== null) {
    offences.push({ kind, what: `the needles ${verb} while a source output was on`, facts: { channel } });
  } else if (bias !== null) offences.push({ kind, what: `the needles ${verb} live pads`, facts: bias });
  const supply = SUPPLY_NAMES.find((name) => Math.abs(view.supplies.volts(name)) > HOT_VOLTS);
  if (supply !== undefined) {
    offences.push({ kind: 'supplyOrder', what: `the needles ${verb} with ${supply} on`, facts: { supply } });
  }
  if (view.highLine !== null) {
    const facts = { enableLine: view.highLine };
    offences.push({ kind: 'supplyOrder', what: `the needles ${verb} with an enable line high`, facts });
  }
  return offences;
}

/** vdd goes last: after the outputs and the enable lines. */
export function powerDownOffences(view: BenchView): Offence[] {
  const offences: Offence[] = [];
  const channel = outputOn(view);
  if (view.highLine !== null) {
    const facts = { enableLine: view.highLine };
    offences.push({ kind: 'supplyOrder', what: 'vdd was switched off under a high enable line', facts });
  }
  if (channel !== null) {
    offences.push({
      kind: 'supplyOrder',
      what: 'vdd was switched off while a source output was on',
      facts: { channel },
    });
  }
  return offences;
}
