import type { Plan } from './plan.ts';
import type { EarlierWork } from './session-store.ts';

/** Which dies are to be measured once more, by the plan or because somebody asked, and which repetitions have begun. */
export class DieRepetitions {
  readonly #plan: Plan;
  readonly #earlier: EarlierWork;
  readonly #known = new Map<number, { asked: number; begun: number }>();

  constructor(plan: Plan, earlier: EarlierWork) {
    this.#plan = plan;
    this.#earlier = earlier;
  }

  ask(dieOrdinal: number): void {
    this.#of(dieOrdinal).asked += 1;
  }

  begin(dieOrdinal: number): void {
    this.#of(dieOrdinal).begun += 1;
  }

  /** Repetitions that have not begun. */
  left(dieOrdinal: number): number {
    const { asked, begun } = this.#of(dieOrdinal);
    return (this.#plan.repeatDies?.includes(dieOrdinal) ? 1 : 0) + asked - begun;
  }

  #of(dieOrdinal: number): { asked: number; begun: number } {
    const known = this.#known.get(dieOrdinal) ?? { asked: 0, begun: 0, ...this.#earlier.repeats?.(dieOrdinal) };
    this.#known.set(dieOrdinal, known);
    return known;
  }
}
