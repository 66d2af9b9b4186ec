import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDieModel } from '../../analysis/build-die-model.ts';
import { checkDieModel } from '../../analysis/check-die-model.ts';
import { readDieModel, writeDieModel } from '../../analysis/die-model-file.ts';
import { dieStatistics } from '../../analysis/die-statistics.ts';
import { reclassifyDie } from '../../analysis/reclassify-die.ts';
import { mapPng } from '../../analysis/report/defect-map.ts';
import { dieFacts } from '../../analysis/report/die-facts.ts';
import { markup, withSymbols } from '../../analysis/report/markup.ts';
import { integer, withUncertainty } from '../../analysis/report/numbers.ts';
import { CLASS_COLOURS } from '../../analysis/report/palette.ts';
import { writeReport } from '../../analysis/report/write-report.ts';
import { waferStatistics } from '../../analysis/wafer-statistics.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { CELL_CLASSES } from '../../wafer/cell-class.ts';
import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import { recipe } from './synthetic-sweeps.ts';
import { writeSyntheticWafer } from './synthetic-wafer.ts';

const geometry: CrossbarGeometry = { rows: 30, columns: 40, columnsPerEnableLine: 2 };
const dies = [0, 1, 2, 3].map((ordinal) => ({ ordinal, x: ordinal % 2, y: Math.floor(ordinal / 2) }));

let folder: string;
let reader: WaferReader;
let station: SimulatedStation;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunnelbench-report-'));
  const file = join(folder, 'wafer.sqlite');
  station = await writeSyntheticWafer(file, { geometry, dies, measured: [0, 1, 3], seed: 2, repeatCells: 3 });
  reader = WaferReader.open(file);
});

afterAll(async () => {
  reader.close();
  await rm(folder, { recursive: true });
});

