import { type CrossbarGeometry, columnsOf } from '../wafer/geometry.ts';
import type { LineRouter, SweepSource } from './capabilities.ts';

/** Why source and router cannot realise an access scheme on this geometry, or null when they can. */
export function accessProblem(
  scheme: 'pair' | 'single',
  source: Pick<SweepSource, 'accessSchemes'>,
  router: Pick<LineRouter, 'rows' | 'canConnect' | 'unselected' | 'exchangesHiLo'>,
  geometry: CrossbarGeometry,
): string | null {
  if (!source.accessSchemes.includes(scheme)) return `the source realises only ${source.accessSchemes.join(', ')}`;
  if (scheme === 'single') {
    const guarded = geometry.columnsPerEnableLine === 1 || router.unselected === 'guard';
    if (!guarded) return 'the neighbour column needs a guard and the router leaves unselected lines otherwise';
    // Without it the negative half would pull the column's pad below the substrate, where its diode conducts.
    return router.exchangesHiLo === true ? null : 'the router cannot exchange HI and LO for the negative half';
  }
  if (geometry.columnsPerEnableLine !== 2) return 'an enable line opens one column: there is no pair';
  for (let column = 0; column < geometry.columns; column += 2) {
    const [even, odd] = columnsOf(geometry, column / 2);
    const pair =
      router.canConnect({ kind: 'column', index: even, channel: 'columnA' }) &&
      router.canConnect({ kind: 'column', index: odd, channel: 'columnB' });
    if (!pair) return `the router has no crosspoints for columns ${even} and ${odd}`;
  }
  for (let row = 0; row < geometry.rows; row++) {
    if (!router.canConnect({ kind: 'row', index: row, channel: 'row' }))
      return `the router has no crosspoint for row ${row}`;
  }
  return null;
}
