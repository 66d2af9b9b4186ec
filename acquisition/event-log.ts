import type { EventLevel } from '../db/records.ts';
import type { SessionStore } from './session-store.ts';

/** Words of the events a session writes; the morning summary reads them back. */
export type EventKind =
  | 'bench-found'
  | 'instrument-errors'
  | 'contact-check'
  | 'touchdown'
  | 'chuck-temperature'
  | 'fingerprint'
  | 'gate-leakage'
  | 'residual-current'
  | 'loss'
  | 'adaptive-choice'
  | 'reference-drift'
  | 'line-open'
  | 'die-finished'
  | 'die-skipped'
  | 'die-repeat-asked'
  | 'die-repeated'
  | 'cells-unresolved'
  | 'session-paused'
  | 'session-resumed'
  | 'session-stopped'
  | 'session-failed'
  | 'watcher-failed'
  | 'safe-exit';

/** Writes events of one session. A write that fails ends the session through the store's own failure. */
export class EventLog {
  readonly #store: SessionStore;
  readonly #sessionId: string;
  readonly #now: () => number;

  constructor(store: SessionStore, sessionId: string, now: () => number) {
    this.#store = store;
    this.#sessionId = sessionId;
    this.#now = now;
  }

  async write(
    level: EventLevel,
    kind: EventKind,
    text: string,
    dieOrdinal: number | null = null,
    data?: unknown,
  ): Promise<void> {
    const dataJson = data === undefined ? null : JSON.stringify(data);
    await this.#store.addEvent({
      sessionId: this.#sessionId,
      atMs: this.#now(),
      level,
      kind,
      dieOrdinal,
      text,
      dataJson,
    });
  }
}
