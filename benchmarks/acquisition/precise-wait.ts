/** A timer alone is a millisecond late on average: from here on the event loop is turned instead, serving sockets meanwhile. */
const TURN_MILLISECONDS = 2;

/** Calls back when the time has passed, to within one turn of the event loop; at once for 0. */
export function preciseWait(seconds: number, done: () => void): void {
  const due = performance.now() + 1000 * seconds;
  const turn = () => {
    if (performance.now() >= due) done();
    else setImmediate(turn);
  };
  const sleep = 1000 * seconds - TURN_MILLISECONDS;
  if (sleep > 0) setTimeout(turn, sleep);
  else if (seconds > 0) turn();
  else done();
}
