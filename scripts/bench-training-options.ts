import { TABLE_NAMES } from '../training/dataset/load-table.ts';
import type { AmplitudePolicy } from '../training/in-situ/amplitude.ts';
import type { UpdateScheme } from '../training/in-situ/in-situ-parameters.ts';

export const PROBLEM_NAMES = ['mnist', ...TABLE_NAMES] as const;

export interface BenchTrainingOptions {
  readonly bench: string;
  readonly measured?: string;
  readonly die?: string;
  readonly recipe?: string;
  readonly problem: (typeof PROBLEM_NAMES)[number];
  readonly fold: number;
  readonly hidden?: number;
  readonly pairs: number;
  readonly epochs?: number;
  readonly update: UpdateScheme;
  readonly amplitude: AmplitudePolicy;
  readonly exponent: '1' | '2';
  readonly judge: 'validation' | 'test';
  readonly seed: number;
  readonly journal?: string;
  readonly report?: string;
  readonly deadline?: number;
  readonly dryRun?: boolean;
}
