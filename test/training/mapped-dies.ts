import type { DieModel } from '../../analysis/die-model.ts';
import type { EffectiveWeights } from '../../training/defect-correction.ts';
import type { BinaryWeights } from '../../training/mapping/effective-weights.ts';
import type { NetworkShape } from '../../training/network-shape.ts';
import { type SeededStream, seededStream } from '../../training/seeded-stream.ts';
import { CELL_CLASSES, type CellClass, classCode } from '../../wafer/cell-class.ts';
import { type CrossbarGeometry, cellCount } from '../../wafer/geometry.ts';

/** A small crossbar with room to spare: 8 rows, 8 pairs. */
export const SMALL_GEOMETRY: CrossbarGeometry = { rows: 8, columns: 16, columnsPerEnableLine: 2 };
export const SMALL_SHAPE: NetworkShape = { inputs: 6, hidden: 5, outputs: 3 };

export interface Defect {
  readonly cell: number;
  readonly class: CellClass;
  readonly rP?: number;
  readonly rAp?: number;
  readonly rFixed?: number;
}

/** A die whose healthy cells are all exactly 18 kΩ and 40 kΩ, with the given defects. */
export function dieWith(defects: readonly Defect[], geometry = SMALL_GEOMETRY): DieModel {
  const cells = cellCount(geometry);
  const classes = new Uint8Array(cells).fill(classCode('healthy'));
  const rP = new Float64Array(cells).fill(18e3);
  const rAp = new Float64Array(cells).fill(40e3);
  const rFixed = new Float64Array(cells);
  for (const defect of defects) {
    classes[defect.cell] = classCode(defect.class);
    rP[defect.cell] = defect.rP ?? 0;
    rAp[defect.cell] = defect.rAp ?? 0;
    rFixed[defect.cell] = defect.rFixed ?? (defect.class === 'open' ? Number.POSITIVE_INFINITY : 0);
  }
  const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  for (const code of classes) counts[CELL_CLASSES[code]] += 1;
  return {
    id: `die-with-${defects.length}-defects`,
    die: { ordinal: 0, x: 0, y: 0 },
    geometry,
    classes,
    rP,
    rAp,
    rFixed,
    rPUncertainty: new Float64Array(cells),
    rApUncertainty: new Float64Array(cells),
    means: { rP: 18e3, rPStandardError: 0, rAp: 40e3, rApStandardError: 0, healthy: counts.healthy },
    counts,
    provenance: {
      waferId: 'w',
      lot: 'unknown',
      wafer: 'made for a test',
      sessionIds: [],
      planSha256: '',
      recipe: '',
      softwareVersion: '0',
      simulated: true,
      seed: null,
    },
  };
}

export function randomWeights(shape: NetworkShape, seed: number): BinaryWeights {
  const stream = seededStream(seed);
  const signs = (length: number) => Int8Array.from({ length }, () => (stream.uniform() < 0.5 ? 1 : -1));
  return { shape, signs1: signs(shape.inputs * shape.hidden), signs2: signs(shape.hidden * shape.outputs) };
}

export function randomImage(shape: NetworkShape, stream: SeededStream): Float64Array {
  return Float64Array.from({ length: shape.inputs }, () => (stream.uniform() < 0.4 ? 0 : stream.uniform()));
}

/** Logits of tanh network without gains, written as the formula reads. */
export function forward({ inputs, hidden, outputs }: NetworkShape, { w1, w2 }: EffectiveWeights, x: Float64Array) {
  const h = Array.from({ length: hidden }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += x[i] * w1[i * hidden + j];
    return Math.tanh(sum);
  });
  return Array.from({ length: outputs }, (_, k) => h.reduce((sum, value, j) => sum + value * w2[j * outputs + k], 0));
}
