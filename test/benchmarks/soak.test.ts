import { expect, it } from 'vitest';
import { soak } from '../../benchmarks/acquisition/soak.ts';
import { isMet } from '../../benchmarks/benchmark-line.ts';

it('the soak of two million sweeps, in short: file after file, no reading on a wrong cell', async () => {
  const small = { sweepSeconds: 0, settleSeconds: 0, rows: 10, columns: 12, columnsPerEnableLine: 2, dies: 4 } as const;
  const lines = await soak(600, small);
  const [sweeps, wrong, memory, duration] = lines;
  // Two wafers of 4 × 120 cells.
  expect(sweeps).toMatchObject({ what: 'soak', measured: 960, goal: { at: 'least', value: 600 } });
  expect([isMet(sweeps), isMet(wrong)]).toEqual([true, true]);
  // So short a run says nothing of speed; that memory and time are told does not need a quiet machine.
  for (const line of [memory, duration]) expect(line.measured).toBeGreaterThan(0);
});
