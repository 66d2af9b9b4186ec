import type { DieSite } from '../../wafer/die.ts';
import { dieLabel } from '../../wafer/die.ts';
import { healthyShare, type MeasuredDie } from '../wafer-statistics.ts';
import { type Markup, markup } from './markup.ts';
import { percent } from './numbers.ts';
import { INK, MUTED } from './palette.ts';

const CELL = 74;
const MARGIN = 30;

/** A die as the map shows it; `file` links to its page, null where it was not measured. */
export interface MappedDie {
  readonly die: DieSite;
  readonly measured: MeasuredDie | null;
  readonly file: string | null;
}

/** The wafer die by die: shade and figure are the share of healthy among measured cells; each die links to its page. */
export function waferMap(dies: readonly MappedDie[]): Markup {
  const [xs, ys] = [dies.map(({ die }) => die.x), dies.map(({ die }) => die.y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [across, down] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
  const shares = dies.flatMap(({ measured }) => (measured === null ? [] : [healthyShare(measured)]));
  const lowest = Math.min(...shares, 1);
  const highest = Math.max(...shares, 0);
  const width = across * CELL + 2 * MARGIN;
  const height = down * CELL + 2 * MARGIN;
  return markup`<svg class="figure" role="img" aria-label="Map of the wafer: yield of every die" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="12" fill="${INK}">
${Array.from({ length: across }, (_, i) => markup`<text x="${MARGIN + (i + 0.5) * CELL}" y="18" text-anchor="middle" fill="${MUTED}">${left + i}</text>`)}
${Array.from({ length: down }, (_, i) => markup`<text x="16" y="${MARGIN + (i + 0.5) * CELL + 4}" text-anchor="middle" fill="${MUTED}">${top + i}</text>`)}
<text x="${width / 2}" y="${height - 8}" text-anchor="middle" fill="${MUTED}">die x →, die y ↓</text>
${dies.map((entry) => dieSquare(entry, left, top, lowest, highest))}
</svg>`;
}

function dieSquare({ die, measured, file }: MappedDie, left: number, top: number, low: number, high: number): Markup {
  const x = MARGIN + (die.x - left) * CELL;
  const y = MARGIN + (die.y - top) * CELL;
  const side = CELL - 4;
  if (measured === null || file === null) {
    return markup`<g><title>Die ${dieLabel(die)}: not measured</title><rect x="${x + 2}" y="${y + 2}" width="${side}" height="${side}" fill="none" stroke="#9aa5ac" stroke-dasharray="3 3"/><text x="${x + CELL / 2}" y="${y + CELL / 2 + 4}" text-anchor="middle" fill="${MUTED}">–</text></g>`;
  }
  const share = healthyShare(measured);
  const depth = high > low ? (high - share) / (high - low) : 0;
  const { fill, ink } = shade(depth);
  const { counts, measured: all } = measured.statistics;
  const bad = all - counts.healthy;
  return markup`<a href="${file}"><title>Die ${dieLabel(die)}: ${percent(counts.healthy, all)} healthy of measured</title><rect x="${x + 2}" y="${y + 2}" width="${side}" height="${side}" fill="${fill}" stroke="${INK}" stroke-width="0.6"/>
<text x="${x + CELL / 2}" y="${y + CELL / 2 + 1}" text-anchor="middle" fill="${ink}" font-size="14" font-weight="600">${percent(counts.healthy, all).replace(' %', '')}</text>
<text x="${x + CELL / 2}" y="${y + CELL / 2 + 18}" text-anchor="middle" fill="${ink}" font-size="11">${bad} bad</text></a>`;
}

/** From nearly white (the best die) to a dark blue (the worst): one hue, so that lightness carries the order in print. */
function shade(depth: number): { fill: string; ink: string } {
  const from = [239, 244, 248];
  const to = [12, 74, 117];
  const fill = from.map((channel, i) => Math.round(channel + (to[i] - channel) * depth));
  return { fill: `rgb(${fill.join(',')})`, ink: depth > 0.5 ? '#ffffff' : INK };
}
