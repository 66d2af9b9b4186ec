import {
  activations,
  batch,
  defectStart1,
  defectStart2,
  gradient,
  hiddenError,
  hiddenRow,
  outputError,
  outputRow,
  weights,
} from './memory';

/**
 * Defective weights of the batch, a list per image, as records of five words:
 *   layer 1: u32 byte offset in `weights`, u32 byte offset in a hidden row, f32 pixel value, f32 effective, f32 slope
 *   layer 2: u32 byte offset in `weights`, u32 byte offset in a hidden row, u32 byte offset in an output row,
 *            f32 effective, f32 slope
 * Layer 1 lists only weights that meet a pixel that is not 0: the others change nothing, forward or backward.
 * A healthy pass has counted each of these weights with its regular value, so what is added is the difference.
 */
export const RECORD: usize = 20;

export function correctHiddenInput(b: u32, row: usize): void {
  const list = defectStart1 + (<usize>b << 2);
  const end = <usize>load<u32>(list, 4);
  for (let at = <usize>load<u32>(list); at < end; at += RECORD) {
    const difference = load<f32>(at, 12) - load<f32>(weights + load<u32>(at));
    const address = row + load<u32>(at, 4);
    store<f32>(address, load<f32>(address) + load<f32>(at, 8) * difference);
  }
}

export function correctOutputs(): void {
  for (let b: usize = 0; b < batch; b++) {
    const list = defectStart2 + (b << 2);
    const end = <usize>load<u32>(list, 4);
    const h = activations + b * hiddenRow;
    const out = outputError + b * outputRow;
    for (let at = <usize>load<u32>(list); at < end; at += RECORD) {
      const difference = load<f32>(at, 12) - load<f32>(weights + load<u32>(at));
      const address = out + load<u32>(at, 8);
      store<f32>(address, load<f32>(address) + load<f32>(h + load<u32>(at, 4)) * difference);
    }
  }
}

export function correctHiddenError(): void {
  for (let b: usize = 0; b < batch; b++) {
    const list = defectStart2 + (b << 2);
    const end = <usize>load<u32>(list, 4);
    const error = hiddenError + b * hiddenRow;
    const d = outputError + b * outputRow;
    for (let at = <usize>load<u32>(list); at < end; at += RECORD) {
      const difference = load<f32>(at, 12) - load<f32>(weights + load<u32>(at));
      const address = error + load<u32>(at, 4);
      store<f32>(address, load<f32>(address) + load<f32>(d + load<u32>(at, 8)) * difference);
    }
  }
}

/** Takes out of the gradients what a defective weight does not pass on to its sign: the share 1 − slope. */
export function maskGradients(): void {
  for (let b: usize = 0; b < batch; b++) {
    const error = hiddenError + b * hiddenRow;
    let list = defectStart1 + (b << 2);
    let end = <usize>load<u32>(list, 4);
    for (let at = <usize>load<u32>(list); at < end; at += RECORD) {
      const address = gradient + load<u32>(at);
      const share = load<f32>(at, 8) * load<f32>(error + load<u32>(at, 4));
      store<f32>(address, load<f32>(address) + share * (load<f32>(at, 16) - 1));
    }
    const h = activations + b * hiddenRow;
    const d = outputError + b * outputRow;
    list = defectStart2 + (b << 2);
    end = <usize>load<u32>(list, 4);
    for (let at = <usize>load<u32>(list); at < end; at += RECORD) {
      const address = gradient + load<u32>(at);
      const share = load<f32>(h + load<u32>(at, 4)) * load<f32>(d + load<u32>(at, 8));
      store<f32>(address, load<f32>(address) + share * (load<f32>(at, 16) - 1));
    }
  }
}
