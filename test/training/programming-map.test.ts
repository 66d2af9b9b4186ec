import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mappingToJson, readMapping } from '../../training/mapping/mapping-file.ts';
import { paperMapping } from '../../training/mapping/paper-mapping.ts';
import { programmingMap } from '../../training/mapping/programming-map.ts';
import { randomMapping } from '../../training/mapping/random-mapping.ts';
import { dieWith, randomWeights, SMALL_GEOMETRY, SMALL_SHAPE } from './mapped-dies.ts';

const folder = mkdtempSync(join(tmpdir(), 'programming-map-'));
afterAll(() => rmSync(folder, { recursive: true }));
const weights = randomWeights(SMALL_SHAPE, 1);
const mapping = paperMapping(SMALL_SHAPE, SMALL_GEOMETRY);

describe('a programming map', () => {
  it('writes +1 as P, AP and −1 as AP, P, and leaves cells without a weight alone', () => {
    const { targets } = programmingMap(weights, mapping, dieWith([]));
    expect(targets).toHaveLength(8);
    expect(targets[0].slice(0, 2)).toBe(weights.signs1[0] > 0 ? 'PA' : 'AP');
    expect(targets[2].slice(12, 14)).toBe(weights.signs2[2 * 3 + 1] > 0 ? 'PA' : 'AP');
    expect(targets[7]).toBe('-'.repeat(16));
    const used = targets.join('').replaceAll('-', '').length;
    expect(used).toBe(2 * (6 * 5 + 5 * 3));
    expect(targets.join('').replaceAll(/[^P]/g, '').length).toBe(used / 2);
  });

  it('with the pair turned swaps the columns', () => {
    const turned = { ...mapping, hiddenPairSigns: mapping.hiddenPairSigns.map(() => -1 as const) };
    const [row] = programmingMap(weights, mapping, dieWith([])).targets;
    const [other] = programmingMap(weights, turned, dieWith([])).targets;
    expect(other.slice(0, 2)).toBe([...row.slice(0, 2)].reverse().join(''));
  });

  it('lists the cells that will not get there, but not those nobody needs', () => {
    const model = dieWith([
      { cell: 0, class: 'shorted', rFixed: 300 },
      { cell: 17, class: 'subpar', rP: 3e3, rAp: 4e3 },
      { cell: 7 * 16 + 3, class: 'open' },
    ]);
    const { doubtful } = programmingMap(weights, mapping, model);
    expect(doubtful.map(({ row, column, class: name, switches }) => [row, column, name, switches])).toEqual([
      [0, 0, 'shorted', false],
      [1, 1, 'subpar', true],
    ]);
  });
});

describe('a mapping file', () => {
  it('gives back the mapping', () => {
    const file = join(folder, 'mapping.json');
    const random = randomMapping(SMALL_SHAPE, SMALL_GEOMETRY, 4);
    writeFileSync(file, mappingToJson(random, { why: 'test' }));
    expect(readMapping(file)).toEqual(random);
  });

  it.each([
    ['is not JSON', 'x', /TB_MAPPING_INVALID/],
    ['has a sign that is none', mappingToJson({ ...mapping, hiddenPairSigns: [0 as never] }, {}), /hiddenPairSigns/],
    ['lacks a list', mappingToJson({ ...mapping, inputRows: undefined as never }, {}), /inputRows/],
  ])('that %s is refused', (_, text, message) => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, text);
    expect(() => readMapping(file)).toThrow(message);
  });

  it('that is missing is named', () => {
    expect(() => readMapping(join(folder, 'none.json'))).toThrow(/TB_FILE_NOT_FOUND/);
  });
});
