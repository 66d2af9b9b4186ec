import type { StopRequest } from './stop-request.ts';

/** What of `process` is needed here. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * First Ctrl-C: finish the sweep, store it, stop safely. Second: abort the sweep, stop safely. SIGTERM and a closed
 * terminal stop like the first Ctrl-C. Ctrl-Z (SIGTSTP) pauses instead of suspending the program, which would leave the
 * bench alone; Ctrl-Z again, or SIGCONT, goes on. Returns the function that takes the handlers away again.
 */
export function stopOnSignals(
  stop: StopRequest,
  tell: (text: string) => void,
  source: SignalSource = process,
): () => void {
  const interrupt = () => {
    if (stop.reason === null) {
      tell('Stopping after this sweep; the bench will be made safe. Ctrl-C again aborts the sweep.');
      stop.finish('Ctrl-C');
      return;
    }
    tell('Aborting; the bench is being made safe.');
    stop.abort('aborted by a second Ctrl-C');
  };
  const terminate = () => {
    tell('Asked to terminate: stopping after this sweep; the bench will be made safe.');
    stop.finish('SIGTERM');
  };
  const goOn = () => {
    if (stop.paused === null) return;
    tell('Going on.');
    stop.resume();
  };
  const pause = () => {
    if (stop.paused !== null) {
      goOn();
      return;
    }
    tell('Pausing after this sweep, source at 0 V. p or Ctrl-Z (or SIGCONT) goes on, q or Ctrl-C stops.');
    stop.pause('Ctrl-Z');
  };
  source.on('SIGTSTP', pause);
  source.on('SIGCONT', goOn);
  source.on('SIGINT', interrupt);
  source.on('SIGTERM', terminate);
  source.on('SIGHUP', terminate);
  return () => {
    source.off('SIGTSTP', pause);
    source.off('SIGCONT', goOn);
    source.off('SIGINT', interrupt);
    source.off('SIGTERM', terminate);
    source.off('SIGHUP', terminate);
  };
}
