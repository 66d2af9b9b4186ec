import { type NodeVoltages, type SolvableCrossbar, solveInjected } from './crossbar-network.ts';

/**
 * Gradient of a loss with respect to the conductance of every cell, from one more solve (the adjoint method). `lossPerAmp` is dL/dI
 * of each terminal's current (terminalCurrents) for a single voltage vector, `solved` its node voltages (count 1). With
 * G·λ = w, w = −(dL/dI)/R at the terminals' nodes, dL/dg of a cell between nodes a and b is −(λ_a − λ_b)(v_a − v_b); the
 * nodal matrix is symmetric, so the transposed system is the system itself. Result in 1/S, index row × columns + column.
 */
export function cellGradient(crossbar: SolvableCrossbar, solved: NodeVoltages, lossPerAmp: Float64Array): Float64Array {
  const { symbolic, terminals, terminalNodes, array } = crossbar;
  const weights = new Float64Array(symbolic.nodeCount);
  terminals.forEach(({ ohms }, i) => {
    weights[terminalNodes[i]] -= lossPerAmp[i] / ohms;
  });
  const adjoint = solveInjected(crossbar, weights, 1);
  const cells = array.rows * array.columns;
  const { volts } = solved;
  return Float64Array.from(
    { length: cells },
    (_, cell) => -(adjoint[cell] - adjoint[cells + cell]) * (volts[cell] - volts[cells + cell]),
  );
}
