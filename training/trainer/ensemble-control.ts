/** Memory shared between the thread that asks for an ensemble and the threads that train it. */

/** Not 0: stop at the next step. */
export const STOP = 0;
/** Epochs finished, all members together. */
export const EPOCHS_DONE = 1;

export function ensembleControl(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}
