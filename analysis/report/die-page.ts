import type { CellRecord, StoredSweep } from '../../db/records.ts';
import { dieLabel } from '../../wafer/die.ts';
import { cellAt } from '../../wafer/geometry.ts';
import { valuesOf } from '../die-statistics.ts';
import type { LineFault } from '../line-causes.ts';
import { classLegend, classTable, yieldTable } from './class-table.ts';
import { defectMap } from './defect-map.ts';
import type { DieFacts } from './die-facts.ts';
import { fitTable } from './fit-table.ts';
import { resistanceHistogram } from './histogram-figure.ts';
import { keyFigures } from './key-figures.ts';
import { loopFigure } from './loop-figure.ts';
import { type Markup, type MarkupValue, markup } from './markup.ts';
import { fixed, integer, percent, time } from './numbers.ts';
import { figureBlock, reportPage, section } from './report-page.ts';
import {
  benchText,
  branchTable,
  conditionList,
  factList,
  instrumentTable,
  programmeTable,
  sessionTable,
} from './settings-tables.ts';
import { switchingFigure } from './switching-figure.ts';
import { repeatSampleNote, switchingTable } from './switching-table.ts';

/** A representative cell with its sweep of record. */
export interface ShownLoop {
  readonly cell: CellRecord;
  readonly sweep: StoredSweep;
}

export interface PageLinks {
  readonly wafer: string;
  readonly previous: { readonly file: string; readonly label: string } | null;
  readonly next: { readonly file: string; readonly label: string } | null;
}

/** The page of one die as a complete HTML text. */
export function diePage(facts: DieFacts, loops: readonly ShownLoop[], links: PageLinks, footer: string): string {
  const { wafer, die, plan } = facts;
  const { rows, columns } = wafer.geometry;
  return reportPage({
    title: `Die ${dieLabel(die)}`,
    kicker: 'Die characterisation report',
    subtitle: `Wafer ${wafer.wafer}, lot ${wafer.lot} · ${rows} × ${columns} magnetic tunnel junctions`,
    simulated: facts.simulated,
    navigation: navigation(links),
    footer,
    body: [
      keyFigures(facts.statistics),
      titleBlock(facts),
      section('Defect map', [
        figureBlock([defectMap(facts.cells, wafer.geometry), classLegend(facts.statistics.counts)], mapCaption(facts)),
      ]),
      section('Yield', [
        yieldTable(facts.statistics.shares),
        classTable(facts.statistics.counts, facts.statistics.measured, facts.statistics.all, facts.thresholds),
        remarks(facts),
      ]),
      section('Resistance', resistanceBody(facts)),
      section('Representative loops', loopsBody(facts, loops)),
      section('Switching voltage', switchingBody(facts)),
      section('Settings', [
        conditionList(plan.recipe, facts.thresholds),
        markup`<h3>Programme of a cell (recipe ${plan.recipe.name})</h3>`,
        programmeTable(plan.recipe.programme),
        branchTable(plan.recipe.programme),
        markup`<h3>Instruments</h3>`,
        instrumentTable(facts.instruments),
      ]),
      section('Provenance', [
        sessionTable(facts.sessions),
        markup`<p>Plan SHA-256 <code>${plan.planSha256}</code>. Every figure on this page follows from the sweeps of these sessions, which the wafer file keeps point by point.</p>`,
      ]),
    ],
  });
}

function navigation({ wafer, previous, next }: PageLinks): Markup {
  const link = (file: string, text: string) => markup`<a href="${file}">${text}</a>`;
  return markup`<nav>${link(wafer, 'Wafer summary')}${previous === null ? null : link(previous.file, `← Die ${previous.label}`)}${next === null ? null : link(next.file, `Die ${next.label} →`)}</nav>`;
}

function titleBlock({ wafer, die, sessions, plan, simulated }: DieFacts): Markup {
  const latest = sessions[sessions.length - 1];
  const { fields } = latest;
  return factList([
    ['Lot', wafer.lot],
    ['Wafer', wafer.wafer],
    ['Die (x, y)', `${dieLabel(die)}, ordinal ${die.ordinal}`],
    ['Measured', time(latest.startedAt)],
    ['Session', markup`<code>${latest.id}</code>`],
    ['Recipe', plan.recipe.name],
    ['Bench', benchText(plan.benchName, simulated)],
    ['Station', fields.station],
    ['Probe card', fields.probeCard],
    ['Operator', fields.operator],
    ['Purpose', fields.purpose],
    ['Notch', fields.notch],
    ['Chuck', die.chuckCelsius === null ? 'not recorded' : `${fixed(die.chuckCelsius, 1)} °C`],
    ['Touchdowns', `${die.touchdowns}`],
    ['Contact check', { true: 'passed', false: 'failed', null: 'not recorded' }[`${die.contactPassed}`]],
  ]);
}

