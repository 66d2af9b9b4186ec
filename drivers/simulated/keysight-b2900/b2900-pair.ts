import type { ErrorSizes } from '../keithley-2600/channel-errors.ts';
import { SimulatedKeysightB2900 } from '../keysight-b2900.ts';
import type { ProbeStation } from '../probe-station.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { DigitalCable } from './digital-lines.ts';

export interface SimulatedB2900PairParts {
  readonly station: ProbeStation;
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly errors?: ErrorSizes;
  readonly lineHertz?: 50 | 60;
}

/** A B2902A on both columns, a B2901A on the row, their digital connectors joined; LO of all is the substrate. */
export interface SimulatedB2900Pair {
  readonly columns: SimulatedKeysightB2900;
  readonly row: SimulatedKeysightB2900;
  readonly cable: DigitalCable;
}

export function createB2900Pair(parts: SimulatedB2900PairParts): SimulatedB2900Pair {
  const columns = new SimulatedKeysightB2900({
    ...parts,
    terminals: { hi: 'columnA', lo: null },
    secondTerminals: { hi: 'columnB', lo: null },
  });
  const row = new SimulatedKeysightB2900({ ...parts, seed: parts.seed + 1, terminals: { hi: 'row', lo: null } });
  row.identity = row.identity.replace('MY51000005', 'MY51000006');
  const cable = new DigitalCable(parts.clock);
  cable.join(columns.lines);
  cable.join(row.lines);
  return { columns, row, cable };
}
