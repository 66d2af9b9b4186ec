import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fleetDieModels } from '../../training/fleet/fleet-die-models.ts';
import { fleetToJson, readFleet } from '../../training/fleet/fleet-file.ts';
import { FLEET_KINDS } from '../../training/fleet/fleet-kinds.ts';
import { generateFleet } from '../../training/fleet/generate-fleet.ts';
import { dieConductances } from '../../training/mapping/die-conductances.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { classCode } from '../../wafer/cell-class.ts';

const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
afterAll(() => rmSync(folder, { recursive: true }));
const committed = new URL('../../fleets/', import.meta.url);
const files = readdirSync(committed);

describe('the committed fleets', () => {
  it('are three kinds, two purposes, three seeds', () => {
    expect(files).toHaveLength(18);
  });

  it.each(files)('%s is what the generator makes today, byte for byte', (file) => {
    const text = readFileSync(new URL(file, committed), 'utf8');
    const [kind, purpose, seed] = file.replace('.json', '').split('-');
    const fleet = generateFleet(kind, purpose as 'report', Number(seed), FLEET_KINDS[kind as 'A']);
    expect(fleetToJson(fleet)).toBe(text);
  });

  const badCells = (kind: string) =>
    files
      .filter((file) => file.startsWith(`${kind}-`))
      .flatMap((file) => readFleet(new URL(file, committed).pathname).dies)
      .map((die) => [die.shorted, die.stuck, die.subpar, die.weak, die.open].reduce((n, list) => n + list.length, 0))
      .sort((a, b) => a - b);

  it.each([
    ['A', 14, 24],
    ['G', 3, 6],
  ])('%s has between %d and %d bad cells in the median die', (kind, low, high) => {
    const counts = badCells(kind);
    const median = counts[counts.length >> 1];
    expect(median).toBeGreaterThanOrEqual(low);
    expect(median).toBeLessThanOrEqual(high);
  });

  it('A has shorts at the rate it states', () => {
    const fleet = readFleet(new URL('A-report-1.json', committed).pathname);
    const expected = fleet.dies.reduce((sum, die) => sum + die.shortedRate * 20_000, 0);
    const found = fleet.dies.reduce((sum, die) => sum + die.shorted.length, 0);
    expect(Math.abs(found - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(fleet.dies.filter((die) => die.outlier)).toHaveLength(3);
  });
});

describe('the die models of a fleet', () => {
  const fleet = readFleet(new URL('L-development-1.json', committed).pathname);
  const models = fleetDieModels(fleet, '0.0.0');

  it('hold the listed defects and counts that add up', () => {
    models.forEach((model, i) => {
      expect(model.counts.shorted).toBe(fleet.dies[i].shorted.length);
      expect(model.counts.open).toBe(fleet.dies[i].open.length);
      expect(Object.values(model.counts).reduce((a, b) => a + b)).toBe(20_000);
      for (const [cell, ohms] of fleet.dies[i].stuck) {
        expect([model.classes[cell], model.rFixed[cell]]).toEqual([classCode('stuck'), ohms]);
      }
    });
  });

  it('keep classes and resistances together: shorted below 1 kΩ, subpar from 1 to 12 kΩ, healthy above', () => {
    const fits = (model: (typeof models)[number], cell: number) => {
      const code = model.classes[cell];
      if (code === classCode('healthy')) return model.rP[cell] > 12e3;
      if (code === classCode('subpar')) return model.rP[cell] < 12e3 && model.rAp[cell] <= 12e3;
      return code !== classCode('shorted') || (model.rFixed[cell] >= 100 && model.rFixed[cell] <= 1e3);
    };
    for (const model of models) expect([...model.classes.keys()].filter((cell) => !fits(model, cell))).toEqual([]);
  });

  it('have the stated means and can be read out', () => {
    for (const model of models) {
      expect(Math.abs(model.means.rP / 18e3 - 1)).toBeLessThan(0.002);
      expect(Math.abs(model.means.rAp / 40e3 - 1)).toBeLessThan(0.002);
      expect(dieConductances(model, DEFAULT_READ_OUT).filledCells).toBe(0);
    }
  });

  it('are the same again, ids included', () => {
    const again = fleetDieModels(fleet, '0.0.0');
    expect(again[7].id).toBe(models[7].id);
    expect(again[7].rP).toEqual(models[7].rP);
    expect(new Set(models.map(({ id }) => id)).size).toBe(36);
  });
});

describe('a fleet file', () => {
  const good = readFileSync(new URL('G-report-1.json', committed), 'utf8');
  it.each([
    ['is not JSON', () => good.slice(0, 500), /not JSON/],
    ['has a rate above 1', () => good.replace(/"shortedMedian": [^,]+/, '"shortedMedian": 2'), /shortedMedian/],
    ['lists a cell outside', () => good.replace('"open":[]', '"open":[20000]'), /outside the crossbar/],
    ['lists a cell twice', () => good.replace('"open":[]', '"open":[5,5]'), /lists a cell twice/],
  ])('that %s is refused', (_, spoil, message) => {
    const file = join(folder, 'spoilt.json');
    writeFileSync(file, spoil());
    expect(() => readFleet(file)).toThrow(message);
  });

  it('that is missing is named', () => {
    expect(() => readFleet(join(folder, 'none.json'))).toThrow(/TB_FILE_NOT_FOUND/);
  });
});
