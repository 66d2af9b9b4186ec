/**
 * Where a network's weights sit in a crossbar, as data. A weight is the difference of two conductances in the two
 * adjacent columns 2p and 2p + 1 of column pair p. Layer 1 puts input i on row `inputRows[i]` and hidden unit j on pair
 * `hiddenPairs[j]`; layer 2 drives row `hiddenRows[j]` with hidden unit j and reads output k from pair
 * `outputPairs[k]`. Hidden values are read out and fed back as row voltages, so every permutation is wiring in software.
 *
 * A pair's sign says which column counts positive: +1 the even column, −1 the odd one.
 */
export interface Mapping {
  readonly inputRows: readonly number[];
  readonly hiddenPairs: readonly number[];
  readonly hiddenRows: readonly number[];
  readonly outputPairs: readonly number[];
  readonly hiddenPairSigns: readonly PairSign[];
  readonly outputPairSigns: readonly PairSign[];
}

export type PairSign = 1 | -1;
