import { type SolvableCrossbar, solveVoltages, terminalCurrents } from './crossbar-network.ts';

/** Right-hand sides solved together: enough to amortise reading the factor, few enough to stay in tens of megabytes. */
const VECTORS_AT_ONCE = 25;

/**
 * What a linear die does to any input, exactly: amps at each output terminal per volt at each input terminal, all other
 * terminals at 0 V. Row by row, siemens[output × inputs.length + input]; current is positive out of the terminal into the array.
 */
export function transferMatrix(
  crossbar: SolvableCrossbar,
  inputs: readonly number[],
  outputs: readonly number[],
): Float64Array {
  const siemens = new Float64Array(outputs.length * inputs.length);
  for (let first = 0; first < inputs.length; first += VECTORS_AT_ONCE) {
    const count = Math.min(VECTORS_AT_ONCE, inputs.length - first);
    const volts = new Float64Array(crossbar.terminals.length * count);
    for (let k = 0; k < count; k++) volts[inputs[first + k] * count + k] = 1;
    const amps = terminalCurrents(crossbar, volts, solveVoltages(crossbar, volts, count));
    outputs.forEach((terminal, row) => {
      for (let k = 0; k < count; k++) siemens[row * inputs.length + first + k] = amps[terminal * count + k];
    });
  }
  return siemens;
}
