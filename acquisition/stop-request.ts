import { setTimeout as sleep } from 'node:timers/promises';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** What somebody wants done with the die under the needles instead of measuring it on. */
export type DieWish = 'skip' | 'repeat';

/**
 * How a running session is asked to pause, to leave a die, or to end. A pause: the sweep in flight is read and stored, then
 * the session waits with the source at 0 V, outputs on and needles down. `leaveDie`: the same sweep is the last of this visit.
 * `finish`: the sweep in flight is read and stored, then the session stops. `abort`: waits end at once. Either way the bench
 * is made safe before the session returns.
 */
export class StopRequest {
  readonly #controller = new AbortController();
  #reason: string | null = null;
  readonly #ended = Promise.withResolvers<void>();
  #wish: DieWish | null = null;
  #halted = false;
  #pause: { readonly reason: string; readonly over: PromiseWithResolvers<void> } | null = null;

  /** Aborted by `abort`; every wait of the session hangs on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the session was asked to stop, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Resolves when the session is asked to stop. */
  get whenEnding(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why the session was asked to wait, or null. */
  get paused(): string | null {
    return this.#pause?.reason ?? null;
  }

  /** Whether the die under the needles is to be left after the sweep in flight: to end, or as somebody wished. */
  get leavesDie(): boolean {
    return this.#reason !== null || this.#wish !== null;
  }

  /** Leaves the die: to skip what is left of it, or to touch it and measure it again from its beginning. Ends a pause. */
  leaveDie(wish: DieWish): void {
    this.#wish = wish;
    this.resume();
  }

  /** The wish, which then is fulfilled. */
  takeWish(): DieWish | null {
    const wish = this.#wish;
    this.#wish = null;
    return wish;
  }

  pause(reason: string): void {
    this.#pause ??= { reason, over: Promise.withResolvers() };
  }

  /** A pause between dies that the session itself asked for. */
  halt(reason: string): void {
    this.#halted = true;
    this.pause(reason);
  }

  get halted(): boolean {
    return this.#halted;
  }

  resume(): void {
    this.#pause?.over.resolve();
    this.#pause = null;
    this.#halted = false;
  }

  /** Resolves with true when nobody wants the session to wait any more; asking it to end also ends the wait. */
  async whenResumed(mostSeconds: number | null = null): Promise<boolean> {
    const over = this.#pause?.over.promise;
    if (over === undefined) return true;
    const goesOn = over.then(() => true);
    if (mostSeconds === null) return await goesOn;
    const clock = new AbortController();
    const tooLong = sleep(mostSeconds * 1000, false, { signal: clock.signal }).catch(() => false);
    try {
      return await Promise.race([goesOn, tooLong]);
    } finally {
      clock.abort();
    }
  }

  finish(reason: string): void {
    this.#reason ??= reason;
    this.#ended.resolve();
    this.resume();
  }

  abort(cause: string | Error): void {
    const error = typeof cause === 'string' ? aborted(cause) : cause;
    this.#reason ??= error.message;
    this.#ended.resolve();
    this.#controller.abort(error);
    this.resume();
  }
}

function aborted(what: string): TunnelbenchError {
  const remedy = 'The bench was made safe as the session record says; continue with "tunnelbench resume".';
  return new TunnelbenchError('TB_ABORTED', { thing: 'session', what, remedy });
}
