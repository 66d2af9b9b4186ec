/**
 * The cheapest assignment of every worker to a job of its own: the Hungarian method with potentials and shortest
 * augmenting paths (Kuhn 1955; Jonker and Volgenant 1987), O(workers² × jobs).
 *
 * @param cost workers × jobs, row after row, finite; at least as many jobs as workers
 * @returns the job of each worker
 */
export function cheapestAssignment(cost: Float64Array, workers: number, jobs: number): number[] {
  if (workers > jobs || cost.length !== workers * jobs) {
    throw new RangeError(`${workers} workers and ${jobs} jobs with ${cost.length} costs make no assignment`);
  }
  const search = new AugmentingSearch(cost, jobs, workers);
  for (let worker = 0; worker < workers; worker++) search.add(worker);
  return search.jobOf(workers);
}

/** Total cost of an assignment. */
export function assignmentCost(cost: Float64Array, jobs: number, jobOfWorker: readonly number[]): number {
  return jobOfWorker.reduce((sum, job, worker) => sum + cost[worker * jobs + job], 0);
}

/** Keeps dual potentials and the matching of the workers added so far; job number `jobs` is the search's root. */
class AugmentingSearch {
  readonly #cost: Float64Array;
  readonly #jobs: number;
  readonly #workerPotential: Float64Array;
  readonly #jobPotential: Float64Array;
  readonly #workerOf: Int32Array;

  constructor(cost: Float64Array, jobs: number, workers: number) {
    this.#cost = cost;
    this.#jobs = jobs;
    this.#workerPotential = new Float64Array(workers);
    this.#jobPotential = new Float64Array(jobs + 1);
    this.#workerOf = new Int32Array(jobs + 1).fill(-1);
  }

  /** Adds a worker by the cheapest path of reassignments that ends in a free job. */
  add(worker: number): void {
    const jobs = this.#jobs;
    const least = new Float64Array(jobs).fill(Number.POSITIVE_INFINITY);
    const cameFrom = new Int32Array(jobs).fill(-1);
    const settled = new Uint8Array(jobs + 1);
    let at = jobs;
    this.#workerOf[at] = worker;
    do {
      settled[at] = 1;
      const next = this.#relax(at, least, cameFrom, settled);
      this.#shift(least[next], least, settled);
      at = next;
    } while (this.#workerOf[at] !== -1);
    while (at !== jobs) {
      const previous = cameFrom[at];
      this.#workerOf[at] = this.#workerOf[previous];
      at = previous;
    }
  }

  /** Looks from the worker that holds job `at`; returns the nearest job not settled yet. */
  #relax(at: number, least: Float64Array, cameFrom: Int32Array, settled: Uint8Array): number {
    const worker = this.#workerOf[at];
    let nearest = -1;
    for (let job = 0; job < this.#jobs; job++) {
      if (settled[job]) continue;
      const reduced = this.#cost[worker * this.#jobs + job] - this.#workerPotential[worker] - this.#jobPotential[job];
      if (reduced < least[job]) {
        least[job] = reduced;
        cameFrom[job] = at;
      }
      if (nearest === -1 || least[job] < least[nearest]) nearest = job;
    }
    return nearest;
  }

  #shift(by: number, least: Float64Array, settled: Uint8Array): void {
    for (let job = 0; job <= this.#jobs; job++) {
      if (settled[job]) {
        this.#workerPotential[this.#workerOf[job]] += by;
        this.#jobPotential[job] -= by;
      } else if (job < this.#jobs) least[job] -= by;
    }
  }

  jobOf(workers: number): number[] {
    const jobs = new Array<number>(workers);
    for (let job = 0; job < this.#jobs; job++) {
      if (this.#workerOf[job] !== -1) jobs[this.#workerOf[job]] = job;
    }
    return jobs;
  }
}
