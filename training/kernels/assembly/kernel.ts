/** What the host may call. Everything happens here; the host only shuffles images and sets rates. */
import { correctGradient, correctWeights, reserveDieCorrection } from './die-correction';
import { correctHiddenError, correctOutputs, maskGradients, RECORD } from './defects';
import { reserveGaps, setInverseLog } from './gaps';
import { hiddenForward, hiddenGradient, listColumns, throughActivation } from './hidden-layer';
import { listedRecords, listedStart, reserveListedMaps, takeListedMaps } from './listed-maps';
import {
  activations,
  batch,
  defectStart1,
  defectStart2,
  gradient,
  hiddenRow,
  imageEntries,
  imageStart,
  labels,
  latent,
  layOut,
  moment1,
  moment2,
  order,
  outputError,
  outputRow,
  outputs,
  reserveDefectRecords,
  weights,
} from './memory';
import { adam, binarise, transposeOutputWeights } from './optimiser';
import { lossAndError, outputBackward, outputForward, outputGradient } from './output-layer';
import { drawUniformMaps } from './uniform-maps';

const NO_MAPS: i32 = 0;
const UNIFORM_MAPS: i32 = 1;
const LISTED_MAPS: i32 = 2;

let gain1: f32 = 1;
let gain2: f32 = 1;
let activation: i32 = 0;
let maps: i32 = NO_MAPS;
let wSat: f32 = 0;
let passGradient: bool = false;

/** Lays out memory. To be called once, before anything else. */
export function configure(inputs: u32, hidden: u32, outputs: u32, batch: u32, images: u32, entries: u32): void {
  layOut(inputs, hidden, outputs, batch, images, entries);
}

export function setNetwork(layer1Gain: f32, layer2Gain: f32, hiddenActivation: i32): void {
  gain1 = layer1Gain;
  gain2 = layer2Gain;
  activation = hiddenActivation;
}

/** Statistics-aware, uniform. Returns the address of the generators' 16 words of state, for the host to seed. */
export function useUniformMaps(inverseLog: f32, saturation: f32, pass: bool, records1: u32, records2: u32): usize {
  maps = UNIFORM_MAPS;
  wSat = saturation;
  passGradient = pass;
  reserveDefectRecords(records1, records2, <u32>RECORD);
  const state = reserveGaps();
  setInverseLog(inverseLog);
  return state;
}

/** Statistics-aware with maps that the host writes before each step; to be called again when they outgrow the room. */
export function useListedMaps(pass: bool, records1: u32, records2: u32): void {
  maps = LISTED_MAPS;
  passGradient = pass;
  reserveDefectRecords(records1, records2, <u32>RECORD);
  reserveListedMaps(records1, records2);
}

/** Hardware-aware: returns the address of the list that the host fills. */
export function useDieCorrection(records: u32): usize {
  return reserveDieCorrection(records);
}

export { listedStart, listedRecords };

/** Effective weights from latent weights that the host has set. */
export function refreshWeights(): void {
  binarise();
  correctWeights();
  transposeOutputWeights();
}

/** For inference: the host has written `weights`. */
export function takeWeights(): void {
  transposeOutputWeights();
}

/** Forward, loss and backward over the batch in `order`; returns the mean loss. */
export function gradients(): f64 {
  const withDefects = maps != NO_MAPS;
  if (maps == UNIFORM_MAPS) drawUniformMaps(wSat, passGradient ? 1 : 0);
  else if (maps == LISTED_MAPS) takeListedMaps(passGradient);

  listColumns();
  hiddenForward(batch, gain1, activation, withDefects);
  outputForward(batch);
  if (withDefects) correctOutputs();
  const loss = lossAndError(gain2);
  outputBackward();
  if (withDefects) correctHiddenError();
  throughActivation(gain1, activation);
  outputGradient();
  hiddenGradient();
  if (withDefects && !passGradient) maskGradients();
  correctGradient();
  return loss / <f64>batch;
}

/** The optimiser's part of a step. */
export function update(rate: f32, beta1: f32, beta2: f32, secondScale: f32, epsilon: f32, clip: f32): void {
  adam(rate, beta1, beta2, secondScale, epsilon, clip);
  correctWeights();
  transposeOutputWeights();
}

/** Weighted sums of the outputs, without the gain, of the first `used` images in `order`. */
export function infer(used: u32): void {
  hiddenForward(used, gain1, activation, false);
  outputForward(used);
}

/** Number of the largest output of each of the first `used` rows, one byte each; the first of equals. */
export function predict(used: u32, out: usize): void {
  for (let b: usize = 0; b < used; b++) {
    const row = outputError + b * outputRow;
    let best: u32 = 0;
    let most = load<f32>(row);
    for (let k: u32 = 1; k < outputs; k++) {
      const z = load<f32>(row + (<usize>k << 2));
      if (z > most) {
        most = z;
        best = k;
      }
    }
    store<u8>(out + b, <u8>best);
  }
}

export function hiddenStride(): u32 {
  return <u32>hiddenRow >>> 2;
}

export function outputStride(): u32 {
  return <u32>outputRow >>> 2;
}

export function addressOfImageStart(): usize {
  return imageStart;
}
export function addressOfImageEntries(): usize {
  return imageEntries;
}
export function addressOfLabels(): usize {
  return labels;
}
export function addressOfOrder(): usize {
  return order;
}
export function addressOfWeights(): usize {
  return weights;
}
export function addressOfLatent(): usize {
  return latent;
}
export function addressOfMoment1(): usize {
  return moment1;
}
export function addressOfMoment2(): usize {
  return moment2;
}
export function addressOfGradient(): usize {
  return gradient;
}
export function addressOfActivations(): usize {
  return activations;
}
export function addressOfOutputs(): usize {
  return outputError;
}
export function addressOfDefectStart(layer: u32): usize {
  return layer == 1 ? defectStart1 : defectStart2;
}
