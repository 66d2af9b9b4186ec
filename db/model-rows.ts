/** Rows of a model store as SQLite returns them, and the records they become. */
import { blobToArray } from './array-blob.ts';
import type { CampaignRecord, StoredEmulation, StoredSolution } from './model-records.ts';

export interface CampaignRow {
  readonly id: string;
  readonly kind: string;
  readonly sha256: string;
  readonly spec_json: string;
  readonly created_at: string;
}

export function campaignOf({ id, kind, sha256: hash, spec_json, created_at }: CampaignRow): CampaignRecord {
  return { id, kind, spec: JSON.parse(spec_json), sha256: hash, createdAt: created_at };
}

export interface SolutionRow {
  readonly id: string;
  readonly kind: string;
  readonly campaign_id: string | null;
  readonly member: number | null;
  readonly shape_json: string;
  readonly signs1: Buffer;
  readonly signs2: Buffer;
  readonly hyper_json: string;
  readonly seed: number;
  readonly kernel_build: string;
  readonly validation_errors: number;
  readonly validation_images: number;
  readonly provenance_json: string;
  readonly created_at: string;
}

export function solutionOf(row: SolutionRow): StoredSolution {
  const { campaign_id: campaignId, member } = row;
  return {
    id: row.id,
    kind: row.kind,
    membership: campaignId === null || member === null ? null : { campaignId, member },
    shape: JSON.parse(row.shape_json),
    signs1: blobToArray('int8', row.signs1),
    signs2: blobToArray('int8', row.signs2),
    hyper: JSON.parse(row.hyper_json),
    seed: row.seed,
    kernelBuild: row.kernel_build,
    validationErrors: row.validation_errors,
    validationImages: row.validation_images,
    provenance: JSON.parse(row.provenance_json),
    createdAt: row.created_at,
  };
}

export interface EmulationRow {
  readonly solution_id: string;
  readonly die_model_id: string;
  readonly conditions_json: string;
  readonly errors: number;
  readonly images: number;
  readonly accuracy: number;
  readonly confusion: Buffer | null;
  readonly created_at: string;
}

export function emulationOf(row: EmulationRow): StoredEmulation {
  return {
    solutionId: row.solution_id,
    dieModelId: row.die_model_id,
    conditions: JSON.parse(row.conditions_json),
    errors: row.errors,
    images: row.images,
    accuracy: row.accuracy,
    confusion: row.confusion === null ? null : blobToArray('uint32', row.confusion),
    createdAt: row.created_at,
  };
}
