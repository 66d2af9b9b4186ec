import { randomNormal } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { DieSite } from '../../../wafer/die.ts';
import { addressedInteger, addressedUniform, DrawPurpose } from './counter-random.ts';
import type { StationOptions } from './station-options.ts';

/** Place of a die relative to the wafer's centre, in units of the outermost die's distance. */
function place(dies: readonly DieSite[], die: DieSite): { x: number; y: number } {
  const centreX = (Math.min(...dies.map(({ x }) => x)) + Math.max(...dies.map(({ x }) => x))) / 2;
  const centreY = (Math.min(...dies.map(({ y }) => y)) + Math.max(...dies.map(({ y }) => y))) / 2;
  const outermost = Math.max(...dies.map(({ x, y }) => Math.hypot(x - centreX, y - centreY)));
  const scale = outermost === 0 ? 1 : outermost;
  return { x: (die.x - centreX) / scale, y: (die.y - centreY) / scale };
}

/** 0 at the centre, 1 at the outermost die. */
export function waferRadius(dies: readonly DieSite[], die: DieSite): number {
  const { x, y } = place(dies, die);
  return Math.hypot(x, y);
}

/** Median R_P of a die relative to the wafer's: a radial bowl and a tilt of random direction, centred on 1. */
export function dieResistanceFactor({ seed, dies, population }: StationOptions, die: DieSite): number {
  const { x, y } = place(dies, die);
  const angle = 2 * Math.PI * addressedUniform(DrawPurpose.waferShape, seed);
  const radial = population.rPRadial * (x * x + y * y - 0.5);
  return Math.exp(radial + population.rPWaferTilt * (x * Math.cos(angle) + y * Math.sin(angle)));
}

/** Ordinals of the outlier dies: the first of a seeded shuffle. */
export function outlierDies({ seed, dies, population }: StationOptions): number[] {
  const key = ({ ordinal }: DieSite) => addressedUniform(DrawPurpose.dieRates, seed, ordinal, 1);
  return [...dies]
    .sort((one, other) => key(one) - key(other))
    .slice(0, population.spread.outlierDies)
    .map(({ ordinal }) => ordinal);
}

/** Factor on all defect rates of a die: log-normal, larger towards the edge, larger still on outlier dies. */
export function dieRateFactor(options: StationOptions, die: DieSite): number {
  const { seed, dies, population } = options;
  const { logSigma, outlierFactor, radialExcess } = population.spread;
  const generator = xoroshiro128plus(addressedInteger(DrawPurpose.dieRates, seed, die.ordinal, 2));
  const random = randomNormal.source(() => uniformFloat64(generator))(0, logSigma)();
  const outlier = outlierDies(options).includes(die.ordinal) ? outlierFactor : 1;
  return outlier * Math.exp(random) * (1 + radialExcess * waferRadius(dies, die) ** 2);
}
