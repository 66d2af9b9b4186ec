import { type CrossbarGeometry, columnsOf } from '../wafer/geometry.ts';
import type { LineKind, LineRouter, RouteChannel, SweepSource } from './capabilities.ts';

type Routes = Pick<LineRouter, 'canConnect' | 'unselected'>;

/** Why source and router cannot realise an access scheme on this geometry, or null when they can. */
export function accessProblem(
  scheme: 'pair' | 'single',
  source: Pick<SweepSource, 'accessSchemes'>,
  router: Routes,
  geometry: CrossbarGeometry,
): string | null {
  if (!source.accessSchemes.includes(scheme)) return `the source realises only ${source.accessSchemes.join(', ')}`;
  if (router.unselected !== 'float') return `the router does not let unselected lines float`;
  return scheme === 'single' ? singleProblem(router, geometry) : pairProblem(router, geometry);
}

function pairProblem(router: Routes, geometry: CrossbarGeometry): string | null {
  if (geometry.columnsPerEnableLine !== 2) return 'an enable line opens one column: there is no pair';
  for (let column = 0; column < geometry.columns; column += 2) {
    const [even, odd] = columnsOf(geometry, column / 2);
    const pair =
      router.canConnect({ kind: 'column', index: even, channel: 'columnA' }) &&
      router.canConnect({ kind: 'column', index: odd, channel: 'columnB' });
    if (!pair) return `the router has no crosspoints for columns ${even} and ${odd}`;
  }
  return lineWithout(router, 'row', geometry.rows, 'row');
}

/** HI and LO must reach every line, because they change places for the negative half; the neighbour needs the guard. */
function singleProblem(router: Routes, { rows, columns, columnsPerEnableLine }: CrossbarGeometry): string | null {
  const needs: [LineKind, number, RouteChannel, string][] = [
    ['column', columns, 'columnA', ''],
    ['row', rows, 'row', ''],
    // Without it the negative half would pull the column's pad below the substrate, where its diode conducts.
    ['column', columns, 'row', 'the router cannot exchange HI and LO for the negative half'],
    ['row', rows, 'columnA', 'the router cannot exchange HI and LO for the negative half'],
  ];
  if (columnsPerEnableLine === 2) {
    needs.push(['column', columns, 'guard', 'the neighbour column needs a guard and the router has none']);
  }
  for (const [kind, count, channel, meaning] of needs) {
    const missing = lineWithout(router, kind, count, channel);
    if (missing !== null) return meaning === '' ? missing : `${meaning}: ${missing}`;
  }
  return null;
}

/** The first line without a crosspoint on a channel, in words. */
function lineWithout(router: Routes, kind: LineKind, count: number, channel: RouteChannel): string | null {
  for (let index = 0; index < count; index++) {
    if (!router.canConnect({ kind, index, channel })) return `no crosspoint for ${kind} ${index} on ${channel}`;
  }
  return null;
}
