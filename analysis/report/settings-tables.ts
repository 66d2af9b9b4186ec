import type { InstrumentRecord, SessionRecord } from '../../db/records.ts';
import type { ClassThresholds } from '../../wafer/cell-class.ts';
import type { Recipe } from '../../wafer/recipe.ts';
import type { Segment, SweepProgramme } from '../../wafer/sweep.ts';
import { formatQuantity } from '../../wafer/units.ts';
import { type Markup, type MarkupValue, markup } from './markup.ts';
import { fixed, time } from './numbers.ts';

/** Every segment of the programme as it was loaded. */
export function programmeTable(programme: SweepProgramme): Markup {
  const segments = [programme.preRead, programme.lowBias, ...programme.loop];
  return markup`<table>
<thead><tr><th>Segment</th><th class="n">Points</th><th class="n">from (V)</th><th class="n">to (V)</th><th class="n">NPLC</th><th class="n">Settling</th><th>Range, limit</th></tr></thead>
<tbody>${segments.map(segmentRow)}</tbody></table>`;
}

function segmentRow({ name, volts, nplc, settleSeconds, fixed: range }: Segment): Markup {
  const text =
    range === null
      ? 'by branch of the pre-read'
      : `${formatQuantity(range.rangeAmps, 'A')}, ${formatQuantity(range.limitAmps, 'A')}`;
  return markup`<tr><th>${name}</th><td class="n">${volts.length}</td><td class="n">${fixed(Math.min(...volts), 3)}</td>
<td class="n">${fixed(Math.max(...volts), 3)}</td><td class="n">${nplc}</td><td class="n">${formatQuantity(settleSeconds, 's')}</td><td>${text}</td></tr>`;
}

export function branchTable(programme: SweepProgramme): Markup {
  const words = { lowBiasOnly: 'linearity check only', loop: 'loop', open: 'open, pre-read repeated' } as const;
  return markup`<table>
<thead><tr><th class="n">Pre-read below</th><th>Then</th><th class="n">Range</th><th class="n">Limit</th></tr></thead>
<tbody>${programme.branches.map(
    ({ belowOhms, action, range }) =>
      markup`<tr><td class="n">${Number.isFinite(belowOhms) ? formatQuantity(belowOhms, 'Ω') : 'else'}</td><td>${words[action]}</td>
<td class="n">${range === null ? '–' : formatQuantity(range.rangeAmps, 'A')}</td><td class="n">${range === null ? '–' : formatQuantity(range.limitAmps, 'A')}</td></tr>`,
  )}</tbody></table>`;
}

export function conditionList(recipe: Recipe, thresholds: ClassThresholds): Markup {
  const { environment, limits, enable, supplies } = recipe;
  return factList([
    ['Access', recipe.access],
    ['AP→P', `${recipe.apToP} column − row`],
    ['Ceiling', `${formatQuantity(limits.junctionVolts, 'V')} per junction`],
    ['Gate', formatQuantity(enable.volts, 'V')],
    ['VDD', `${formatQuantity(supplies.vddVolts, 'V')}, limit ${formatQuantity(supplies.limitAmps, 'A')}`],
    ['Pads', `${fixed(limits.padVolts.min, 1)} V to ${fixed(limits.padVolts.max, 1)} V`],
    ['Field', `${environment.fieldMilliTesla} mT (${environment.fieldMeasured ? 'measured' : 'not measured'})`],
    ['Chuck', `planned ${environment.chuckCelsius} ± ${environment.toleranceCelsius} °C`],
    ['Shorted below', formatQuantity(thresholds.shortedBelowOhms, 'Ω')],
    ['Subpar below', formatQuantity(thresholds.subparBelowOhms, 'Ω')],
    ['Open above', formatQuantity(thresholds.openAboveOhms, 'Ω')],
    ['Minimum TMR', `${thresholds.minTmr}; guard band ${thresholds.guardSigmas} u`],
  ]);
}

export function instrumentTable(instruments: readonly InstrumentRecord[]): Markup {
  if (instruments.length === 0) return markup`<p>The session recorded no instrument identities.</p>`;
  return markup`<table>
<thead><tr><th>Instrument</th><th>Vendor, model</th><th>Serial</th><th>Firmware</th><th>Driver</th><th>Resource</th></tr></thead>
<tbody>${instruments.map(
    ({ name, vendor, model, serial, firmware, driver, resource }) =>
      markup`<tr><th>${name}</th><td>${vendor}, ${model}</td><td>${serial}</td><td>${firmware}</td><td>${driver}</td><td><code>${resource}</code></td></tr>`,
  )}</tbody></table>`;
}

export function sessionTable(sessions: readonly SessionRecord[]): Markup {
  return markup`<table>
<thead><tr><th>Session</th><th>Started</th><th>Ended</th><th>Ending</th><th>Software</th></tr></thead>
<tbody>${sessions.map(
    ({ id, startedAt, endedAt, end, softwareVersion }) =>
      markup`<tr><th><code>${id}</code></th><td>${time(startedAt)}</td><td>${endedAt === null ? '–' : time(endedAt)}</td><td>${end ?? 'not ended'}</td><td>${softwareVersion}</td></tr>`,
  )}</tbody></table>`;
}

/** The bench's name, and that it is simulated where the name does not say so. */
export function benchText(name: string, simulated: boolean): string {
  return simulated && !/simulated/i.test(name) ? `${name} (simulated)` : name;
}

/** Name and value pairs in three columns. */
export function factList(facts: readonly (readonly [string, MarkupValue])[]): Markup {
  return markup`<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
