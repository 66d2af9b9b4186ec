/** Sparse Cholesky of a crossbar's nodal matrix by the multifrontal method. See symbolic-factorisation.ts for the method's source. */
export { describe, ensureBytes } from './fronts';
export { factorise } from './factorise';
export { backwardEight, backwardOne, forwardEight, forwardOne } from './solve';
