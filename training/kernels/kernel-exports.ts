/** The kernels' exports, as training/kernels/assembly/kernel.ts documents them. Addresses are bytes. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  configure(inputs: number, hidden: number, outputs: number, batch: number, images: number, entries: number): void;
  setNetwork(gain1: number, gain2: number, activation: number): void;
  useUniformMaps(inverseLog: number, wSat: number, pass: boolean, records1: number, records2: number): number;
  useListedMaps(pass: boolean, records1: number, records2: number): void;
  useDieCorrection(records: number): number;
  listedStart(layer: 1 | 2): number;
  listedRecords(layer: 1 | 2): number;
  refreshWeights(): void;
  takeWeights(): void;
  gradients(): number;
  update(rate: number, beta1: number, beta2: number, secondScale: number, epsilon: number, clip: number): void;
  infer(used: number): void;
  predict(used: number, out: number): void;
  hiddenStride(): number;
  outputStride(): number;
  addressOfImageStart(): number;
  addressOfImageEntries(): number;
  addressOfLabels(): number;
  addressOfOrder(): number;
  addressOfWeights(): number;
  addressOfLatent(): number;
  addressOfMoment1(): number;
  addressOfMoment2(): number;
  addressOfGradient(): number;
  addressOfActivations(): number;
  addressOfOutputs(): number;
  addressOfDefectStart(layer: 1 | 2): number;
}

/** Codes of the hidden activations, as the kernels know them. */
export const ACTIVATION_CODES = { tanh: 0, 'hard-tanh': 1, relu: 2 } as const;
