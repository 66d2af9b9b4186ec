import type { EarlierWork, SessionStore } from '../../acquisition/session-store.ts';
import type {
  AttemptRecord,
  CellRecord,
  DieUpdate,
  EventRecord,
  InstrumentRecord,
  PlanRecord,
  SessionEnd,
  SessionRecord,
  SweepRecord,
} from '../../db/records.ts';

/** Keeps what a session writes, durable at once; can be made to fail after a number of writes. */
export class MemoryStore implements SessionStore {
  readonly plans: PlanRecord[] = [];
  readonly sessions: SessionRecord[] = [];
  readonly ends = new Map<string, { end: SessionEnd; safeStateJson: string | null }>();
  readonly instruments: InstrumentRecord[] = [];
  readonly attempts: AttemptRecord[] = [];
  readonly events: EventRecord[] = [];
  readonly sweeps: SweepRecord[] = [];
  readonly cells = new Map<string, CellRecord>();
  readonly dies = new Map<number, DieUpdate>();
  readonly cursors = new Map<number, number>();
  readonly failure: Promise<never>;
  failAfterSweeps = Number.POSITIVE_INFINITY;
  #fail: (error: Error) => void = () => {};
  #failed: Error | null = null;

  constructor() {
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {});
  }

  fail(error: Error): void {
    this.#failed = error;
    this.#fail(error);
  }

  async addPlan(plan: PlanRecord) {
    this.#check();
    this.plans.push(plan);
  }
  async addSession(session: SessionRecord) {
    this.#check();
    this.sessions.push(session);
  }
  async endSession(id: string, end: SessionEnd, safeStateJson: string | null) {
    this.#check();
    this.ends.set(id, { end, safeStateJson });
  }
  async addInstruments(instruments: readonly InstrumentRecord[]) {
    this.#check();
    this.instruments.push(...instruments);
  }
  async addAttempt(attempt: AttemptRecord) {
    this.#check();
    this.attempts.push(attempt);
  }
  async updateDie(die: number, update: DieUpdate) {
    this.#check();
    this.dies.set(die, { ...this.dies.get(die), ...update });
  }
  async addEvent(event: EventRecord) {
    this.#check();
    this.events.push(event);
  }
  addSweeps({ sweeps, cells, cursor }: Parameters<SessionStore['addSweeps']>[0]) {
    this.#check();
    this.sweeps.push(...sweeps);
    for (const cell of cells) this.cells.set(`${cell.dieOrdinal} ${cell.cell}`, cell);
    this.cursors.set(cursor.dieOrdinal, cursor.nextPosition);
    if (this.sweeps.length >= this.failAfterSweeps) this.fail(new Error('the disk is full'));
  }
  async ready() {
    this.#check();
  }
  async flush() {
    this.#check();
  }

  earlier(): EarlierWork {
    return {
      nextPosition: (die) => this.cursors.get(die) ?? 0,
      die: (die) => ({
        state: this.dies.get(die)?.state ?? 'untouched',
        touchdowns: this.dies.get(die)?.touchdowns ?? 0,
      }),
      knownCells: () => [],
    };
  }

  #check(): void {
    if (this.#failed !== null) throw this.#failed;
  }
}
