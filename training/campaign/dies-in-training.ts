import type { DieModel } from '../../analysis/die-model.ts';
import { dieConductances } from '../mapping/die-conductances.ts';
import { dieCorrection } from '../mapping/die-correction.ts';
import { networkCells } from '../mapping/effective-weights.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import type { ReadOut } from '../mapping/read-out.ts';
import type { NetworkShape } from '../network-shape.ts';
import { inferPopulation } from '../population/infer-population.ts';
import { populationSamplerSpec } from '../population/population-sampler.ts';
import type { Ensemble } from '../trainer/trainer.ts';
import type { DefectStatistics } from '../training-parameters.ts';

/** What an ensemble takes from dies, in the default layout. */
export interface DiesInTraining {
  readonly ensemble: Pick<Ensemble, 'kind' | 'correction' | 'sampler'>;
  readonly statistics: DefectStatistics | null;
  /** Tells this training from others in the store, in place of the correction or the sampler. */
  readonly source: object;
  readonly dieModelId: string | null;
  readonly populationDieModelIds: readonly string[];
}

/**
 * Training around the defects of one die.
 *
 * @throws TB_DIE_MODEL_INVALID, TB_MAPPING_INVALID when the die cannot be read out or the network does not fit it
 */
export function aroundDie(model: DieModel, shape: NetworkShape, readOut: ReadOut): DiesInTraining {
  const die = dieConductances(model, readOut);
  const correction = dieCorrection(die, networkCells(paperMapping(shape, die.geometry), shape, die));
  return {
    ensemble: { kind: 'hardware-aware', correction },
    statistics: null,
    source: { dieModelId: model.id, readOut },
    dieModelId: model.id,
    populationDieModelIds: [],
  };
}

/**
 * Training on maps drawn from what the given dies have in common.
 *
 * @param rateScale multiplies the number of defects drawn
 * @throws as aroundDie
 */
export function onPopulation(
  models: readonly DieModel[],
  shape: NetworkShape,
  readOut: ReadOut,
  rateScale: number,
): DiesInTraining {
  const population = inferPopulation(models, readOut);
  const mapping = paperMapping(shape, population.geometry);
  const source = { population: population.dieModelIds, readOut, rateScale };
  return {
    ensemble: {
      kind: 'statistics-aware',
      sampler: populationSamplerSpec({ population, mapping, shape, rateScale }),
    },
    statistics: { source: 'population', population: JSON.stringify(source) },
    source,
    dieModelId: null,
    populationDieModelIds: population.dieModelIds,
  };
}
