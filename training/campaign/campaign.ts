import type { DieModel } from '../../analysis/die-model.ts';
import type { ModelStore } from '../../db/model-store.ts';
import { DEFAULT_CONDITIONS, type EmulationConditions, type ImageSet } from '../emulation/emulation-conditions.ts';
import type { Emulator } from '../emulation/emulator.ts';
import { emulateStored } from '../emulation/stored-emulations.ts';
import type { ReadOut } from '../mapping/read-out.ts';
import { PAPER_SHAPE } from '../network-shape.ts';
import type { Solution } from '../solution.ts';
import type { Trainer } from '../trainer/trainer.ts';
import { DEFAULT_PARAMETERS, type DefectStatistics } from '../training-parameters.ts';
import { aroundDie, type DiesInTraining, onPopulation } from './dies-in-training.ts';
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
    return this.#train(size, { ...WITHOUT_DIES, ensemble: { kind: 'defect-free' }, statistics: null });
  }

  /** An ensemble for each die, trained around its defects. All at once: one die alone may leave threads idle. */
  hardwareAware(models: readonly DieModel[], size: EnsembleSize): Promise<Solution[][]> {
    const { store, readOut, onProgress } = this.tools;
    let done = 0;
    const ensembles = models.map(async (model) => {
      store.putDieModel(model);
      const solutions = await this.#train(size, aroundDie(model, PAPER_SHAPE, readOut), null);
      done += 1;
      onProgress?.('training hardware-aware, dies', done, models.length);
      return solutions;
    });
    return Promise.all(ensembles);
  }

  /** Trained on uniformly drawn maps: a weight is defective with `defectRate` and then worth ±`wSat`. */
  statisticsAware(defectRate: number, wSat: number, size: EnsembleSize): Promise<Solution[]> {
    const statistics: DefectStatistics = { source: 'uniform', defectRate, wSat };
    return this.#train(size, { ...WITHOUT_DIES, ensemble: { kind: 'statistics-aware' }, statistics });
  }

  /** Trained on maps drawn from the population of the given dies. */
  populationAware(models: readonly DieModel[], rateScale: number, size: EnsembleSize): Promise<Solution[]> {
    for (const model of models) this.tools.store.putDieModel(model);
    return this.#train(size, onPopulation(models, PAPER_SHAPE, this.tools.readOut, rateScale));
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
    training: TrainingOfDies,
    onProgress: CampaignTools['onProgress'] | null = this.tools.onProgress,
  ): Promise<Solution[]> {
    const { store, trainer, softwareVersion, signal } = this.tools;
    const { ensemble, statistics, source, dieModelId, populationDieModelIds } = training;
    return trainStored(store, trainer, {
      ensemble: {
        ...ensemble,
        parameters: { ...DEFAULT_PARAMETERS, epochs, statistics },
        seed,
        provenance: { softwareVersion, dieModelId, populationDieModelIds, mappingSha256: null },
      },
      count,
      source,
      signal,
      onProgress: ({ epochsDone, epochsTotal }) => onProgress?.(`training ${ensemble.kind}`, epochsDone, epochsTotal),
    });
  }
}

/** A training by what it takes from dies; one that takes nothing has no source. */
type TrainingOfDies = Omit<DiesInTraining, 'source'> & { readonly source: object | null };

const WITHOUT_DIES = { source: null, dieModelId: null, populationDieModelIds: [] };
