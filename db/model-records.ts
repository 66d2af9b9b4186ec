/** The rows of a model store as TypeScript sees them. What is only carried along is `object`: its room knows the type. */

/** A set of solutions trained from one specification; member i of the same campaign is always the same training. */
export interface CampaignRecord {
  readonly id: string;
  /** What the specification describes, e.g. "training". */
  readonly kind: string;
  readonly spec: object;
  /** Of the specification with sorted keys. */
  readonly sha256: string;
  readonly createdAt: string;
}

export interface SolutionRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly kind: string;
  readonly shape: object;
  /** ±1 per weight of each layer. */
  readonly signs1: Int8Array;
  readonly signs2: Int8Array;
  readonly hyper: object;
  readonly seed: number;
  readonly kernelBuild: string;
  readonly validationErrors: number;
  readonly validationImages: number;
  /** A `dieModelId` in it becomes a column. */
  readonly provenance: object;
}

/** Where a solution belongs: member `member` of a campaign. */
export interface Membership {
  readonly campaignId: string;
  readonly member: number;
}

export interface StoredSolution extends SolutionRecord {
  readonly membership: Membership | null;
  readonly createdAt: string;
}

export interface SolutionFilter {
  readonly kind?: string;
  readonly campaignId?: string;
  /** Trained around this die. */
  readonly dieModelId?: string;
}

/** A solution evaluated on a die model under conditions; there is one result for each such triple. */
export interface EmulationRecord {
  readonly solutionId: string;
  readonly dieModelId: string;
  readonly conditions: object;
  readonly errors: number;
  readonly images: number;
  /** Row-major counts, index = true class × classes + predicted class; null where not kept. */
  readonly confusion: Uint32Array | null;
}

export interface StoredEmulation extends EmulationRecord {
  /** 1 − errors/images. */
  readonly accuracy: number;
  readonly createdAt: string;
}

export interface EmulationFilter {
  readonly solutionId?: string;
  readonly dieModelId?: string;
  readonly campaignId?: string;
  readonly conditions?: object;
}
