import type { LineKind } from '../../drivers/capabilities.ts';
import type { PadMap } from '../../wafer/pad-map.ts';
import type {
  CheckOutcome,
  CheckSummary,
  LineFault,
  SelfTestCheck,
  SelfTestFinding,
  TestedLine,
} from './self-test-report.ts';

/** Collects what the checks find and which lines later checks must leave out. */
export class FindingBook {
  readonly #pads: PadMap;
  #findings: SelfTestFinding[] = [];
  readonly #summaries = new Map<SelfTestCheck, CheckSummary>();

  constructor(pads: PadMap) {
    this.#pads = pads;
  }

  get findings(): readonly SelfTestFinding[] {
    return this.#findings;
  }

  get summaries(): readonly CheckSummary[] {
    return [...this.#summaries.values()];
  }

  add(
    check: SelfTestCheck,
    fault: LineFault,
    kind: LineKind | 'enable',
    indices: readonly number[],
    text: string,
  ): void {
    const pads = { row: this.#pads.rows, column: this.#pads.columns, enable: this.#pads.enableLines }[kind];
    const lines = indices.toSorted((a, b) => a - b).map((index) => ({ kind, index, pad: pads[index] }));
    this.#findings.push({ check, fault, lines, text, blames: 'bench' });
  }

  /** A line that works on another die: the finding stays, the bench is not to blame. */
  blameDie(kind: LineKind, index: number): void {
    this.#findings = this.#findings.map((finding) => {
      const isIt = finding.fault === 'open' && finding.lines.some((line) => line.kind === kind && line.index === index);
      return isIt ? { ...finding, blames: 'die', text: `${finding.text}; it conducts on another die` } : finding;
    });
  }

  /** Lines that were open on every die so far. */
  openOnEveryDie(): TestedLine[] {
    const open = this.#findings.filter(({ fault, blames }) => fault === 'open' && blames === 'bench');
    return open.flatMap(({ lines }) => lines);
  }

  names(kind: LineKind | 'enable', index: number, only?: LineFault): boolean {
    return this.#findings.some(
      ({ fault, lines }) =>
        (only === undefined || fault === only) && lines.some((line) => line.kind === kind && line.index === index),
    );
  }

  has(...faults: readonly LineFault[]): boolean {
    return this.#findings.some(({ fault }) => faults.includes(fault));
  }

  /** Closes a check: failed when it found something, else as given. */
  close(check: SelfTestCheck, outcome: CheckOutcome, text: string): void {
    this.#summaries.set(check, { check, outcome, text });
  }

  /** The summaries with the outcome that the findings leave in the end. */
  settled(): CheckSummary[] {
    return this.summaries.map((summary) => {
      const own = this.#findings.filter(({ check }) => check === summary.check);
      const toBlame = own.filter(({ blames }) => blames === 'bench').length;
      if (toBlame > 0) return { ...summary, outcome: 'failed', text: `${toBlame} found` };
      return own.length > 0 ? { ...summary, text: `${summary.text}; ${own.length} of the die` } : summary;
    });
  }
}
