import { countClasses, healthyMeans } from '../../analysis/build-die-model.ts';
import type { DieModel } from '../../analysis/die-model.ts';
import { classCode } from '../../wafer/cell-class.ts';

/** A small die model with one cell of every class and healthy cells elsewhere. */
export function syntheticDieModel(): DieModel {
  const geometry = { rows: 6, columns: 8, columnsPerEnableLine: 2 } as const;
  const cells = 48;
  const classes = new Uint8Array(cells);
  const rP = Float64Array.from({ length: cells }, (_, i) => 18_000 + i * 10);
  const rAp = Float64Array.from({ length: cells }, (_, i) => 40_000 + i * 20);
  const rPUncertainty = new Float64Array(cells).fill(3);
  const rApUncertainty = new Float64Array(cells).fill(7);
  const rFixed = new Float64Array(cells);
  const only = (cell: number, name: 'shorted' | 'stuck' | 'open' | 'undetermined' | 'unmeasured', fixed: number) => {
    classes[cell] = classCode(name);
    for (const array of [rP, rAp, rPUncertainty, rApUncertainty]) array[cell] = 0;
    rFixed[cell] = fixed;
  };
  only(3, 'shorted', 400);
  only(9, 'stuck', 17_500);
  only(20, 'open', Number.POSITIVE_INFINITY);
  only(21, 'undetermined', 0);
  only(40, 'unmeasured', 0);
  classes[5] = classCode('subpar');
  rP[5] = 4_000;
  rAp[5] = 4_900;
  classes[6] = classCode('weak');
  return {
    id: '0190a0a0-0000-7000-8000-000000000001',
    die: { ordinal: 4, x: 4, y: 0 },
    geometry,
    classes,
    rP,
    rPUncertainty,
    rAp,
    rApUncertainty,
    rFixed,
    means: healthyMeans({ classes, rP, rAp }),
    counts: countClasses(classes),
    provenance: {
      waferId: '0190a0a0-0000-7000-8000-000000000002',
      lot: 'L1',
      wafer: 'W1',
      sessionIds: ['s'],
      planSha256: 'abc',
      recipe: 'rv-loop-default',
      softwareVersion: '0.1.0',
      simulated: true,
      seed: 1,
    },
  };
}
