import type { StoredSweep } from '../../db/records.ts';
import type { CellClass } from '../../wafer/cell-class.ts';
import { PointFlag } from '../../wafer/point-flags.ts';
import { type SweepProgramme, segmentsOf } from '../../wafer/sweep.ts';
import { axis, drawFigure, INNER_LABELS } from './figure.ts';
import type { Markup } from './markup.ts';
import { CLASS_INKS, INK } from './palette.ts';

const SIZE = { width: 344, height: 250 };
/** Below this |V| the quotient V/I is offset and noise. */
const MIN_VOLTS = 0.015;
const NO_VALUE = PointFlag.missing | PointFlag.overRange | PointFlag.rangeCompliance;

/** R = V/I against V of one sweep: the loop where there is one, else the low-bias points. */
export function loopFigure(sweep: StoredSweep, programme: SweepProgramme, name: CellClass, title: string): Markup {
  const points = quotients(sweep, programme);
  const kilo = points.map(([volts, ohms]) => [volts, ohms / 1000]);
  const highest = Math.max(...kilo.map(([, ohms]) => ohms));
  const lowBias = sweep.kind !== 'loop';
  const reach = lowBias ? 0.06 : 0.75;
  const inOhms = highest < 1.5;
  const data = inOhms ? points : kilo;
  return drawFigure(
    {
      title: { text: title, left: 50, top: 2, textStyle: { fontSize: 12, fontWeight: 600, color: INK } },
      grid: { left: 52, right: 12, top: 30, bottom: 44 },
      xAxis: axis('V (V)', { min: -reach, max: reach, interval: lowBias ? 0.02 : 0.25, axisLabel: INNER_LABELS }),
      yAxis: axis(inOhms ? 'R (Ω)' : 'R (kΩ)', { nameGap: 36, min: 0, splitNumber: 4 }),
      series: [
        {
          type: 'line',
          data,
          showSymbol: true,
          symbol: 'circle',
          symbolSize: 3.2,
          itemStyle: { color: CLASS_INKS[name] },
          lineStyle: { color: CLASS_INKS[name], width: lowBias ? 0 : 1.2 },
        },
      ],
    } as never,
    SIZE,
    `Resistance against voltage of a ${name} cell`,
  );
}

/** [V, R] in the order measured; the pre-read, the initialising half-cycle and the read blocks are left out. */
function quotients(sweep: StoredSweep, programme: SweepProgramme): [number, number][] {
  const { volts, amps, flags } = sweep.readings;
  const points: [number, number][] = [];
  let start = 0;
  for (const { name, volts: planned } of segmentsOf(programme, sweep.kind)) {
    const end = start + planned.length;
    const shown = sweep.kind === 'loop' ? name === 'loopToP' || name === 'loopToAp' : true;
    for (let i = start; shown && i < end; i++) {
      const usable = !(flags[i] & NO_VALUE) && Math.abs(volts[i]) >= MIN_VOLTS && amps[i] !== 0;
      if (usable) points.push([volts[i], volts[i] / amps[i]]);
    }
    start = end;
  }
  return points;
}
