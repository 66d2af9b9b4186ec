/** One holder at a time, in the order of arrival. A waiter whose signal aborts leaves the queue. */
export class FifoMutex {
  #tail: Promise<void> = Promise.resolve();

  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#tail;
    let release = () => {};
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await before;
      signal.throwIfAborted();
      return await work();
    } finally {
      release();
    }
  }
}
