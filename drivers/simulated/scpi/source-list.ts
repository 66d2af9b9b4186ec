import { parseNumber } from './parameter.ts';
import { ScpiError } from './scpi-error.ts';

/** What a family lets into a source list. */
export interface ListLimits {
  readonly perCommand: number;
  readonly total: number;
  readonly largest: number;
}

/** The values that a list sweep steps through. Of too many values in one command the first are taken, with -223. */
export class SourceList {
  values: number[] = [];
  private readonly limits: ListLimits;
  private readonly unit: string;

  constructor(limits: ListLimits, unit: string) {
    this.limits = limits;
    this.unit = unit;
  }

  replace(parameters: readonly string[]): void {
    this.values = [];
    this.append(parameters);
  }

  append(parameters: readonly string[]): void {
    const added = this.parsed(parameters);
    if (this.values.length + added.length > this.limits.total) throw new ScpiError(-223);
    this.values.push(...added);
    if (parameters.length > this.limits.perCommand) throw new ScpiError(-223);
  }

  private parsed(parameters: readonly string[]): number[] {
    if (parameters.length === 0) throw new ScpiError(-109);
    const values = parameters.slice(0, this.limits.perCommand).map((text) => parseNumber(text, this.unit));
    if (values.some((value) => Math.abs(value) > this.limits.largest)) throw new ScpiError(-222);
    return values;
  }
}
