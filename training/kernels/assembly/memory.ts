/**
 * Where everything lies. One kernel instance serves one network shape, one set of images and one batch size; the
 * addresses below are set once by `configure`.
 *
 * Rows of hidden units are padded to 16 lanes (four vectors), rows of outputs to 12 (three vectors). Padded hidden
 * lanes compute harmless values that nothing reads; padded outputs carry a zero error.
 *
 * `weights`, `latent`, `moment1`, `moment2` and `gradient` share one layout: inputs rows of layer 1, then one row of
 * hidden units per output (layer 2, transposed), so that the optimiser is a single pass.
 */

export let inputs: u32 = 0;
export let hidden: u32 = 0;
export let outputs: u32 = 0;
export let batch: u32 = 0;

/** Bytes of a row of hidden units and of a row of outputs. */
export let hiddenRow: usize = 0;
export let outputRow: usize = 0;
/** Outputs rounded up to even: layer 2 works on pairs. */
export let outputPairs: u32 = 0;
/** Batch rounded up to even; the row added is an image without pixels. */
export let batchRows: u32 = 0;
/** Elements of `weights` and its companions. */
export let parameters: u32 = 0;

/**
 * u32[images + 1]: byte offset of each image's first entry. Entries are {u32 offset, f32 value}, the offset that of the
 * pixel's row in `weights`, in bytes.
 */
export let imageStart: usize = 0;
export let imageEntries: usize = 0;
/** u8[images] */
export let labels: usize = 0;
/** u32[batch]: the images of this batch. */
export let order: usize = 0;

export let weights: usize = 0;
/** First row of layer 2 within `weights`. */
export let weights2: usize = 0;
/** Layer 2 once more, hidden × outputRow, for the forward pass. */
export let weights2Forward: usize = 0;
export let latent: usize = 0;
export let moment1: usize = 0;
export let moment2: usize = 0;
export let gradient: usize = 0;

/** Hidden inputs, overwritten by hidden activations: batchRows × hiddenRow. */
export let activations: usize = 0;
/** Error at the hidden inputs, batchRows × hiddenRow. */
export let hiddenError: usize = 0;
/** Logits, overwritten by the error at the output: batchRows × outputRow. */
export let outputError: usize = 0;
/** One row: −1e30 in padded outputs, 0 elsewhere; and one row: 0 in padded outputs, 1 elsewhere. */
export let outputBias: usize = 0;
export let outputMask: usize = 0;

/** Per pixel a list of {u32 offset, f32 value} of capacity batchRows, the offset that of an image in `hiddenError`. */
export let columns: usize = 0;
export let columnBytes: usize = 0;
/** Per pixel a slot: the u32 end of its column. See slotOf. */
export let columnEnd: usize = 0;
/** Bytes of a slot. */
export let slotBytes: usize = 0;

/** Defective weights of the batch, per image: u32[batch + 1] addresses, then records (see defects.ts). */
export let defectStart1: usize = 0;
export let defectStart2: usize = 0;
export let defects1: usize = 0;
export let defects2: usize = 0;
export let defects1End: usize = 0;
export let defects2End: usize = 0;

let top: usize = 0;

/** Offset of a pixel's slot, from the offset of its row: a shift, where the pixel's number would cost a division. */
// @ts-ignore: decorator
@inline
export function slotOf(rowOffset: u32): usize {
  return <usize>(rowOffset >>> 4);
}

/** Reserves zeroed memory on a cache line; memory is never given back before the instance is. */
export function reserve(bytes: usize): usize {
  if (top == 0) top = (__heap_base + 63) & ~63;
  const address = top;
  top = (top + bytes + 63) & ~63;
  const pages = <i32>((top + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return address;
}

export function layOut(
  inputCount: u32,
  hiddenCount: u32,
  outputCount: u32,
  batchSize: u32,
  images: u32,
  entries: u32,
): void {
  inputs = inputCount;
  hidden = hiddenCount;
  outputs = outputCount;
  batch = batchSize;
  hiddenRow = (((hidden + 15) / 16) * 16) << 2;
  outputRow = (((outputs + 11) / 12) * 12) << 2;
  outputPairs = (outputs + 1) & ~1;
  batchRows = (batch + 1) & ~1;
  parameters = ((inputs + outputPairs) * <u32>hiddenRow) >>> 2;

  imageStart = reserve(<usize>(images + 1) << 2);
  imageEntries = reserve(<usize>entries << 3);
  labels = reserve(images);
  order = reserve(<usize>batch << 2);

  const parameterBytes = <usize>parameters << 2;
  weights = reserve(parameterBytes);
  weights2 = weights + <usize>inputs * hiddenRow;
  weights2Forward = reserve(<usize>hidden * outputRow);
  latent = reserve(parameterBytes);
  moment1 = reserve(parameterBytes);
  moment2 = reserve(parameterBytes);
  gradient = reserve(parameterBytes);

  activations = reserve(<usize>batchRows * hiddenRow);
  hiddenError = reserve(<usize>batchRows * hiddenRow);
  outputError = reserve(<usize>batchRows * outputRow);
  outputBias = reserve(outputRow);
  outputMask = reserve(outputRow);
  for (let k: usize = 0; k < outputRow >>> 2; k++) {
    store<f32>(outputBias + (k << 2), k < outputs ? 0 : -1e30);
    store<f32>(outputMask + (k << 2), k < outputs ? 1 : 0);
  }

  columnBytes = <usize>batchRows << 3;
  columns = reserve(<usize>inputs * columnBytes);
  slotBytes = hiddenRow >>> 4;
  columnEnd = reserve(<usize>inputs * slotBytes);
  defectStart1 = reserve(<usize>(batch + 1) << 2);
  defectStart2 = reserve(<usize>(batch + 1) << 2);
}

/** Makes room for the defective weights of a batch; called again when more is needed. */
export function reserveDefectRecords(records1: u32, records2: u32, bytes: u32): void {
  defects1 = reserve(<usize>records1 * bytes);
  defects1End = defects1 + <usize>records1 * bytes;
  defects2 = reserve(<usize>records2 * bytes);
  defects2End = defects2 + <usize>records2 * bytes;
}
