import type { Segment } from '../../wafer/sweep.ts';
import { formatQuantity } from '../../wafer/units.ts';
import type { DieStatistics, Spread } from '../die-statistics.ts';
import { MIN_LOOPS, type SwitchingSummary } from '../switching-statistics.ts';
import { type Markup, markup, withSymbols } from './markup.ts';
import { fixed, integer } from './numbers.ts';

/** V_sw of both polarities with the time a step lasted: a switching voltage means nothing without it. */
export function switchingTable({ vSwitchPositive, vSwitchNegative }: DieStatistics, half: Segment | null): Markup {
  const timing =
    half === null ? '' : `${formatQuantity(half.settleSeconds, 's')} settling and ${half.nplc} NPLC per step`;
  return markup`<table>
<thead><tr><th>Quantity</th><th class="n">Median (V)</th><th class="n">Std deviation (V)</th><th class="n">Cells</th><th>Dwell</th></tr></thead>
<tbody>${row('V_sw+', vSwitchPositive, timing)}${row('V_sw−', vSwitchNegative, timing)}</tbody></table>`;
}

/** What the repeated loops say about the spread of one cell. */
export function repeatSampleNote(summary: SwitchingSummary | null): Markup {
  if (summary === null) {
    return markup`<p>No repeat sample of at least ${MIN_LOOPS} loops: the spread above is between cells and says nothing of Δ.</p>`;
  }
  const { cells, loops, sigmaVolts, delta, vC0, laws } = summary;
  const law =
    delta === null || vC0 === null
      ? 'The loops do not determine Δ and V_c0.'
      : `Thermal stability Δ = ${fixed(delta, 0)} and intrinsic V_c0 = ${fixed(vC0, 3)} V (medians of ${laws} fits; thermal law with exponent 1 and τ_0 = 1 ns).`;
  const text = `Repeat sample: ${cells} cells, at least ${loops} loops each. Spread of one cell's V_sw, staircase step and drift removed: ${fixed(1000 * sigmaVolts, 1)} mV (median). ${law}`;
  return markup`<p>${withSymbols(text)}</p>`;
}

function row(name: string, spread: Spread | null, timing: string): Markup {
  if (spread === null)
    return markup`<tr><th>${withSymbols(name)}</th><td class="n">–</td><td class="n">–</td><td class="n">0</td><td>${timing}</td></tr>`;
  return markup`<tr><th>${withSymbols(name)}</th><td class="n">${fixed(spread.median, 4)}</td><td class="n">${fixed(spread.deviation, 4)}</td><td class="n">${integer(spread.n)}</td><td>${timing}</td></tr>`;
}