function mapCaption({ statistics, wafer }: DieFacts): MarkupValue {
  const pairs = wafer.geometry.columnsPerEnableLine === 2 ? ' One enable line opens two adjacent columns.' : '';
  return markup`Class of every cell; one square is one cell.${pairs} ${lineText(statistics.lineFaults)}`;
}

function lineText(faults: readonly LineFault[]): string {
  if (faults.length === 0) return 'No whole row or column is open or shorted.';
  const words = faults.map(
    ({ line, index, fault, cells, ofMeasured }) =>
      `${line} ${index} is ${fault === 'open' ? 'open' : 'shorted'} (${cells} of ${ofMeasured} cells)`,
  );
  const shown = words.slice(0, 6).join(', ');
  return `Whole lines at fault: ${shown}${words.length > 6 ? `, and ${words.length - 6} more` : ''}.`;
}

function remarks({ statistics }: DieFacts): Markup[] {
  const { notSwitching, amplitudeSuspect, failedInTest, nearBoundary } = statistics;
  const notes: Markup[] = [];
  if (amplitudeSuspect) {
    notes.push(
      markup`<p class="note">${percent(notSwitching.numerator, notSwitching.denominator)} of the cells of healthy resistance (${integer(notSwitching.numerator)} of ${integer(notSwitching.denominator)}) did not switch: the amplitude or the gate voltage is probably too low. These cells are not evidence of stuck junctions.</p>`,
    );
  }
  if (failedInTest > 0) {
    notes.push(markup`<p class="note">${integer(failedInTest)} junctions broke while they were measured.</p>`);
  }
  const near =
    nearBoundary === 0
      ? 'No cell lies within the guard band of a class boundary.'
      : `${integer(nearBoundary)} ${nearBoundary === 1 ? 'cell lies' : 'cells lie'} within the guard band of a class boundary; the neighbouring class is stored.`;
  notes.push(markup`<p>${near} ${failedInTest === 0 ? 'No junction broke in the test.' : null}</p>`);
  return notes;
}

function resistanceBody({ statistics, thresholds }: DieFacts): MarkupValue {
  const { rP, rAp, tmr } = statistics;
  const figures = [
    rP === null ? null : resistanceHistogram(rP, 'P'),
    rAp === null ? null : resistanceHistogram(rAp, 'AP'),
  ];
  const filter = `Filter: cells of class healthy (switching, R_P ≥ ${thresholds.subparBelowOhms / 1000} kΩ, TMR ≥ ${thresholds.minTmr}, stable), ${integer(statistics.counts.healthy)} of ${integer(statistics.measured)} measured.`;
  const spread =
    tmr === null
      ? null
      : markup`<p>TMR of the healthy cells: median ${fixed(100 * tmr.median, 1)} %, standard deviation ${fixed(100 * tmr.deviation, 1)} % (n = ${integer(tmr.n)}), at low bias, access path included.</p>`;
  return [
    figureBlock(
      markup`<div class="side-by-side">${figures}</div>`,
      `R_P and R_AP with fitted Gaussians. ${filter} Resistances are inverse slopes of I(V) within ±50 mV, as measured, access path included. Fit by maximum likelihood within ±4 robust standard deviations.`,
    ),
    fitTable(rP, rAp),
    markup`<p>Digits in brackets are standard uncertainties of the last digits. They are statistical, widened by √(χ²/ν) where the histogram is not quite Gaussian; the gain error of the instrument is not in them.</p>`,
    spread,
  ];
}

function loopsBody({ plan, wafer }: DieFacts, loops: readonly ShownLoop[]): MarkupValue {
  if (loops.length === 0) return markup`<p>No cell of this die has a loop to show.</p>`;
  const figures = loops.map(({ cell, sweep }) => {
    const { row, column } = cellAt(wafer.geometry, cell.cell);
    return loopFigure(sweep, plan.recipe.programme, cell.class, `${cell.class} · row ${row}, column ${column}`);
  });
  return figureBlock(
    markup`<div class="three">${figures}</div>`,
    'R = V/I against column − row voltage, for each class the cell nearest to the median resistance of its class. A shorted cell gets no loop, only the check within ±50 mV.',
  );
}

function switchingBody({ cells, statistics, plan, repeatSample }: DieFacts): MarkupValue {
  const healthy = cells.filter((cell) => cell.class === 'healthy');
  const positive = valuesOf(healthy, 'vSwitchPositive');
  const negative = valuesOf(healthy, 'vSwitchNegative');
  const half = plan.recipe.programme.loop.find(({ name }) => name === 'loopToP');
  const steps = [...new Set((half?.volts ?? []).map(Math.abs))].sort((a, b) => a - b);
  if (positive.length + negative.length === 0 || steps.length < 2) return markup`<p>No healthy cell switched.</p>`;
  return [
    figureBlock(
      switchingFigure(positive, negative, steps),
      'Measured switching voltages V_sw− (left) and V_sw+ (right) of the healthy cells. One bar is one step of the staircase.',
    ),
    switchingTable(statistics, half ?? null),
    repeatSampleNote(repeatSample),
  ];
}
