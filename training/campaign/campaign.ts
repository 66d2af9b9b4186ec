import type { DieModel } from '../../analysis/die-model.ts';
import type { ModelStore } from '../../db/model-store.ts';
import { DEFAULT_CONDITIONS, type EmulationConditions, type ImageSet } from '../emulation/emulation-conditions.ts';
import type { Emulator } from '../emulation/emulator.ts';
import { emulateStored } from '../emulation/stored-emulations.ts';
import { dieConductances } from '../mapping/die-conductances.ts';
import { dieCorrection } from '../mapping/die-correction.ts';
import { networkCells } from '../mapping/effective-weights.ts';
import { paperMapping } from '../mapping/paper-mapping.ts';
import type { ReadOut } from '../mapping/read-out.ts';
import { PAPER_SHAPE } from '../network-shape.ts';
import { inferPopulation } from '../population/infer-population.ts';
import { populationSamplerSpec } from '../population/population-sampler.ts';
import type { Solution } from '../solution.ts';
import type { Ensemble, Trainer } from '../trainer/trainer.ts';
import { DEFAULT_PARAMETERS, type DefectStatistics } from '../training-parameters.ts';
import { trainStored } from './stored-ensemble.ts';

/** What a campaign works with. All of it outlives the campaign. */
export interface CampaignTools {
  readonly store: ModelStore;
  readonly trainer: Trainer;
  /** Holds the images that errors are counted on, of the set named. */
  readonly emulator: Emulator;
  readonly images: ImageSet;
  readonly softwareVersion: string;
  readonly readOut: ReadOut;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

/** Size and seed of an ensemble. */
export interface EnsembleSize {
  readonly count: number;
  readonly epochs: number;
  readonly seed: number;
}

/**
 * The trainings and emulations that figures and tables are made of, in the default layout. Everything computed is kept
 * in the store and found again there, by what it was computed from.
 */
export class Campaign {
  readonly tools: CampaignTools;

  constructor(tools: CampaignTools) {
    this.tools = tools;
  }

  defectFree(size: EnsembleSize): Promise<Solution[]> {
    return this.#train(size, { kind: 'defect-free', provenance: this.#provenance(null, []) }, null);
  }

  /** Trained around the defects of one die. */
  hardwareAware(model: DieModel, size: EnsembleSize): Promise<Solution[]> {
    const die = dieConductances(model, this.tools.readOut);
    const correction = dieCorrection(die, networkCells(paperMapping(PAPER_SHAPE, die.geometry), PAPER_SHAPE, die));
    this.tools.store.putDieModel(model);
    const ensemble = { kind: 'hardware-aware' as const, correction, provenance: this.#provenance(model.id, []) };
    return this.#train(size, ensemble, { dieModelId: model.id, readOut: this.tools.readOut });
  }

  /** Trained on uniformly drawn maps: a weight is defective with `defectRate` and then worth ±`wSat`. */
  statisticsAware(defectRate: number, wSat: number, size: EnsembleSize): Promise<Solution[]> {
    const statistics: DefectStatistics = { source: 'uniform', defectRate, wSat };
    const ensemble = { kind: 'statistics-aware' as const, provenance: this.#provenance(null, []) };
    return this.#train(size, ensemble, null, statistics);
  }

  /** Trained on maps drawn from the population of the given dies. */
  populationAware(models: readonly DieModel[], rateScale: number, size: EnsembleSize): Promise<Solution[]> {
    const population = inferPopulation(models, this.tools.readOut);
    const mapping = paperMapping(PAPER_SHAPE, population.geometry);
    for (const model of models) this.tools.store.putDieModel(model);
    const source = { population: population.dieModelIds, readOut: this.tools.readOut, rateScale };
    const ensemble = {
      kind: 'statistics-aware' as const,
      sampler: populationSamplerSpec({ population, mapping, shape: PAPER_SHAPE, rateScale }),
      provenance: this.#provenance(null, population.dieModelIds),
    };
    const statistics: DefectStatistics = { source: 'population', population: JSON.stringify(source) };
    return this.#train(size, ensemble, source, statistics);
  }

  /** Errors in percent, a row a die, a column a solution. */
  async emulate(
    models: readonly DieModel[],
    solutions: readonly Solution[],
    change: Partial<EmulationConditions> = {},
  ): Promise<readonly (readonly number[])[]> {
    const { store, emulator, images, trainer, readOut, signal, onProgress } = this.tools;
    const { sha256, splitSeed } = trainer.dataset;
    const errors = await emulateStored(store, emulator, {
      solutions,
      models,
      conditions: { ...DEFAULT_CONDITIONS, images, readOut, ...change },
      dataset: { sha256, splitSeed },
      signal,
      onProgress: (done, total) => onProgress?.('emulating', done, total),
    });
    return errors.map((row) => row.map((count) => this.#percent(count)));
  }

  /** Errors in percent with ideal weights. */
  async software(solutions: readonly Solution[]): Promise<readonly number[]> {
    const { errors } = await this.tools.emulator.emulate(null, solutions, { signal: this.tools.signal });
    return errors.map((count) => this.#percent(count));
  }

  #percent(errors: number): number {
    return (100 * errors) / this.tools.emulator.images;
  }

  #train(
    { count, epochs, seed }: EnsembleSize,
    ensemble: Omit<Ensemble, 'parameters' | 'seed' | 'members'>,
    source: object | null,
    statistics: DefectStatistics | null = null,
  ): Promise<Solution[]> {
    const { store, trainer, signal, onProgress } = this.tools;
    return trainStored(store, trainer, {
      ensemble: { ...ensemble, parameters: { ...DEFAULT_PARAMETERS, epochs, statistics }, seed },
      count,
      source,
      signal,
      onProgress: ({ epochsDone, epochsTotal }) => onProgress?.(`training ${ensemble.kind}`, epochsDone, epochsTotal),
    });
  }

  #provenance(dieModelId: string | null, populationDieModelIds: readonly string[]): Ensemble['provenance'] {
    const { softwareVersion } = this.tools;
    return { softwareVersion, dieModelId, populationDieModelIds, mappingSha256: null };
  }
}
