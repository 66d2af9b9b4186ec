import { randomNormal, randomUniform } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { wholePathOhms } from '../../../physics/access-path.ts';
import type { DieSite } from '../../../wafer/die.ts';
import { cellCount } from '../../../wafer/geometry.ts';
import { addressedInteger, DrawPurpose } from './counter-random.ts';
import { injectDefects } from './defect-injection.ts';
import type { DiePopulation } from './die-population.ts';
import type { StationOptions } from './station-options.ts';
import { dieResistanceFactor } from './wafer-pattern.ts';

/** Draws a die. Depends on the seed and the die alone, never on what was drawn or measured before. */
export function makeDiePopulation(options: StationOptions, die: DieSite): DiePopulation {
  const { geometry, population, seed } = options;
  const generator = xoroshiro128plus(addressedInteger(DrawPurpose.population, seed, die.ordinal));
  const source = () => uniformFloat64(generator);
  const normal = randomNormal.source(source)(0, 1);
  const cells = cellCount(geometry);
  const made: DiePopulation = {
    die,
    labels: new Uint8Array(cells),
    gP: new Float64Array(cells),
    tmr: new Float64Array(cells),
    gShunt: new Float64Array(cells),
    delta: new Float32Array(cells),
    vC0: new Float32Array(cells),
    offsetVolts: new Float32Array(cells),
    breakdownVolts: new Float32Array(cells),
    telegraphDepth: new Float32Array(cells),
    hopAboveVolts: new Float32Array(cells),
    deadRows: [],
    deadColumns: [],
  };
  const level = dieResistanceFactor(options, die);
  const tiltAngle = randomUniform.source(source)(0, 2 * Math.PI)();
  const tmrMedian = population.rAp / population.rP - 1;
  for (let cell = 0; cell < cells; cell++) {
    const row = Math.floor(cell / geometry.columns);
    const column = cell % geometry.columns;
    const along = (column / geometry.columns - 0.5) * Math.cos(tiltAngle);
    const across = (row / geometry.rows - 0.5) * Math.sin(tiltAngle);
    const tilt = population.rPDieTilt * 2 * (along + across);
    const measured = population.rP * level * Math.exp(population.rPLogSigma * normal() + tilt);
    const path = wholePathOhms(options.accessPath, row, column);
    const measuredAp = measured * (1 + tmrMedian * (1 + population.tmrSigma * clipped(normal(), 5)));
    made.gP[cell] = 1 / (measured - path);
    made.tmr[cell] = (measuredAp - measured) / (measured - path);
    made.delta[cell] = population.delta * (1 + population.deltaSigma * clipped(normal(), 3));
    made.vC0[cell] = population.vC0 * (1 + population.vC0Sigma * clipped(normal(), 5));
    // Stray fields of neighbouring layers stay within the ±50 mV seen on such stacks.
    const offset = population.offsetVolts + population.offsetSigmaVolts * normal();
    made.offsetVolts[cell] = Math.max(-0.05, Math.min(0.05, offset));
    made.breakdownVolts[cell] = breakdownDraw(options, normal, source);
  }
  return injectDefects(options, made, source);
}

/** The tail's two draws are always taken, so that switching it on leaves everything else as it was. */
function breakdownDraw(options: StationOptions, normal: () => number, source: () => number): number {
  const { breakdownVolts, breakdownSigma } = options.population;
  const intrinsic = breakdownVolts * (1 + breakdownSigma * clipped(normal(), 5));
  const chosen = source();
  const depth = source();
  const early = options.earlyBreakdown;
  if (early === null || chosen >= early.fraction) return intrinsic;
  const [least, most] = early.lowerByVolts;
  return intrinsic - least - (most - least) * depth;
}

function clipped(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}
