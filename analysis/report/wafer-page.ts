import type { SessionRecord, WaferRecord } from '../../db/records.ts';
import type { ClassThresholds } from '../../wafer/cell-class.ts';
import { dieLabel } from '../../wafer/die.ts';
import { cellCount } from '../../wafer/geometry.ts';
import { type BetweenDies, badCells, type MeasuredDie, type WaferStatistics } from '../wafer-statistics.ts';
import { classTable, yieldTable } from './class-table.ts';
import { gaussiansFigure } from './gaussians-figure.ts';
import { figure } from './key-figures.ts';
import { type Markup, markup } from './markup.ts';
import { fixed, integer, percent, time, withUncertainty } from './numbers.ts';
import { figureBlock, reportPage, section } from './report-page.ts';
import { benchText, factList, sessionTable } from './settings-tables.ts';
import { type MappedDie, waferMap } from './wafer-map.ts';

/** Everything the wafer's page says. */
export interface WaferFacts {
  readonly wafer: WaferRecord;
  readonly sessions: readonly SessionRecord[];
  readonly recipe: string;
  readonly planSha256: string;
  readonly benchName: string;
  readonly thresholds: ClassThresholds;
  readonly dies: readonly MeasuredDie[];
  readonly map: readonly MappedDie[];
  readonly statistics: WaferStatistics;
  readonly firstPass: number;
  readonly simulated: boolean;
}

/** The summary page of a wafer as a complete HTML text. */
export function waferPage(facts: WaferFacts, footer: string): string {
  const { wafer, statistics } = facts;
  const { rows, columns } = wafer.geometry;
  return reportPage({
    title: `Wafer ${wafer.wafer}`,
    kicker: 'Wafer characterisation report',
    subtitle: `Lot ${wafer.lot} · ${statistics.diesMeasured} of ${statistics.diesPlanned} dies measured, ${rows} × ${columns} magnetic tunnel junctions each`,
    simulated: facts.simulated,
    navigation: null,
    footer,
    body: [
      keyFigures(facts),
      titleBlock(facts),
      section('Wafer map', [
        markup`<div class="side-by-side">${figureBlock(
          waferMap(facts.map),
          'Healthy cells in per cent of the measured cells of each die, and the number of measured cells that are not healthy. Dies not measured are dashed. Every die links to its page.',
        )}<div>${zoneTable(statistics)}${worstTable(facts)}</div></div>`,
      ]),
      section('Yield', [yieldTable(waferShares(facts)), classes(facts)]),
      section('Resistance of all dies', gaussians(facts)),
      section('Dies', dieTable(facts)),
      section('Provenance', [
        sessionTable(facts.sessions),
        markup`<p>Plan SHA-256 <code>${facts.planSha256}</code>. Wafer id <code>${wafer.id}</code>.</p>`,
      ]),
    ],
  });
}

function keyFigures({ statistics }: WaferFacts): Markup {
  const { counts, measured, rP, rAp, diesMeasured, diesPlanned, outliers } = statistics;
  const mean = (between: BetweenDies | null) => (between === null ? '–' : `${fixed(between.mean / 1000, 2)} kΩ`);
  const note = (between: BetweenDies | null) =>
    between === null
      ? 'no fit'
      : `mean of ${between.dies} dies, σ between dies ${fixed(between.deviation / 1000, 2)} kΩ`;
  return markup`<dl class="key-figures">
${figure('Yield', percent(counts.healthy, measured), `${integer(counts.healthy)} healthy of ${integer(measured)} measured`)}
${figure('R_P', mean(rP), note(rP))}
${figure('R_AP', mean(rAp), note(rAp))}
${figure('Dies measured', `${diesMeasured} of ${diesPlanned}`, 'dies of the wafer')}
${figure('Outlier dies', `${outliers.length}`, `${integer(statistics.outlierFrom)} bad cells or more`)}
</dl>`;
}

function titleBlock({ wafer, sessions, recipe, benchName, simulated }: WaferFacts): Markup {
  const first = sessions[0];
  const latest = sessions[sessions.length - 1];
  const { fields } = latest;
  return factList([
    ['Lot', wafer.lot],
    ['Wafer', wafer.wafer],
    ['Notch', fields.notch],
    ['First session', time(first.startedAt)],
    ['Last ended', latest.endedAt === null ? 'not ended' : time(latest.endedAt)],
    ['Sessions', `${sessions.length}`],
    ['Recipe', recipe],
    ['Bench', benchText(benchName, simulated)],
    ['Station', fields.station],
    ['Probe card', fields.probeCard],
    ['Operator', fields.operator],
    ['Purpose', fields.purpose],
  ]);
}

