import type { AccessPath } from '../../../physics/access-path.ts';
import { DEFAULT_ACCESS_PATH } from '../../../physics/access-path.ts';
import { type BreakdownLaw, DEFAULT_BREAKDOWN_LAW } from '../../../physics/breakdown.ts';
import { type BiasLaw, DEFAULT_BIAS_LAW } from '../../../physics/junction-law.ts';
import type { BarrierExponent } from '../../../physics/switching.ts';
import { vC0ForMedian } from '../../../physics/switching.ts';
import { DEFAULT_DIES, type DieSite } from '../../../wafer/die.ts';
import { type CrossbarGeometry, crossbarGeometry, DEFAULT_GEOMETRY } from '../../../wafer/geometry.ts';

/** Mean rates of injected defects per cell on a median die. */
export interface DefectRates {
  readonly shorted: number;
  readonly subpar: number;
  readonly weakLowTmr: number;
  readonly weakTelegraph: number;
  readonly weakBackHopping: number;
  readonly open: number;
  readonly stuckP: number;
  readonly stuckAp: number;
  /** Whole lines and clusters, expected number per median die. */
  readonly deadRowsPerDie: number;
  readonly deadColumnsPerDie: number;
  readonly clustersPerDie: number;
}

/** How the rates vary from die to die. */
export interface DefectSpread {
  /** σ of ln(rate) between dies. */
  readonly logSigma: number;
  /** Number of outlier dies and the factor on all their rates. */
  readonly outlierDies: number;
  readonly outlierFactor: number;
  /** Rates grow as 1 + excess · (r/R)² from the wafer's centre to its edge. */
  readonly radialExcess: number;
}

/** The early-breakdown tail: a second population of junctions whose V_BD is lower by a uniform draw. */
export interface EarlyBreakdown {
  readonly fraction: number;
  readonly lowerByVolts: readonly [number, number];
}

export const EARLY_BREAKDOWN_TAIL: EarlyBreakdown = { fraction: 0.03, lowerByVolts: [0.3, 0.8] };

export interface PopulationParameters {
  /** Medians of a healthy cell as measured at zero bias, access path included, ohms. */
  readonly rP: number;
  readonly rAp: number;
  /** σ of ln R_P: random part within a die; radial and tilt amplitude over the wafer; tilt within a die. */
  readonly rPLogSigma: number;
  readonly rPRadial: number;
  readonly rPWaferTilt: number;
  readonly rPDieTilt: number;
  /** σ/mean of the healthy cells' TMR. */
  readonly tmrSigma: number;
  readonly delta: number;
  readonly deltaSigma: number;
  readonly vC0: number;
  readonly vC0Sigma: number;
  /** Stray-field offset of both switching voltages, volts. */
  readonly offsetVolts: number;
  readonly offsetSigmaVolts: number;
  readonly breakdownVolts: number;
  readonly breakdownSigma: number;
  readonly rates: DefectRates;
  readonly spread: DefectSpread;
}

export type StartState = 'P' | 'AP' | 'random';

export interface StationOptions {
  readonly seed: number;
  readonly geometry: CrossbarGeometry;
  readonly dies: readonly DieSite[];
  readonly startState: StartState;
  /** Sign of column − row that takes a cell from AP to P. */
  readonly apToP: 'positive' | 'negative';
  readonly earlyBreakdown: EarlyBreakdown | null;
  /** Junction voltage above which the ledger books a violation. */
  readonly ceilingVolts: number;
  readonly barrierExponent: BarrierExponent;
  readonly biasLaw: BiasLaw;
  readonly breakdownLaw: BreakdownLaw;
  readonly accessPath: AccessPath;
  readonly chuckCelsius: number;
  /** A resistor on the probe card between the first row and the first column line that the die does not use, or null. */
  readonly referenceOhms: number | null;
  readonly population: PopulationParameters;
}

/** Dwell of one point of the default recipe: 0.1 ms of settling and 0.01 power line cycles at 50 Hz. */
export const DEFAULT_DWELL_SECONDS = 3e-4;
export const DEFAULT_STEP_VOLTS = 0.025;
const DEFAULT_DELTA = 60;

export const DEFAULT_POPULATION: PopulationParameters = {
  rP: 18_000,
  rAp: 40_000,
  rPLogSigma: 0.046,
  rPRadial: 0.03,
  rPWaferTilt: 0.01,
  rPDieTilt: 0.01,
  tmrSigma: 0.02,
  delta: DEFAULT_DELTA,
  deltaSigma: 0.1,
  // About 0.64 V: chosen so that the median switching voltage of the default staircase is 0.50 V.
  vC0: vC0ForMedian(0.5, DEFAULT_STEP_VOLTS, DEFAULT_DWELL_SECONDS, DEFAULT_DELTA),
  vC0Sigma: 0.04,
  offsetVolts: 0.015,
  offsetSigmaVolts: 0.008,
  breakdownVolts: 1.5,
  breakdownSigma: 0.04,
  rates: {
    shorted: 5e-4,
    subpar: 4e-4,
    weakLowTmr: 2e-4,
    weakTelegraph: 1e-4,
    weakBackHopping: 1e-4,
    open: 2e-4,
    stuckP: 1e-4,
    stuckAp: 1e-4,
    deadRowsPerDie: 0.15,
    deadColumnsPerDie: 0.15,
    clustersPerDie: 0.3,
  },
  spread: { logSigma: 0.6, outlierDies: 3, outlierFactor: 8, radialExcess: 0.6 },
};

/** What a caller may say; everything else has its default. `earlyBreakdown: true` means EARLY_BREAKDOWN_TAIL. */
export interface StationSettings extends Partial<Omit<StationOptions, 'earlyBreakdown' | 'population'>> {
  readonly earlyBreakdown?: boolean | EarlyBreakdown | null;
  readonly population?: Partial<PopulationParameters>;
}

export function stationOptions(settings: StationSettings): StationOptions {
  const { earlyBreakdown, population, geometry } = settings;
  return {
    seed: 1,
    dies: DEFAULT_DIES,
    startState: 'random',
    apToP: 'positive',
    ceilingVolts: 0.8,
    barrierExponent: 1,
    biasLaw: DEFAULT_BIAS_LAW,
    breakdownLaw: DEFAULT_BREAKDOWN_LAW,
    accessPath: DEFAULT_ACCESS_PATH,
    chuckCelsius: 25,
    referenceOhms: null,
    ...settings,
    geometry: crossbarGeometry(geometry ?? DEFAULT_GEOMETRY),
    earlyBreakdown: earlyBreakdown === true ? EARLY_BREAKDOWN_TAIL : earlyBreakdown || null,
    population: { ...DEFAULT_POPULATION, ...population },
  };
}
