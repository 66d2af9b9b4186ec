import type { GaussianFit } from '../gaussian-fit.ts';
import { type Markup, markup, withSymbols } from './markup.ts';
import { fixed, integer, withUncertainty } from './numbers.ts';

/** The two Gaussian fits of a die in figures. */
export function fitTable(rP: GaussianFit | null, rAp: GaussianFit | null): Markup {
  return markup`<table>
<thead><tr><th>Fit</th><th class="n">μ (kΩ)</th><th class="n">σ (kΩ)</th><th class="n">σ/μ</th><th class="n">cells</th><th class="n">outside ±4 σ</th><th class="n">χ²/ν</th></tr></thead>
<tbody>${fitRow('R_P', rP)}${fitRow('R_AP', rAp)}</tbody></table>`;
}

function fitRow(name: string, fit: GaussianFit | null): Markup {
  if (fit === null)
    return markup`<tr><th>${withSymbols(name)}</th><td colspan="6">too few healthy cells for a fit</td></tr>`;
  const { mean, meanUncertainty, sigma, sigmaUncertainty, count, outside, chiSquared, degreesOfFreedom } = fit;
  return markup`<tr><th>${withSymbols(name)}</th><td class="n">${withUncertainty(mean / 1000, meanUncertainty / 1000)}</td>
<td class="n">${withUncertainty(sigma / 1000, sigmaUncertainty / 1000)}</td><td class="n">${fixed((100 * sigma) / mean, 2)} %</td>
<td class="n">${integer(count)}</td><td class="n">${integer(outside)}</td><td class="n">${fixed(chiSquared, 1)}/${degreesOfFreedom}</td></tr>`;
}