describe('the report of a wafer file', () => {
  it('is one page per measured die and a wafer page, without any request to elsewhere', async () => {
    const out = join(folder, 'report');
    const written = await writeReport(reader, out, {
      softwareVersion: '0.1.0',
      madeAt: new Date('2026-03-04T06:00:00Z'),
    });
    expect((await readdir(out)).sort()).toEqual([
      'die-00-x0-y0.html',
      'die-01-x1-y0.html',
      'die-03-x1-y1.html',
      'wafer.html',
    ]);
    for (const file of [...written.dies, written.wafer]) {
      const html = await readFile(file, 'utf8');
      const targets = Array.from(html.matchAll(/(?:href|src)="([^"]*)"/g), ([, target]) => target);
      expect(targets.filter((target) => !/^(die-[\w-]+|wafer)\.html$|^data:image\/png;base64,/.test(target))).toEqual(
        [],
      );
      expect(html).not.toMatch(/<script|<link|@import|url\((?!#)/);
      expect(html).not.toMatch(/NaN|undefined|\[object|Infinity/);
      expect(html).toContain('simulated bench');
    }
  });

  it('states yields with their denominators and the filter of the fits', async () => {
    const [page] = (await writeReport(reader, join(folder, 'one'), { softwareVersion: '0.1.0' })).dies;
    const html = await readFile(page, 'utf8');
    const counts = reader.countsByClass(0);
    expect(html).toContain(`${integer(counts.healthy)} healthy of ${integer(1200)} measured`);
    expect(html).toContain('Filter: cells of class healthy');
    expect(html).toContain('Plan SHA-256');
    expect(html).toContain(recipe.name);
  });

  it('has nothing to say of a die of which nothing was measured', () => {
    expect(() => dieFacts(reader, 2)).toThrow(/TB_ANALYSIS_NO_DATA/);
  });
});

describe('the defect map', () => {
  it('shows every cell in the colour of its class, in whole pixels', () => {
    const cells = reader.cells(0);
    const image = decode(mapPng(cells, geometry, 3));
    expect([image.width, image.height]).toEqual([120, 90]);
    for (const { cell, class: name } of cells) {
      const x = (cell % 40) * 3 + 1;
      const y = Math.floor(cell / 40) * 3 + 1;
      const at = (y * 120 + x) * image.channels;
      const [r, g, b] = image.data.slice(at, at + 3);
      expect(`#${[r, g, b].map((channel) => channel.toString(16).padStart(2, '0')).join('')}`).toBe(
        CLASS_COLOURS[name],
      );
    }
  });

  it('has a colour of its own lightness for every class, so that grey print keeps them apart', () => {
    const lightness = CELL_CLASSES.map((name) => {
      const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(CLASS_COLOURS[name].slice(at, at + 2), 16));
      return Math.round(0.2126 * r + 0.7152 * g + 0.0722 * b);
    });
    const ordered = lightness.toSorted((a, b) => a - b);
    const gaps = ordered.slice(1).map((value, i) => value - ordered[i]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20);
  });
});

describe('statistics of a file', () => {
  it('agree with the truth of the simulated die', () => {
    const { cells, thresholds, statistics } = dieFacts(reader, 0);
    const truth = station.truth(0).cells.filter(({ label }) => label === 'healthy');
    expect(statistics.counts.healthy).toBe(truth.length);
    const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const trueMean = meanOf(truth.map(({ cell }) => station.pathOhms(0, cell, 'P', 0.05)));
    expect(Math.abs((statistics.rP?.mean ?? 0) / trueMean - 1)).toBeLessThan(0.005);
    expect(dieStatistics(cells, geometry, thresholds).counts).toEqual(statistics.counts);
    expect(statistics.shares.every(({ denominator }) => denominator === 1200)).toBe(true);
  });

  it('of the wafer count every cell of every die once', () => {
    const measured = [0, 1, 3].map((ordinal) => ({
      die: dies[ordinal],
      statistics: dieFacts(reader, ordinal).statistics,
    }));
    const wafer = waferStatistics(measured, dies, 1200);
    expect(Object.values(wafer.counts).reduce((sum, count) => sum + count, 0)).toBe(4800);
    expect(wafer.measured).toBe(3600);
    expect(wafer.zones.reduce((sum, zone) => sum + zone.dies, 0)).toBe(3);
    expect(wafer.worst.map(({ die }) => die.ordinal).sort()).toEqual([0, 1, 3]);
  });

  it('include the repeat sample', () => {
    const { repeatSample } = dieFacts(reader, 1);
    expect(repeatSample).toMatchObject({ cells: 3, loops: 50 });
  });
});

describe('the die model of a file', () => {
  it('is sound, survives the disk, and has the same id when built again', async () => {
    const model = buildDieModel(reader, 3);
    checkDieModel(model, 'model');
    const { json } = await writeDieModel(join(folder, 'models'), model);
    expect(await readDieModel(json)).toEqual(model);
    expect(buildDieModel(reader, 3).id).toBe(model.id);
    expect(buildDieModel(reader, 1).id).not.toBe(model.id);
    expect(model.provenance).toMatchObject({ simulated: true, recipe: recipe.name, lot: 'LOT-7' });
    expect(() => buildDieModel(reader, 2)).toThrow(/no measured cell/);
    expect(() => buildDieModel(reader, 9)).toThrow(/no die 9/);
  });
});

describe('classifying again', () => {
  it('changes nothing under the same thresholds, and moves cells under others', () => {
    expect(reclassifyDie(reader, 0, recipe.thresholds).changed).toBe(0);
    const stricter = reclassifyDie(reader, 0, { ...recipe.thresholds, subparBelowOhms: 18_000 });
    expect(stricter.moves.healthy.subpar).toBeGreaterThan(100);
    expect(stricter.cells).toHaveLength(1200);
  });
});

describe('markup', () => {
  it('escapes what people wrote and sets symbols', () => {
    const lot = '<script>alert("x")</script>';
    expect(markup`<p title="${lot}">${[lot, null]}</p>`.text).not.toContain('<script>');
    expect(withSymbols('R_AP, V_sw+ & τ_0').text).toBe('R<sub>AP</sub>, V<sub>sw+</sub> &amp; τ<sub>0</sub>');
  });

  it('prints uncertainties in brackets', () => {
    expect(withUncertainty(17.9621, 0.0123)).toBe('17.962(12)');
    expect(withUncertainty(-1.5, 0.25)).toBe('−1.50(25)');
    expect(withUncertainty(120, 4)).toBe('120.0(40)');
    expect(integer(1234567)).toBe('1\u202f234\u202f567');
  });
});
