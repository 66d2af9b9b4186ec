import { RECORD } from './defects';
import { takeGap } from './gaps';
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
  order,
  outputs,
} from './memory';

/**
 * A fresh map for every image of the batch: each weight defective with the probability behind the gaps and then worth
 * ±wSat, the sign set in the float's sign bit. In layer 1 only weights at pixels that are not 0 are drawn, the others
 * being without effect. One sequence of gaps runs through all images.
 */
export function drawUniformMaps(wSat: f32, slope: f32): void {
  const magnitude = reinterpret<u32>(wSat);
  drawLayer1(magnitude, slope);
  drawLayer2(magnitude, slope);
}

function drawLayer1(magnitude: u32, slope: f32): void {
  const units = hidden;
  let out = defects1;
  let gap = takeGap();
  let position = load<u32>(gap);
  for (let b: usize = 0; b < batch; b++) {
    store<u32>(defectStart1 + (b << 2), <u32>out);
    const image = imageStart + (<usize>load<u32>(order + (b << 2)) << 2);
    const begin = load<u32>(image);
    const entries = imageEntries + begin;
    const positions = ((load<u32>(image, 4) - begin) >>> 3) * units;
    while (position < positions) {
      if (out == defects1End) unreachable();
      const nth = position / units;
      const unit = (position - nth * units) << 2;
      const entry = entries + (<usize>nth << 3);
      store<u32>(out, load<u32>(entry) + unit);
      store<u32>(out, unit, 4);
      store<u32>(out, load<u32>(entry, 4), 8);
      store<u32>(out, magnitude ^ load<u32>(gap, 4), 12);
      store<f32>(out, slope, 16);
      out += RECORD;
      gap = takeGap();
      position += 1 + load<u32>(gap);
    }
    position -= positions;
  }
  store<u32>(defectStart1 + (<usize>batch << 2), <u32>out);
}

function drawLayer2(magnitude: u32, slope: f32): void {
  const units = hidden;
  const positions = hidden * outputs;
  const row = <u32>hiddenRow;
  let out = defects2;
  let gap = takeGap();
  let position = load<u32>(gap);
  for (let b: usize = 0; b < batch; b++) {
    store<u32>(defectStart2 + (b << 2), <u32>out);
    while (position < positions) {
      if (out == defects2End) unreachable();
      const output = position / units;
      const unit = (position - output * units) << 2;
      store<u32>(out, (inputs + output) * row + unit);
      store<u32>(out, unit, 4);
      store<u32>(out, output << 2, 8);
      store<u32>(out, magnitude ^ load<u32>(gap, 4), 12);
      store<f32>(out, slope, 16);
      out += RECORD;
      gap = takeGap();
      position += 1 + load<u32>(gap);
    }
    position -= positions;
  }
  store<u32>(defectStart2 + (<usize>batch << 2), <u32>out);
}
