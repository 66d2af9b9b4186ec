/**
 * A voltage source with a current limit behind a conductance, as seen by Newton's method: I(v) = g · (V − v) between
 * −limit and +limit, constant beyond. Which of the three pieces holds is kept explicitly and changes only when a step
 * reaches a corner, and the step ends there. On such piecewise-linear monotone characteristics that walk always arrives
 * (Katzenelson's algorithm), where a plain Newton step can jump between the pieces for ever.
 */
export class LimitedSource {
  siemens = 0;
  volts = 0;
  limitAmps = 0;
  /** 0: the voltage is held; +1: delivers the limit; −1: takes the limit. */
  mode: -1 | 0 | 1 = 0;
  #crossed: -1 | 0 | 1 = 0;

  /** Sets the source, holding its voltage. */
  set(siemens: number, volts: number, limitAmps: number): void {
    this.siemens = siemens;
    this.volts = volts;
    this.limitAmps = limitAmps;
    this.mode = 0;
  }

  /** Current out of the source into a node at `v`. */
  amps(v: number): number {
    return this.mode === 0 ? this.siemens * (this.volts - v) : this.mode * this.limitAmps;
  }

  /** −dI/dv on the present piece. */
  get slope(): number {
    return this.mode === 0 ? this.siemens : 0;
  }

  /** Fraction of a step `dv` from `v` after which a corner is reached; Infinity when none lies ahead. */
  cornerFraction(v: number, dv: number): number {
    if (dv === 0 || this.siemens === 0) return Number.POSITIVE_INFINITY;
    const half = this.limitAmps / this.siemens;
    if (this.mode === 0) {
      this.#crossed = dv > 0 ? -1 : 1;
      return Math.max(0, (this.volts - this.#crossed * half - v) / dv);
    }
    this.#crossed = 0;
    // Back to the held piece: upwards when the limit is delivered, downwards when it is taken.
    if (dv > 0 !== this.mode > 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, (this.volts - this.mode * half - v) / dv);
  }

  /** Goes over to the piece behind the corner that `cornerFraction` found last. */
  cross(): void {
    this.mode = this.#crossed;
  }
}

/** Longest step taken at once: keeps the diodes' exponentials in reach. */
const LONGEST_STEP_VOLTS = 0.5;

/**
 * The part of a Newton step that may be taken, 0 … 1: up to the nearest corner of any source, which is then crossed.
 * `largestVolts` is the largest change of any node.
 */
export function walkToCorner(
  sources: readonly LimitedSource[],
  v: (source: number) => number,
  dv: (source: number) => number,
  largestVolts: number,
): number {
  let fraction = Math.min(1, LONGEST_STEP_VOLTS / largestVolts);
  let corner = -1;
  for (let i = 0; i < sources.length; i++) {
    const reach = sources[i].cornerFraction(v(i), dv(i));
    if (reach >= fraction) continue;
    fraction = reach;
    corner = i;
  }
  if (corner >= 0) sources[corner].cross();
  return fraction;
}
