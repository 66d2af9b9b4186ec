/** One holder at a time, in the order of arrival. */
export class FifoMutex {
  #held = false;
  readonly #turns: (() => void)[] = [];

  /** Runs `work` when its turn comes; a waiter whose signal aborts gives up its place at once. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#held) await this.#turn(signal);
    else this.#held = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      // Handed from holder to holder: nobody can come in between.
      const next = this.#turns.shift();
      if (next === undefined) this.#held = false;
      else next();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abandon = () => {
      const place = this.#turns.indexOf(resolve);
      // Not there any more: the turn has come, and the holder sees to the abort.
      if (place === -1) return;
      this.#turns.splice(place, 1);
      reject(signal.reason);
    };
    this.#turns.push(resolve);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }
}
