import { describe, expect, it } from 'vitest';
import { fleetDieModels } from '../../training/fleet/fleet-die-models.ts';
import { FLEET_KINDS } from '../../training/fleet/fleet-kinds.ts';
import { generateFleet } from '../../training/fleet/generate-fleet.ts';
import { dieConductances } from '../../training/mapping/die-conductances.ts';
import { dieCorrection } from '../../training/mapping/die-correction.ts';
import { networkCells } from '../../training/mapping/effective-weights.ts';
import { paperMapping } from '../../training/mapping/paper-mapping.ts';
import { DEFAULT_READ_OUT } from '../../training/mapping/read-out.ts';
import { PAPER_SHAPE } from '../../training/network-shape.ts';
import { defectPatterns } from '../../training/population/defect-patterns.ts';
import { inferPopulation } from '../../training/population/infer-population.ts';
import { createPopulationSampler } from '../../training/population/population-sampler.ts';
import { RandomStream } from '../../training/random-stream.ts';
import { DefectMapBatch } from '../../training/trainer/map-sampler.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';

const models = (kind: 'A' | 'L') => fleetDieModels(generateFleet(kind, 'development', 1, FLEET_KINDS[kind]), '0');
const fleets = { A: models('A'), L: models('L') };
const fleetL = fleets.L;
const mapping = paperMapping(PAPER_SHAPE, DEFAULT_GEOMETRY);

function drawMaps(kind: 'A' | 'L', maps: number, seed: number) {
  const population = inferPopulation(fleets[kind], DEFAULT_READ_OUT);
  const sampler = createPopulationSampler({ population, mapping, shape: PAPER_SHAPE, rateScale: 1 });
  const batch = new DefectMapBatch();
  sampler.fill(batch, maps, new RandomStream(seed));
  return batch;
}

/** Defective weights of the two layers, and the share saturated beyond ±5, averaged over the fleet's own dies. */
function measured(kind: 'A' | 'L') {
  const corrections = fleets[kind].map((model) => {
    const die = dieConductances(model, DEFAULT_READ_OUT);
    return dieCorrection(die, networkCells(mapping, PAPER_SHAPE, die));
  });
  const mean = (pick: (correction: (typeof corrections)[number]) => number) =>
    corrections.reduce((sum, correction) => sum + pick(correction), 0) / corrections.length;
  return {
    layer1: mean(({ layer1 }) => layer1.index.length),
    layer2: mean(({ layer2 }) => layer2.index.length),
    saturated: mean(({ layer1 }) => layer1.plus.filter((weight) => Math.abs(weight) > 5).length),
  };
}

describe('patterns of defects', () => {
  it('are sorted into lines, clusters and points', () => {
    const geometry = { rows: 20, columns: 20, columnsPerEnableLine: 2 } as const;
    const defective = new Uint8Array(400);
    for (let column = 0; column < 20; column++) if (column !== 7) defective[3 * 20 + column] = 1;
    for (const cell of [10 * 20 + 10, 10 * 20 + 11, 11 * 20 + 11, 12 * 20 + 12]) defective[cell] = 1;
    for (const cell of [16 * 20 + 2, 16 * 20 + 3, 18 * 20 + 18]) defective[cell] = 1;
    const { lines, clusters, points } = defectPatterns(defective, geometry);
    expect(lines.map(({ kind, line, cells }) => [kind, line, cells.length])).toEqual([['row', 3, 19]]);
    expect(clusters.map((cells) => cells.length)).toEqual([4]);
    expect([...points].sort((a, b) => a - b)).toEqual([322, 323, 378]);
  });

  it('of a generated fleet are found again', () => {
    const lines = fleetL.flatMap((model) => inferPopulation([model], DEFAULT_READ_OUT).profiles[0].lines);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.fill).toBeGreaterThan(0.95);
    for (const line of lines) expect(line.value[0]).toBeLessThan(1e-6);
  });
});

describe('maps drawn from a population', () => {
  it.each(['A', 'L'] as const)('of fleet %s have as many defective weights as its dies, and as many shorts', (kind) => {
    const maps = 4000;
    const { layer1, layer2 } = drawMaps(kind, maps, 1);
    const expected = measured(kind);
    const drawn = (layer1.index.length + layer2.index.length) / maps;
    expect(Math.abs(drawn / (expected.layer1 + expected.layer2) - 1)).toBeLessThan(0.12);
    const saturated = layer1.plus.filter((weight) => Math.abs(weight) > 5).length / maps;
    expect(Math.abs(saturated / expected.saturated - 1)).toBeLessThan(0.15);
  });

  it('put defects into the layers as the dies do', () => {
    const { layer1, layer2 } = drawMaps('A', 4000, 1);
    const expected = measured('A');
    const share = layer2.index.length / (layer1.index.length + layer2.index.length);
    expect(Math.abs(share / (expected.layer2 / (expected.layer1 + expected.layer2)) - 1)).toBeLessThan(0.25);
  });

  it('name every weight once a map', () => {
    const { layer1 } = drawMaps('L', 300, 2);
    for (let map = 0; map < 300; map++) {
      const weights = layer1.index.subarray(layer1.start[map], layer1.start[map + 1]);
      expect(new Set(weights).size).toBe(weights.length);
    }
  });

  it('follow from the seed alone', () => {
    expect(drawMaps('A', 50, 3).layer1.index).toEqual(drawMaps('A', 50, 3).layer1.index);
    expect(drawMaps('A', 50, 3).layer1.index).not.toEqual(drawMaps('A', 50, 4).layer1.index);
  });

  it('never repeat a measured map', () => {
    const die = fleetL[0];
    const conductances = dieConductances(die, DEFAULT_READ_OUT);
    const own = new Set(dieCorrection(conductances, networkCells(mapping, PAPER_SHAPE, conductances)).layer1.index);
    const population = inferPopulation([die], DEFAULT_READ_OUT);
    const sampler = createPopulationSampler({ population, mapping, shape: PAPER_SHAPE, rateScale: 1 });
    const batch = new DefectMapBatch();
    sampler.fill(batch, 200, new RandomStream(5));
    const shared = batch.layer1.index.filter((weight) => own.has(weight)).length / batch.layer1.index.length;
    expect(shared).toBeLessThan(5 * (own.size / 9000) + 0.02);
  });

  it('need a die to come from', () => {
    expect(() => inferPopulation([], DEFAULT_READ_OUT)).toThrow(/no die to infer it from/);
  });
});
