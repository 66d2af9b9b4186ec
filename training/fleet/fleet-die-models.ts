import { v5 as uuidFrom } from 'uuid';
import type { DieModel } from '../../analysis/die-model.ts';
import { CELL_CLASSES, type CellClass, classCode } from '../../wafer/cell-class.ts';
import { DEFAULT_DIES, type DieSite } from '../../wafer/die.ts';
import { cellCount } from '../../wafer/geometry.ts';
import { seededStream, textKey } from '../seeded-stream.ts';
import type { Fleet, FleetDie } from './fleet.ts';

/** Namespace of the ids of generated dies: the same fleet file gives the same ids, so emulations are found again. */
const FLEET_NAMESPACE = '6f2b3a52-6c0e-5d0c-9a5e-3f2f6d6f1a07';

/** The dies of a fleet as die models: listed defects, healthy cells from the seed. `software` goes to the provenance. */
export function fleetDieModels(fleet: Fleet, software: string): DieModel[] {
  return fleet.dies.map((die) => dieModel(fleet, die, software));
}

function dieModel(fleet: Fleet, die: FleetDie, software: string): DieModel {
  const { geometry } = fleet.parameters;
  const cells = cellCount(geometry);
  const model = {
    classes: new Uint8Array(cells).fill(classCode('healthy')),
    rP: new Float64Array(cells),
    rAp: new Float64Array(cells),
    rFixed: new Float64Array(cells),
  };
  drawHealthy(fleet, die, model);
  placeDefects(die, model);
  return {
    id: uuidFrom(`${fleet.name}/${fleet.purpose}/${fleet.seed}/${die.ordinal}`, FLEET_NAMESPACE),
    die: siteOf(die.ordinal),
    geometry,
    ...model,
    rPUncertainty: new Float64Array(cells),
    rApUncertainty: new Float64Array(cells),
    means: means(model),
    counts: countClasses(model.classes),
    provenance: {
      waferId: uuidFrom(`${fleet.name}/${fleet.purpose}/${fleet.seed}`, FLEET_NAMESPACE),
      lot: 'generated',
      wafer: `fleet ${fleet.name}, ${fleet.purpose}, seed ${fleet.seed}`,
      sessionIds: [],
      planSha256: '',
      recipe: '',
      softwareVersion: software,
      simulated: true,
      seed: fleet.seed,
    },
  };
}

type Cells = Pick<DieModel, 'classes' | 'rP' | 'rAp' | 'rFixed'>;

function drawHealthy(fleet: Fleet, die: FleetDie, { rP, rAp }: Cells): void {
  const { rPOhms, rApOhms, relativeSigma, correlation } = fleet.parameters.healthy;
  const stream = seededStream(textKey(fleet.name), textKey(fleet.purpose), fleet.seed, 2, die.ordinal);
  const independent = Math.sqrt(1 - correlation ** 2);
  for (let cell = 0; cell < rP.length; cell++) {
    const z = stream.normal();
    rP[cell] = rPOhms * (1 + relativeSigma * z);
    rAp[cell] = rApOhms * (1 + relativeSigma * (correlation * z + independent * stream.normal()));
  }
}

function placeDefects(die: FleetDie, { classes, rP, rAp, rFixed }: Cells): void {
  const place = (name: CellClass, cell: number, p: number, ap: number, fixed: number) => {
    classes[cell] = classCode(name);
    rP[cell] = p;
    rAp[cell] = ap;
    rFixed[cell] = fixed;
  };
  for (const [cell, ohms] of die.shorted) place('shorted', cell, 0, 0, ohms);
  for (const [cell, ohms] of die.stuck) place('stuck', cell, 0, 0, ohms);
  for (const [cell, p, ap] of die.subpar) place('subpar', cell, p, ap, 0);
  for (const [cell, p, ap] of die.weak) place('weak', cell, p, ap, 0);
  for (const cell of die.open) place('open', cell, 0, 0, Number.POSITIVE_INFINITY);
}

function means({ classes, rP, rAp }: Cells): DieModel['means'] {
  const healthy = [...classes.keys()].filter((cell) => CELL_CLASSES[classes[cell]] === 'healthy');
  const meanOf = (ohms: Float64Array) => {
    const mean = healthy.reduce((sum, cell) => sum + ohms[cell], 0) / healthy.length;
    const squares = healthy.reduce((sum, cell) => sum + (ohms[cell] - mean) ** 2, 0);
    return { mean, standardError: Math.sqrt(squares / (healthy.length - 1) / healthy.length) };
  };
  const p = meanOf(rP);
  const ap = meanOf(rAp);
  return {
    rP: p.mean,
    rPStandardError: p.standardError,
    rAp: ap.mean,
    rApStandardError: ap.standardError,
    healthy: healthy.length,
  };
}

function countClasses(classes: Uint8Array): Record<CellClass, number> {
  const counts = Object.fromEntries(CELL_CLASSES.map((name) => [name, 0])) as Record<CellClass, number>;
  for (const code of classes) counts[CELL_CLASSES[code]] += 1;
  return counts;
}

/** Dies of a fleet have no wafer; the default wafer's places make them look familiar in tables. */
function siteOf(ordinal: number): DieSite {
  return DEFAULT_DIES[ordinal] ?? { ordinal, x: ordinal, y: 0 };
}
