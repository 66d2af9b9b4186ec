/** How a promise ended, as a value: for work that is awaited later and must never be an unheard rejection. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown };

export function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
