import type { DieSite } from '../../../wafer/die.ts';
import type { DamageLedger, Loss } from './damage-ledger.ts';
import { CELL_LABELS, type CellLabel, type DiePopulation } from './die-population.ts';
import { isCutOff, pathOhms } from './lone-cell.ts';
import type { SimulatedWafer } from './simulated-wafer.ts';
import type { StationOptions } from './station-options.ts';

export interface CellTruth {
  readonly cell: number;
  readonly label: CellLabel;
  /** Whole path at zero bias as made, ohms; of a cell that has one resistance only, both are equal; Infinity: no path. */
  readonly rP: number;
  readonly rAp: number;
  readonly delta: number;
  readonly vC0: number;
  readonly offsetVolts: number;
  readonly breakdownVolts: number;
  /** State now. */
  readonly antiparallel: boolean;
  /** Whole path of the broken junction, ohms; null while it is whole. */
  readonly brokenOhms: number | null;
}

export interface DieTruth {
  readonly die: DieSite;
  /** One entry a cell, index = row × columns + column. */
  readonly cells: readonly CellTruth[];
  readonly deadRows: readonly number[];
  readonly deadColumns: readonly number[];
  readonly losses: readonly Loss[];
}

export function truthOf(
  options: StationOptions,
  wafer: SimulatedWafer,
  dieOrdinal: number,
  ledger: DamageLedger,
): DieTruth {
  const population = wafer.population(dieOrdinal);
  const state = wafer.state(dieOrdinal);
  const cells = Array.from(population.labels, (label, cell) => ({
    cell,
    label: CELL_LABELS[label],
    rP: zeroBiasOhms(options, population, cell, false),
    rAp: zeroBiasOhms(options, population, cell, true),
    delta: population.delta[cell],
    vC0: population.vC0[cell],
    offsetVolts: population.offsetVolts[cell],
    breakdownVolts: population.breakdownVolts[cell],
    antiparallel: state.antiparallel[cell] === 1,
    brokenOhms: state.brokenSiemens[cell] > 0 ? pathOhms(options, cell) + 1 / state.brokenSiemens[cell] : null,
  }));
  const losses = ledger.losses.filter((loss) => loss.dieOrdinal === dieOrdinal);
  return { die: population.die, cells, deadRows: population.deadRows, deadColumns: population.deadColumns, losses };
}

function zeroBiasOhms(options: StationOptions, population: DiePopulation, cell: number, antiparallel: boolean): number {
  if (isCutOff(population, cell)) return Number.POSITIVE_INFINITY;
  const junction = population.gP[cell] / (antiparallel ? 1 + population.tmr[cell] : 1) + population.gShunt[cell];
  return pathOhms(options, cell) + 1 / junction;
}
