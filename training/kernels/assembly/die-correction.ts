import { gradient, latent, reserve, weights } from './memory';

/**
 * The defects of one die: records {u32 byte offset in `weights`, f32 plus, f32 minus, f32 slope}, the same for every
 * image. Slope is what the weight follows of its sign.
 */
const RECORD: usize = 16;

let list: usize = 0;
let end: usize = 0;

/** Reserves the list; the host fills it. */
export function reserveDieCorrection(records: u32): usize {
  list = reserve(<usize>records * RECORD);
  end = list + <usize>records * RECORD;
  return list;
}

export function correctWeights(): void {
  for (let at = list; at < end; at += RECORD) {
    const offset = <usize>load<u32>(at);
    store<f32>(weights + offset, load<f32>(latent + offset) >= 0 ? load<f32>(at, 4) : load<f32>(at, 8));
  }
}

export function correctGradient(): void {
  for (let at = list; at < end; at += RECORD) {
    const address = gradient + <usize>load<u32>(at);
    store<f32>(address, load<f32>(address) * load<f32>(at, 12));
  }
}