function waferShares({ statistics, firstPass }: WaferFacts) {
  const { counts, measured, all } = statistics;
  const share = (name: string, of: 'measured cells' | 'all cells', numerator: number) => ({
    name,
    of,
    numerator,
    denominator: of === 'all cells' ? all : measured,
  });
  return [
    share('healthy', 'measured cells', counts.healthy),
    share('healthy', 'all cells', counts.healthy),
    share('healthy at the first pass', 'measured cells', firstPass),
    share('switching (healthy, weak, subpar)', 'measured cells', counts.healthy + counts.weak + counts.subpar),
  ];
}

function classes({ statistics, thresholds }: WaferFacts): Markup {
  return classTable(statistics.counts, statistics.measured, statistics.all, thresholds);
}

function gaussians({ dies, thresholds, statistics }: WaferFacts): Markup {
  const filter = `Filter: cells of class healthy (switching, R_P ≥ ${thresholds.subparBelowOhms / 1000} kΩ, TMR ≥ ${thresholds.minTmr}, stable), ${integer(statistics.counts.healthy)} of ${integer(statistics.measured)} measured cells.`;
  return figureBlock(
    gaussiansFigure(dies),
    `Gaussians fitted to the R_P (left, blue) and R_AP (right, brown) histograms of each die, scaled to unit area. ${filter}`,
  );
}

function zoneTable({ zones, outlierFrom }: WaferStatistics): Markup {
  return markup`<h3>By distance from the centre</h3><table>
<thead><tr><th>Zone</th><th class="n">Dies</th><th class="n">Healthy of measured</th><th class="n">R<sub>P</sub> (kΩ)</th></tr></thead>
<tbody>${zones.map(
    ({ name, from, to, dies, measured, healthy, rP }) =>
      markup`<tr><th>${name} (${fixed(from, 2)}–${fixed(to, 2)} R)</th><td class="n">${dies}</td><td class="n">${percent(healthy, measured)}</td><td class="n">${rP === null ? '–' : fixed(rP / 1000, 3)}</td></tr>`,
  )}</tbody></table>
<p>R: distance of the outermost die. A die is an outlier from ${integer(outlierFrom)} bad cells on (median + 3 × 1.4826 × median absolute deviation over the measured dies).</p>`;
}

function worstTable({ statistics, map }: WaferFacts): Markup {
  return markup`<h3>Worst dies</h3><table>
<thead><tr><th>Die</th><th class="n">Healthy of measured</th><th class="n">Bad cells</th><th>Lines at fault</th></tr></thead>
<tbody>${statistics.worst.map((die) => {
    const { statistics: own } = die;
    return markup`<tr><th>${dieLink(die, map)}</th><td class="n">${percent(own.counts.healthy, own.measured)}</td><td class="n">${integer(badCells(die))}</td><td>${own.lineFaults.length === 0 ? '–' : own.lineFaults.length}</td></tr>`;
  })}</tbody></table>`;
}

function dieTable({ dies, map, wafer }: WaferFacts): Markup {
  const all = cellCount(wafer.geometry);
  return markup`<table class="long">
<thead><tr><th>Die</th><th class="n">Measured</th><th class="n">Healthy of measured</th><th class="n">Weak</th><th class="n">Subpar</th><th class="n">Shorted</th><th class="n">Stuck</th><th class="n">Open</th><th class="n">R<sub>P</sub> (kΩ)</th><th class="n">σ (kΩ)</th><th class="n">R<sub>AP</sub> (kΩ)</th><th class="n">σ (kΩ)</th></tr></thead>
<tbody>${dies.map((die) => {
    const { counts, measured, rP, rAp } = die.statistics;
    return markup`<tr><th>${dieLink(die, map)}</th><td class="n">${measured === all ? integer(measured) : `${integer(measured)} of ${integer(all)}`}</td><td class="n">${percent(counts.healthy, measured)}</td>
${[counts.weak, counts.subpar, counts.shorted, counts.stuck, counts.open].map((count) => markup`<td class="n">${integer(count)}</td>`)}
${[rP, rAp].map((fit) =>
  fit === null
    ? markup`<td class="n">–</td><td class="n">–</td>`
    : markup`<td class="n">${withUncertainty(fit.mean / 1000, fit.meanUncertainty / 1000)}</td><td class="n">${withUncertainty(fit.sigma / 1000, fit.sigmaUncertainty / 1000)}</td>`,
)}</tr>`;
  })}</tbody></table>`;
}

function dieLink({ die }: MeasuredDie, map: readonly MappedDie[]): Markup {
  const file = map.find((entry) => entry.die.ordinal === die.ordinal)?.file ?? null;
  return file === null ? markup`${dieLabel(die)}` : markup`<a href="${file}">${dieLabel(die)}</a>`;
}
