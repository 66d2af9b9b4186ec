import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BenchProcess, FIELD_OPTIONS, notAtRest, startTunnelbench } from '../acceptance/bench-process.ts';

let folder: string;
let bench: BenchProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-halt-'));
  bench = await BenchProcess.start('--seed', '7', '--geometry', '20x24', '--dies', '4');
  writeFileSync(join(folder, 'bench.yaml'), bench.benchYaml);
  await bench.faults({ world: { lostNeedles: [{ kind: 'row', index: 11 }] } });
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true });
});

/** A quick look that row 11 belongs to, without a terminal. */
const measure = (file: string, minutes: string) =>
  startTunnelbench(
    ...['measure', join(folder, 'bench.yaml'), '--out', join(folder, file), '--cells', '80'],
    ...['--halt-minutes', minutes, ...FIELD_OPTIONS],
  );

it('without a terminal a halted run says how to answer, waits the stated time, and then ends safely', async () => {
  const { status, output } = await measure('alone.sqlite', '0.01').ended;
  expect(output).toMatch(/HALTED [\d:]+: .*row 11.*: open on 3 dies in a row/);
  expect(output).toMatch(
    /needles are up\.\nkill -CONT \d+ goes on, kill -TERM \d+ stops\. Without an answer the run ends safely in 0\.6 s/,
  );
  expect(output).toMatch(/No: it was stopped\. 240 of 320 cells, 3 of 4 dies complete/);
  expect(output).toMatch(/TB_CONTACT_FAILED/);
  expect(status).toBe(1);
  expect(notAtRest(await bench.state())).toEqual([]);
  expect(await bench.violations()).toEqual([]);
});

it('a halted run has the bench at rest and goes on at a signal', async () => {
  const run = measure('answered.sqlite', '10');
  let seen = false;
  const atRest = new Promise<string[]>((resolve) => {
    run.child.stderr?.on('data', () => {
      if (seen || !/HALTED/.test(run.output())) return;
      seen = true;
      void bench.state().then(async (state) => {
        resolve(notAtRest(state));
        await bench.faults({ world: { lostNeedles: [] } });
        run.child.kill('SIGCONT');
      });
    });
  });
  expect(await atRest).toEqual([]);
  const { output } = await run.ended;
  expect(output).toMatch(/Going on\./);
  expect(output).toMatch(/Yes\. 320 of 320 cells, 4 of 4 dies complete/);
  expect(await bench.violations()).toEqual([]);
});
