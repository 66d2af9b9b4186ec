import { encode } from 'fast-png';
import type { CellRecord } from '../../db/records.ts';
import { CELL_CLASSES, classCode } from '../../wafer/cell-class.ts';
import { type CrossbarGeometry, cellCount } from '../../wafer/geometry.ts';
import { type Markup, markup } from './markup.ts';
import { CLASS_COLOURS, INK, MUTED } from './palette.ts';

const MARGIN = { left: 44, right: 8, top: 44, bottom: 44 };
const WIDTH = 1060;

/** The die cell by cell, one square of whole pixels each, with row, column and enable-line axes. */
export function defectMap(cells: readonly CellRecord[], geometry: CrossbarGeometry): Markup {
  const { rows, columns } = geometry;
  const scale = Math.max(1, Math.floor((WIDTH - MARGIN.left - MARGIN.right) / columns));
  const [mapWidth, mapHeight] = [columns * scale, rows * scale];
  const width = mapWidth + MARGIN.left + MARGIN.right;
  const height = mapHeight + MARGIN.top + MARGIN.bottom;
  const uri = `data:image/png;base64,${Buffer.from(mapPng(cells, geometry, scale)).toString('base64')}`;
  const x = (column: number) => MARGIN.left + column * scale;
  const y = (row: number) => MARGIN.top + row * scale;
  const perEnable = geometry.columnsPerEnableLine;
  return markup`<svg class="figure" role="img" aria-label="Map of the classes of all cells" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="11" fill="${INK}">
<image href="${uri}" x="${MARGIN.left}" y="${MARGIN.top}" width="${mapWidth}" height="${mapHeight}" style="image-rendering:pixelated"/>
<rect x="${MARGIN.left - 0.5}" y="${MARGIN.top - 0.5}" width="${mapWidth + 1}" height="${mapHeight + 1}" fill="none" stroke="${INK}"/>
${ticks(columns).map((column) => tick(x(column + 0.5), MARGIN.top + mapHeight, 'below', `${column}`))}
${ticks(columns / perEnable).map((line) => tick(x((line + 0.5) * perEnable), MARGIN.top, 'above', `${line}`))}
${ticks(rows).map((row) => tick(MARGIN.left, y(row + 0.5), 'left', `${row}`))}
<text x="${MARGIN.left + mapWidth / 2}" y="${height - 6}" text-anchor="middle" fill="${MUTED}" font-size="12">column line</text>
<text x="${MARGIN.left + mapWidth / 2}" y="14" text-anchor="middle" fill="${MUTED}" font-size="12">enable line</text>
<text transform="translate(12 ${MARGIN.top + mapHeight / 2}) rotate(-90)" text-anchor="middle" fill="${MUTED}" font-size="12">row line</text>
</svg>`;
}

/** The map as a PNG with `scale` pixels per cell; cells without a record are unmeasured. */
export function mapPng(cells: readonly CellRecord[], geometry: CrossbarGeometry, scale: number): Uint8Array {
  const codes = new Uint8Array(cellCount(geometry)).fill(classCode('unmeasured'));
  for (const { cell, class: name } of cells) codes[cell] = classCode(name);
  const palette = CELL_CLASSES.map((name) => channels(CLASS_COLOURS[name]));
  const [width, height] = [geometry.columns * scale, geometry.rows * scale];
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < geometry.rows; row++) {
    const start = row * scale * width * 3;
    // One line of pixels is drawn, the other lines of the row are copies of it.
    for (let x = 0; x < width; x++) {
      const [r, g, b] = palette[codes[row * geometry.columns + Math.floor(x / scale)]];
      const at = start + 3 * x;
      data[at] = r;
      data[at + 1] = g;
      data[at + 2] = b;
    }
    for (let copy = 1; copy < scale; copy++) data.copyWithin(start + copy * width * 3, start, start + width * 3);
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** Round numbers from 0, about ten of them. */
function ticks(count: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((candidate) => count / candidate <= 12) ?? 5000;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

function tick(x: number, y: number, side: 'below' | 'above' | 'left', text: string): Markup {
  switch (side) {
    case 'below':
      return markup`<path d="M${x} ${y}v5" stroke="${INK}"/><text x="${x}" y="${y + 17}" text-anchor="middle">${text}</text>`;
    case 'above':
      return markup`<path d="M${x} ${y}v-5" stroke="${INK}"/><text x="${x}" y="${y - 9}" text-anchor="middle">${text}</text>`;
    case 'left':
      return markup`<path d="M${x} ${y}h-5" stroke="${INK}"/><text x="${x - 8}" y="${y + 4}" text-anchor="end">${text}</text>`;
  }
}
