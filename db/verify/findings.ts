/** `problem`: the file is not sound. `notice`: it is, and a reader should know. */
export type Severity = 'problem' | 'notice';

export interface Finding {
  readonly severity: Severity;
  readonly text: string;
}

/** One check: what was looked at, how much of it, and what was found. */
export interface CheckResult {
  readonly name: string;
  /** Things examined: rows, cells, positions. */
  readonly examined: number;
  readonly findings: readonly Finding[];
  /** Findings beyond the listed ones. */
  readonly more: number;
}

// A file that is wrong throughout needs no list of a million lines.
const MOST_LISTED = 20;

/** Collects the findings of one check. */
export class CheckLog {
  private readonly name: string;
  private readonly findings: Finding[] = [];
  private problemCount = 0;
  private more = 0;
  examined = 0;

  constructor(name: string) {
    this.name = name;
  }

  problem(text: string): void {
    this.problemCount += 1;
    this.add({ severity: 'problem', text });
  }

  notice(text: string): void {
    this.add({ severity: 'notice', text });
  }

  get problems(): number {
    return this.problemCount;
  }

  result(): CheckResult {
    return { name: this.name, examined: this.examined, findings: this.findings, more: this.more };
  }

  private add(finding: Finding): void {
    if (this.findings.length < MOST_LISTED) this.findings.push(finding);
    else this.more += 1;
  }
}
