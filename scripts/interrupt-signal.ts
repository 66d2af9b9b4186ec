import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the process at once. Dispose of it to stop listening. */
export function interruptSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(
      new TunnelbenchError('TB_ABORTED', {
        thing: 'computation',
        what: 'it was interrupted',
        remedy: 'Repeat the command: it goes on where it stopped.',
      }),
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
