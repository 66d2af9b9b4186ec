import { CELL_CLASSES, type CellClass, type ClassThresholds } from '../../wafer/cell-class.ts';
import { formatQuantity } from '../../wafer/units.ts';
import type { Share } from '../die-statistics.ts';
import { type Markup, markup, withSymbols } from './markup.ts';
import { integer, percent } from './numbers.ts';
import { CLASS_COLOURS } from './palette.ts';

export function swatch(name: CellClass): Markup {
  return markup`<span class="swatch" style="background:${CLASS_COLOURS[name]}"></span>`;
}

/** Counts per class with both denominators named in the heading. */
export function classTable(
  counts: Readonly<Record<CellClass, number>>,
  measured: number,
  all: number,
  thresholds: ClassThresholds,
): Markup {
  const rules = classRules(thresholds);
  return markup`<table>
<thead><tr><th>Class</th><th class="n">Cells</th><th class="n">of ${integer(measured)} measured</th><th class="n">of all ${integer(all)}</th><th>Rule</th></tr></thead>
<tbody>${CELL_CLASSES.map(
    (name) => markup`<tr><th>${swatch(name)}${name}</th><td class="n">${integer(counts[name])}</td>
<td class="n">${name === 'unmeasured' ? '–' : percent(counts[name], measured)}</td><td class="n">${percent(counts[name], all)}</td><td>${withSymbols(rules[name])}</td></tr>`,
  )}
<tr class="total"><th>all cells</th><td class="n">${integer(all)}</td><td class="n">–</td><td class="n">100.00 %</td><td></td></tr>
</tbody></table>`;
}

/** Yields, each with what it counts and what it is a share of. */
export function yieldTable(shares: readonly Share[]): Markup {
  return markup`<table>
<thead><tr><th>Yield</th><th class="n">Cells</th><th>of</th><th class="n">Denominator</th><th class="n">Share</th></tr></thead>
<tbody>${shares.map(
    ({ name, of, numerator, denominator }) =>
      markup`<tr><th>${name}</th><td class="n">${integer(numerator)}</td><td>${of}</td><td class="n">${integer(denominator)}</td><td class="n">${percent(numerator, denominator)}</td></tr>`,
  )}</tbody></table>`;
}

/** The legend of a map: every class that occurs, with its count. */
export function classLegend(counts: Readonly<Record<CellClass, number>>): Markup {
  const present = CELL_CLASSES.filter((name) => counts[name] > 0);
  return markup`<ul class="legend">${present.map((name) => markup`<li>${swatch(name)}${name} ${integer(counts[name])}</li>`)}</ul>`;
}

function classRules(thresholds: ClassThresholds): Record<CellClass, string> {
  const short = formatQuantity(thresholds.shortedBelowOhms, 'Ω');
  const subpar = formatQuantity(thresholds.subparBelowOhms, 'Ω');
  const open = formatQuantity(thresholds.openAboveOhms, 'Ω');
  return {
    healthy: `switches, R_P ≥ ${subpar}, TMR ≥ ${thresholds.minTmr}, stable`,
    weak: `switches, R_P ≥ ${subpar}, TMR below ${thresholds.minTmr} or unstable`,
    subpar: `switches, R_P < ${subpar}`,
    shorted: `does not switch, R < ${short}`,
    stuck: `does not switch at full amplitude, ${short} to ${open}`,
    open: `R > ${open}`,
    undetermined: 'in compliance, amplitude not reached, or contradictory',
    unmeasured: 'no sweep',
  };
}
