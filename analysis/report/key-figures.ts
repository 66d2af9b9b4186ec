import type { DieStatistics, Spread } from '../die-statistics.ts';
import type { GaussianFit } from '../gaussian-fit.ts';
import { type Markup, markup, withSymbols } from './markup.ts';
import { fixed, integer, percent, withUncertainty } from './numbers.ts';

/** The five figures that a reader looks for first. */
export function keyFigures({
  counts,
  measured,
  rP,
  rAp,
  tmr,
  vSwitchPositive,
  vSwitchNegative,
}: DieStatistics): Markup {
  return markup`<dl class="key-figures">
${figure('Yield', percent(counts.healthy, measured), `${integer(counts.healthy)} healthy of ${integer(measured)} measured`)}
${resistance('R_P', rP)}
${resistance('R_AP', rAp)}
${figure('TMR', tmr === null ? '–' : `${fixed(100 * tmr.median, 1)} %`, 'median, healthy cells')}
${figure('V_sw+ / V_sw−', `${volts(vSwitchPositive)} / ${volts(vSwitchNegative)}`, 'medians, volts')}
</dl>`;
}

function resistance(name: string, fit: GaussianFit | null): Markup {
  if (fit === null) return figure(name, '–', 'too few healthy cells');
  const mean = withUncertainty(fit.mean / 1000, fit.meanUncertainty / 1000);
  return figure(name, `${mean} kΩ`, `fitted mean, σ ${fixed(fit.sigma / 1000, 2)} kΩ`);
}

export function figure(name: string, value: string, note: string): Markup {
  return markup`<div><dt>${withSymbols(name)}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

function volts(spread: Spread | null): string {
  return spread === null ? '–' : fixed(spread.median, 3);
}
