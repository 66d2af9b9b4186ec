import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, it } from 'vitest';
import { WaferReader } from '../../db/wafer-reader.ts';
import type { ClientLink, WireInstrument } from '../../drivers/simulated/instrument-link.ts';
import type { BenchInstrument } from '../../drivers/simulated/simulated-bench.ts';
import { WiredBench } from './wired-bench.ts';

/** Sum of what happened to the acknowledgements of one instrument. */
interface Disorder {
  delayed: number;
  outOfOrder: number;
}

/**
 * Delays every reply by up to 8 ms, and now and then sends a copy of an old one first: as from a gateway that repeats
 * and reorders packets. Seeded; the true reply always comes.
 */
async function disturb(wired: WiredBench, name: BenchInstrument, seed: number, stale: boolean): Promise<Disorder> {
  const random = xoroshiro128plus(seed);
  const draw = (most: number) => uniformInt(random, 0, most);
  const disorder: Disorder = { delayed: 0, outOfOrder: 0 };
  const earlier: Uint8Array[] = [];
  const attachTo = (instrument: WireInstrument) => (link: ClientLink) => {
    let turn = Promise.resolve();
    const send = (bytes: Uint8Array) => {
      const milliseconds = draw(8);
      const old = stale && earlier.length > 0 && draw(2) === 0 ? earlier[draw(earlier.length - 1)] : null;
      earlier.push(bytes);
      if (earlier.length > 20) earlier.shift();
      turn = turn.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        disorder.delayed += 1;
        if (old !== null) {
          link.send(old);
          disorder.outOfOrder += 1;
          await new Promise((resolve) => setTimeout(resolve, draw(3)));
        }
        link.send(bytes);
      });
    };
    return instrument.attach({ send, drop: () => link.drop() });
  };
  await wired.rewire(name, (instrument) => ({ attach: attachTo(instrument) }));
  return disorder;
}

/** Cells of the first die of one seed, measured with the wires as `prepare` leaves them. */
async function measuredCells<T>(prepare: (wired: WiredBench) => Promise<T>) {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-late-'));
  const file = join(folder, 'wafer.sqlite');
  const wired = await WiredBench.open({ seed: 5 });
  try {
    const prepared = await prepare(wired);
    const { error } = await wired.measure(file);
    const reader = WaferReader.open(file);
    const cells = reader.cells(0);
    reader.close();
    return { prepared, error, cells, violations: wired.simulated.ledger.violations };
  } finally {
    await wired.close();
    rmSync(folder, { recursive: true });
  }
}

it('acknowledgements that come late, twice and out of order lead to no violation and no reading on a wrong cell', async () => {
  const orderly = await measuredCells(async () => {});
  const late = await measuredCells(async (wired) => ({
    router: await disturb(wired, 'router', 1, true),
    enable: await disturb(wired, 'enable', 2, true),
    source: await disturb(wired, 'smu', 3, false),
  }));
  expect(late.error).toBeNull();
  expect(late.violations).toEqual([]);
  expect(late.prepared.router.outOfOrder).toBeGreaterThan(10);
  expect(late.prepared.enable.outOfOrder).toBeGreaterThan(3);
  expect(late.prepared.source.delayed).toBeGreaterThan(50);
  expect(late.cells.map((cell) => cell.class)).toEqual(orderly.cells.map((cell) => cell.class));
  const healthy = late.cells.filter((cell) => cell.class === 'healthy');
  expect(healthy.length).toBeGreaterThan(20);
  for (const { cell, rP } of healthy) {
    // R_P is spread by 5 %, and read to a few tenths of a per cent: a neighbour's would show on most cells.
    expect(Math.abs((rP as number) / (orderly.cells[cell].rP as number) - 1), `cell ${cell}`).toBeLessThan(0.01);
  }
});
