import { dieLoops } from '../analysis/die-loops.ts';
import { type DieSwitching, fitDieSwitching, type Interval } from '../analysis/die-switching.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import type { SwitchingOfDie } from '../training/in-situ/cell-switching.ts';

/** The thermal law of a measured die from all its loops. TB_ANALYSIS_NO_DATA without repeated loops. */
export function fitMeasuredDie(file: string, dieOrdinal: number, exponent: 1 | 2): DieSwitching {
  const reader = WaferReader.open(file);
  try {
    return fitDieSwitching(dieLoops(reader, dieOrdinal), exponent);
  } finally {
    reader.close();
  }
}

/** As training needs it. */
export function switchingOfDie({ exponent, delta, vC0, offsetVolts, junctions }: DieSwitching): SwitchingOfDie {
  const median = { delta: delta.median.value, vC0: vC0.median.value, offsetVolts: offsetVolts.mean.value };
  return { exponent, median, junctions };
}

/** The law with its intervals, a line for each quantity. */
export function switchingText({ exponent, cells, loops, delta, vC0, offsetVolts }: DieSwitching): string {
  const range = ({ low, high }: Interval, digits: number, scale = 1) =>
    `(${(scale * low).toFixed(digits)} to ${(scale * high).toFixed(digits)})`;
  const spread = (sigma: Interval) => `σ ${(100 * sigma.value).toFixed(1)} % ${range(sigma, 1, 100)}`;
  return [
    `switching law fitted to ${loops} transitions of ${cells} cells (b = ${exponent}, τ0 = 1 ns, 95 % intervals):`,
    `  Δ ${delta.median.value.toFixed(1)} ${range(delta.median, 1)}, ${spread(delta.sigma)}`,
    `  V_c0 ${vC0.median.value.toFixed(3)} V ${range(vC0.median, 3)}, ${spread(vC0.sigma)}`,
    `  offset ${(1e3 * offsetVolts.mean.value).toFixed(1)} mV ${range(offsetVolts.mean, 1, 1e3)}, σ ${(1e3 * offsetVolts.sigma.value).toFixed(1)} mV ${range(offsetVolts.sigma, 1, 1e3)}`,
  ].join('\n');
}
