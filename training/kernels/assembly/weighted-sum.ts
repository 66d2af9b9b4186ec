import { multiplyAdd } from './arithmetic';
import { hiddenRow } from './memory';

/**
 * out = Σ value · row, a row of hidden units, over a list of {u32 byte offset of the row, f32 value}. This is layer 1
 * both ways: forward the list is an image's pixels and the rows are weights; backward the list is the images in which a
 * pixel is not 0 and the rows are their errors. Twelve accumulators at a time hide the latency of the multiply-add;
 * more would not fit the registers. Two entries a turn, because V8 checks for interrupts at every turn.
 */
export function weightedSum(list: usize, end: usize, rows: usize, out: usize): void {
  let lane: usize = 0;
  for (; lane + 192 <= hiddenRow; lane += 192) sumOf48(list, end, rows + lane, out + lane);
  for (; lane < hiddenRow; lane += 64) sumOf16(list, end, rows + lane, out + lane);
}

function sumOf48(list: usize, end: usize, rows: usize, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  let c6 = f32x4.splat(0);
  let c7 = f32x4.splat(0);
  let c8 = f32x4.splat(0);
  let c9 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  if (((end - list) & 8) != 0) {
    const row = rows + load<u32>(list);
    const x = v128.load32_splat(list, 4);
    c0 = multiplyAdd(x, v128.load(row, 0), c0);
    c1 = multiplyAdd(x, v128.load(row, 16), c1);
    c2 = multiplyAdd(x, v128.load(row, 32), c2);
    c3 = multiplyAdd(x, v128.load(row, 48), c3);
    c4 = multiplyAdd(x, v128.load(row, 64), c4);
    c5 = multiplyAdd(x, v128.load(row, 80), c5);
    c6 = multiplyAdd(x, v128.load(row, 96), c6);
    c7 = multiplyAdd(x, v128.load(row, 112), c7);
    c8 = multiplyAdd(x, v128.load(row, 128), c8);
    c9 = multiplyAdd(x, v128.load(row, 144), c9);
    c10 = multiplyAdd(x, v128.load(row, 160), c10);
    c11 = multiplyAdd(x, v128.load(row, 176), c11);
    list += 8;
  }
  for (; list < end; list += 16) {
    const row = rows + load<u32>(list);
    const x = v128.load32_splat(list, 4);
    c0 = multiplyAdd(x, v128.load(row, 0), c0);
    c1 = multiplyAdd(x, v128.load(row, 16), c1);
    c2 = multiplyAdd(x, v128.load(row, 32), c2);
    c3 = multiplyAdd(x, v128.load(row, 48), c3);
    c4 = multiplyAdd(x, v128.load(row, 64), c4);
    c5 = multiplyAdd(x, v128.load(row, 80), c5);
    c6 = multiplyAdd(x, v128.load(row, 96), c6);
    c7 = multiplyAdd(x, v128.load(row, 112), c7);
    c8 = multiplyAdd(x, v128.load(row, 128), c8);
    c9 = multiplyAdd(x, v128.load(row, 144), c9);
    c10 = multiplyAdd(x, v128.load(row, 160), c10);
    c11 = multiplyAdd(x, v128.load(row, 176), c11);
    const next = rows + load<u32>(list, 8);
    const y = v128.load32_splat(list, 12);
    c0 = multiplyAdd(y, v128.load(next, 0), c0);
    c1 = multiplyAdd(y, v128.load(next, 16), c1);
    c2 = multiplyAdd(y, v128.load(next, 32), c2);
    c3 = multiplyAdd(y, v128.load(next, 48), c3);
    c4 = multiplyAdd(y, v128.load(next, 64), c4);
    c5 = multiplyAdd(y, v128.load(next, 80), c5);
    c6 = multiplyAdd(y, v128.load(next, 96), c6);
    c7 = multiplyAdd(y, v128.load(next, 112), c7);
    c8 = multiplyAdd(y, v128.load(next, 128), c8);
    c9 = multiplyAdd(y, v128.load(next, 144), c9);
    c10 = multiplyAdd(y, v128.load(next, 160), c10);
    c11 = multiplyAdd(y, v128.load(next, 176), c11);
  }
  v128.store(out, c0, 0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
  v128.store(out, c8, 128);
  v128.store(out, c9, 144);
  v128.store(out, c10, 160);
  v128.store(out, c11, 176);
}

function sumOf16(list: usize, end: usize, rows: usize, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  if (((end - list) & 8) != 0) {
    const row = rows + load<u32>(list);
    const x = v128.load32_splat(list, 4);
    c0 = multiplyAdd(x, v128.load(row, 0), c0);
    c1 = multiplyAdd(x, v128.load(row, 16), c1);
    c2 = multiplyAdd(x, v128.load(row, 32), c2);
    c3 = multiplyAdd(x, v128.load(row, 48), c3);
    list += 8;
  }
  for (; list < end; list += 16) {
    const row = rows + load<u32>(list);
    const x = v128.load32_splat(list, 4);
    c0 = multiplyAdd(x, v128.load(row, 0), c0);
    c1 = multiplyAdd(x, v128.load(row, 16), c1);
    c2 = multiplyAdd(x, v128.load(row, 32), c2);
    c3 = multiplyAdd(x, v128.load(row, 48), c3);
    const next = rows + load<u32>(list, 8);
    const y = v128.load32_splat(list, 12);
    c0 = multiplyAdd(y, v128.load(next, 0), c0);
    c1 = multiplyAdd(y, v128.load(next, 16), c1);
    c2 = multiplyAdd(y, v128.load(next, 32), c2);
    c3 = multiplyAdd(y, v128.load(next, 48), c3);
  }
  v128.store(out, c0, 0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
}
