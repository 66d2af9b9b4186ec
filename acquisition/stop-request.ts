import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/**
 * How a running session is asked to end. `finish`: the sweep in flight is read and stored, then the session stops.
 * `abort`: waits end at once. Either way the bench is made safe before the session returns.
 */
export class StopRequest {
  readonly #controller = new AbortController();
  #reason: string | null = null;

  /** Aborted by `abort`; every wait of the session hangs on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the session was asked to stop, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  finish(reason: string): void {
    this.#reason ??= reason;
  }

  abort(cause: string | Error): void {
    const error = typeof cause === 'string' ? aborted(cause) : cause;
    this.#reason ??= error.message;
    this.#controller.abort(error);
  }
}

function aborted(what: string): TunnelbenchError {
  const remedy = 'The bench was made safe as the session record says; continue with "tunnelbench resume".';
  return new TunnelbenchError('TB_ABORTED', { thing: 'session', what, remedy });
}
