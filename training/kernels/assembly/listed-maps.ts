import { RECORD } from './defects';
import {
  batch,
  defects1,
  defects1End,
  defects2,
  defects2End,
  defectStart1,
  defectStart2,
  hidden,
  hiddenRow,
  imageEntries,
  imageStart,
  inputs,
  latent,
  order,
  outputs,
  reserve,
  slotBytes,
  slotOf,
} from './memory';

/**
 * Maps drawn by the host, per layer u32[batch + 1] of record numbers and records {u32 weight index, f32 plus, f32
 * minus}, the index being input × hidden + unit, or unit × outputs + output.
 */
const LISTED: usize = 12;

let start1: usize = 0;
let start2: usize = 0;
let listed1: usize = 0;
let listed2: usize = 0;
/** One image with its zeros, a slot a pixel, to look up the value a defect meets. */
let dense: usize = 0;

export function reserveListedMaps(records1: u32, records2: u32): void {
  if (dense == 0) {
    dense = reserve(<usize>inputs * slotBytes);
    start1 = reserve(<usize>(batch + 1) << 2);
    start2 = reserve(<usize>(batch + 1) << 2);
  }
  listed1 = reserve(<usize>records1 * LISTED);
  listed2 = reserve(<usize>records2 * LISTED);
}

export function listedStart(layer: u32): usize {
  return layer == 1 ? start1 : start2;
}

export function listedRecords(layer: u32): usize {
  return layer == 1 ? listed1 : listed2;
}

/** Turns the host's maps into defect records, with the value each weight has at its present sign. */
export function takeListedMaps(pass: bool): void {
  let out1 = defects1;
  let out2 = defects2;
  for (let b: usize = 0; b < batch; b++) {
    store<u32>(defectStart1 + (b << 2), <u32>out1);
    store<u32>(defectStart2 + (b << 2), <u32>out2);
    out1 = takeLayer1(b, out1, pass);
    out2 = takeLayer2(b, out2, pass);
  }
  store<u32>(defectStart1 + (<usize>batch << 2), <u32>out1);
  store<u32>(defectStart2 + (<usize>batch << 2), <u32>out2);
}

function takeLayer1(b: usize, first: usize, pass: bool): usize {
  const image = imageStart + (<usize>load<u32>(order + (b << 2)) << 2);
  const begin = imageEntries + load<u32>(image);
  const end = imageEntries + load<u32>(image, 4);
  for (let entry = begin; entry < end; entry += 8) {
    store<u32>(dense + slotOf(load<u32>(entry)), load<u32>(entry, 4));
  }
  const list = start1 + (b << 2);
  let out = first;
  const last = listed1 + <usize>load<u32>(list, 4) * LISTED;
  for (let at = listed1 + <usize>load<u32>(list) * LISTED; at < last; at += LISTED) {
    const index = load<u32>(at);
    const pixel = index / hidden;
    const value = load<f32>(dense + <usize>pixel * slotBytes);
    if (value == 0) continue;
    if (out == defects1End) unreachable();
    const unit = (index - pixel * hidden) << 2;
    const offset = pixel * <u32>hiddenRow + unit;
    store<u32>(out, offset);
    store<u32>(out, unit, 4);
    store<f32>(out, value, 8);
    storeWorth(out, offset, at, pass);
    out += RECORD;
  }
  for (let entry = begin; entry < end; entry += 8) store<u32>(dense + slotOf(load<u32>(entry)), 0);
  return out;
}

function takeLayer2(b: usize, first: usize, pass: bool): usize {
  const list = start2 + (b << 2);
  let out = first;
  const last = listed2 + <usize>load<u32>(list, 4) * LISTED;
  for (let at = listed2 + <usize>load<u32>(list) * LISTED; at < last; at += LISTED) {
    if (out == defects2End) unreachable();
    const index = load<u32>(at);
    const unit = index / outputs;
    const output = index - unit * outputs;
    const offset = (inputs + output) * <u32>hiddenRow + (unit << 2);
    store<u32>(out, offset);
    store<u32>(out, unit << 2, 4);
    store<u32>(out, output << 2, 8);
    storeWorth(out, offset, at, pass);
    out += RECORD;
  }
  return out;
}

/** Value at the present sign, and slope: (plus − minus) / 2, or 1 where gradients pass. */
function storeWorth(out: usize, offset: u32, listed: usize, pass: bool): void {
  const plus = load<f32>(listed, 4);
  const minus = load<f32>(listed, 8);
  store<f32>(out, load<f32>(latent + offset) >= 0 ? plus : minus, 12);
  store<f32>(out, pass ? <f32>1 : (plus - minus) * 0.5, 16);
}
