import { frontsAbove, VECTORS_AT_ONCE } from './cholesky.ts';
import {
  inBlocks,
  injectTerminals,
  isStiff,
  type SolvableCrossbar,
  solveVoltages,
  terminalCurrents,
} from './crossbar-network.ts';

/**
 * What a linear die does to any input, exactly: amps at each output terminal per volt at each input terminal, all other
 * terminals at 0 V. Row by row, siemens[output × inputs.length + input]; current is positive out of the terminal into the array.
 *
 * Only nodes at the terminals are injected into and asked for, so most of the factor need not be visited (sparse right-hand sides, J. R.
 * Gilbert, "Predicting structure in sparse matrix computations", SIAM J. Matrix Anal. Appl. 15, 1994).
 */
export function transferMatrix(
  crossbar: SolvableCrossbar,
  inputs: readonly number[],
  outputs: readonly number[],
): Float64Array {
  const siemens = new Float64Array(outputs.length * inputs.length);
  const { symbolic, terminals, terminalNodes } = crossbar;
  const stiff = isStiff(crossbar);
  const backward = frontsAbove(symbolic, nodesOf(outputs));
  for (let first = 0; first < inputs.length; first += VECTORS_AT_ONCE) {
    const own = inputs.slice(first, first + VECTORS_AT_ONCE);
    const count = own.length;
    const volts = new Float64Array(terminals.length * count);
    own.forEach((input, k) => {
      volts[input * count + k] = 1;
    });
    const keep = (amps: (terminal: number, k: number) => number) =>
      outputs.forEach((terminal, row) => {
        for (let k = 0; k < count; k++) siemens[row * inputs.length + first + k] = amps(terminal, k);
      });
    if (stiff) {
      const amps = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts, count));
      keep((terminal, k) => amps[terminal * count + k]);
      continue;
    }
    const chosen = { forward: frontsAbove(symbolic, nodesOf(own)), backward };
    inBlocks(crossbar, count, chosen, {
      inject: (x, width) => injectTerminals(crossbar, volts, count, x, width, 0, count),
      take: (x, width) =>
        keep(
          (terminal, k) =>
            (volts[terminal * count + k] - x[terminalNodes[terminal] * width + k]) / terminals[terminal].ohms,
        ),
    });
  }
  return siemens;

  function nodesOf(of: readonly number[]): number[] {
    return of.map((terminal) => terminalNodes[terminal]);
  }
}
