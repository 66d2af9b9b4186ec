import { createHash } from 'node:crypto';
import { deviation, mean } from 'd3-array';
import { v5 as uuidV5 } from 'uuid';
import type { StoredCell } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';
import { CELL_CLASSES, type CellClass, classCode } from '../wafer/cell-class.ts';
import { dieLabel } from '../wafer/die.ts';
import { cellCount } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import type { DieMeans, DieModel, DieModelProvenance } from './die-model.ts';
import { sessionsOfDie } from './die-sessions.ts';
import { recordedRecipe } from './recorded-recipe.ts';
import { isSimulatedSession } from './simulated-session.ts';

/**
 * The die model of one die, from the latest verdicts of its cells. Cells without one are `unmeasured`. Throws
 * TB_ANALYSIS_NO_DATA when the wafer has no such die or nothing of it was measured. The id is derived from the wafer
 * and the content: the same data give the same model.
 */
export function buildDieModel(reader: WaferReader, dieOrdinal: number): DieModel {
  const wafer = reader.wafer();
  const die = wafer.dies.find(({ ordinal }) => ordinal === dieOrdinal);
  const cells = die === undefined ? [] : reader.cells(dieOrdinal);
  if (die === undefined || cells.length === 0) {
    throw new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
      thing: reader.file,
      what: die === undefined ? `the wafer has no die ${dieOrdinal}` : `die ${dieLabel(die)} has no measured cell`,
      expected: die === undefined ? `an ordinal from 0 to ${wafer.dies.length - 1}` : 'a die that was measured',
      remedy: 'Choose a measured die; "tunnelbench sessions" lists what the file holds.',
    });
  }
  const arrays = cellArrays(cells, cellCount(wafer.geometry));
  return {
    id: uuidV5(digestOf(arrays), wafer.id),
    die: { ordinal: die.ordinal, x: die.x, y: die.y },
    geometry: wafer.geometry,
    ...arrays,
    means: healthyMeans(arrays),
    counts: countClasses(arrays.classes),
    provenance: provenanceOf(reader, dieOrdinal),
  };
}

type CellArrays = Pick<DieModel, 'classes' | 'rP' | 'rPUncertainty' | 'rAp' | 'rApUncertainty' | 'rFixed'>;

/** Classes of which both resistances are known and used. */
const SWITCHING: readonly CellClass[] = ['healthy', 'weak', 'subpar'];

function cellArrays(cells: readonly StoredCell[], length: number): CellArrays {
  const arrays = {
    classes: new Uint8Array(length).fill(classCode('unmeasured')),
    rP: new Float64Array(length),
    rPUncertainty: new Float64Array(length),
    rAp: new Float64Array(length),
    rApUncertainty: new Float64Array(length),
    rFixed: new Float64Array(length),
  };
  for (const record of cells) {
    const { cell } = record;
    arrays.classes[cell] = classCode(record.class);
    if (SWITCHING.includes(record.class)) {
      arrays.rP[cell] = record.rP ?? 0;
      arrays.rPUncertainty[cell] = record.rPUncertainty ?? 0;
      arrays.rAp[cell] = record.rAp ?? 0;
      arrays.rApUncertainty[cell] = record.rApUncertainty ?? 0;
    } else if (record.class === 'open') {
      arrays.rFixed[cell] = Number.POSITIVE_INFINITY;
    } else if (record.class === 'shorted' || record.class === 'stuck') {
      arrays.rFixed[cell] = record.rStuck ?? 0;
    }
  }
  return arrays;
}

/** Mean resistances of the healthy cells with the standard error of the mean; zeros where no cell is healthy. */
export function healthyMeans({ classes, rP, rAp }: Pick<DieModel, 'classes' | 'rP' | 'rAp'>): DieMeans {
  const healthyCode = classCode('healthy');
  const p = rP.filter((_, cell) => classes[cell] === healthyCode);
  const ap = rAp.filter((_, cell) => classes[cell] === healthyCode);
  const standardError = (values: Float64Array) => (deviation(values) ?? 0) / Math.sqrt(Math.max(1, values.length));
  return {
    rP: mean(p) ?? 0,
    rPStandardError: standardError(p),
    rAp: mean(ap) ?? 0,
    rApStandardError: standardError(ap),
    healthy: p.length,
  };
}

export function countClasses(classes: Uint8Array): Record<CellClass, number> {
  const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  for (const code of classes) counts[CELL_CLASSES[code]] += 1;
  return counts;
}

function digestOf(arrays: CellArrays): string {
  const hash = createHash('sha256');
  for (const array of [arrays.classes, arrays.rP, arrays.rAp, arrays.rFixed]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}

function provenanceOf(reader: WaferReader, dieOrdinal: number): DieModelProvenance {
  const { id, lot, wafer } = reader.wafer();
  const sessions = sessionsOfDie(reader, dieOrdinal);
  const latest = sessions.at(-1);
  const plan = latest === undefined ? null : recordedRecipe(reader, latest, dieOrdinal);
  return {
    waferId: id,
    lot,
    wafer,
    sessionIds: sessions.map((session) => session.id),
    planSha256: plan?.planSha256 ?? '',
    recipe: plan?.recipe.name ?? '',
    softwareVersion: latest?.softwareVersion ?? '',
    simulated: sessions.some((session) => isSimulatedSession(reader, session)),
    seed: null,
  };
}
