import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type LayeredShape, layerColumns, layerCount, layerRows } from './batch-network.ts';
import type { LayerCells } from './cell-array.ts';

/**
 * Puts a network on a die as a crossbar would carry it: a layer's rows on row lines, its columns and their replicas on column pairs
 * side by side, layer after layer, on lines chosen so that every cell used is sound. Lines with most unsound cells are left
 * out first.
 *
 * @param sound one entry a cell
 * @throws TB_MAPPING_INVALID with the arithmetic when the network does not fit
 */
export function placeLayers(
  shape: LayeredShape,
  pairsPerWeight: number,
  geometry: CrossbarGeometry,
  sound: (cell: number) => boolean,
): LayerCells[] {
  const layers = Array.from({ length: layerCount(shape) }, (_, l) => l);
  const rowsNeeded = Math.max(...layers.map((l) => layerRows(shape, l)));
  const pairsNeeded = layers.reduce((sum, l) => sum + pairsPerWeight * layerColumns(shape, l), 0);
  const { rows, pairs } = soundLines(geometry, sound, rowsNeeded);
  if (rows.length < rowsNeeded || pairs.length < pairsNeeded || geometry.columnsPerEnableLine !== 2) {
    throw new TunnelbenchError('TB_MAPPING_INVALID', {
      thing: `network ${shape.units.join('-')} with ${pairsPerWeight} pairs a weight`,
      what: 'the die has too few lines whose cells are all sound',
      value: `${rows.length} rows and ${pairs.length} column pairs of ${geometry.rows} and ${geometry.columns / 2}`,
      expected: `${rowsNeeded} rows and ${pairsNeeded} column pairs`,
      remedy: 'Take fewer hidden units or pairs a weight, or another die.',
    });
  }
  let first = 0;
  return layers.map((l) => {
    const [height, width] = [layerRows(shape, l), layerColumns(shape, l)];
    const plus = new Uint32Array(pairsPerWeight * height * width);
    const minus = new Uint32Array(plus.length);
    for (let at = 0; at < plus.length; at++) {
      const column = at % width;
      const row = Math.floor(at / width) % height;
      const replica = Math.floor(at / (width * height));
      const pair = pairs[first + replica * width + column];
      plus[at] = rows[row] * geometry.columns + 2 * pair;
      minus[at] = plus[at] + 1;
    }
    first += pairsPerWeight * width;
    return { rows: height, columns: width, pairsPerWeight, plus, minus };
  });
}

/** Rows and column pairs that are left when the worst line is taken away until no unsound cell remains; rows while there are to spare. */
function soundLines(geometry: CrossbarGeometry, sound: (cell: number) => boolean, rowsNeeded: number) {
  const rows = new Set(Array.from({ length: geometry.rows }, (_, row) => row));
  const pairs = new Set(Array.from({ length: geometry.columns / 2 }, (_, pair) => pair));
  const isBad = (row: number, pair: number) => {
    const cell = row * geometry.columns + 2 * pair;
    return !sound(cell) || !sound(cell + 1);
  };
  for (;;) {
    const byRow = worst(rows, (row) => share([...pairs], (pair) => isBad(row, pair)));
    const byPair = worst(pairs, (pair) => share([...rows], (row) => isBad(row, pair)));
    if (byRow.share === 0) return { rows: [...rows], pairs: [...pairs] };
    if (byRow.share >= byPair.share && rows.size > rowsNeeded) rows.delete(byRow.line);
    else pairs.delete(byPair.line);
  }
}

function share(lines: readonly number[], isBad: (line: number) => boolean): number {
  return lines.length === 0 ? 0 : lines.filter(isBad).length / lines.length;
}

function worst(lines: ReadonlySet<number>, shareOf: (line: number) => number): { line: number; share: number } {
  let most = { line: -1, share: 0 };
  for (const line of lines) {
    const share = shareOf(line);
    if (share > most.share) most = { line, share };
  }
  return most;
}
