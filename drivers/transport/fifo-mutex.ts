/** One holder at a time, in the order of arrival. */
export class FifoMutex {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` when its turn comes; a waiter whose signal aborts gives up its place at once. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#tail;
    const done = Promise.withResolvers<void>();
    this.#tail = turn.then(() => done.promise);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abandon = () => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await Promise.race([turn, aborted]);
      signal.throwIfAborted();
      return await work();
    } finally {
      signal.removeEventListener('abort', abandon);
      done.resolve();
    }
  }
}
