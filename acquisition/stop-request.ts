import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/**
 * How a running session is asked to pause or to end. A pause: the sweep in flight is read and stored, then the session
 * waits with the source at 0 V, outputs on and needles down. `finish`: the sweep in flight is read and stored, then the session stops.
 * `abort`: waits end at once. Either way the bench is made safe before the session returns.
 */
export class StopRequest {
  readonly #controller = new AbortController();
  #reason: string | null = null;
  #pause: { readonly reason: string; readonly over: PromiseWithResolvers<void> } | null = null;

  /** Aborted by `abort`; every wait of the session hangs on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the session was asked to stop, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Why the session was asked to wait, or null. */
  get paused(): string | null {
    return this.#pause?.reason ?? null;
  }

  pause(reason: string): void {
    this.#pause ??= { reason, over: Promise.withResolvers() };
  }

  resume(): void {
    this.#pause?.over.resolve();
    this.#pause = null;
  }

  /** Resolves when nobody wants the session to wait any more; asking it to end also ends the wait. */
  async whenResumed(): Promise<void> {
    await this.#pause?.over.promise;
  }

  finish(reason: string): void {
    this.#reason ??= reason;
    this.resume();
  }

  abort(cause: string | Error): void {
    const error = typeof cause === 'string' ? aborted(cause) : cause;
    this.#reason ??= error.message;
    this.#controller.abort(error);
    this.resume();
  }
}

function aborted(what: string): TunnelbenchError {
  const remedy = 'The bench was made safe as the session record says; continue with "tunnelbench resume".';
  return new TunnelbenchError('TB_ABORTED', { thing: 'session', what, remedy });
}
