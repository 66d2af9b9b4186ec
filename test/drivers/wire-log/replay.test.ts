import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkBench } from '../../../drivers/bench-check.ts';
import { parseBenchFile } from '../../../drivers/bench-file.ts';
import { openReplay } from '../../../drivers/simulated/replay-bench.ts';
import { openSimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { readWireLog } from '../../../drivers/wire-log/read-wire-log.ts';
import { WireRecorder } from '../../../drivers/wire-log/wire-recorder.ts';
import { CALM } from '../open-test-link.ts';
import { SAMPLE_PROGRAMME } from '../sample-programme.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunnelbench-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function recorded() {
  const simulated = await openSimulatedBench({ seed: 5, geometry: { rows: 6, columns: 8, columnsPerEnableLine: 2 } });
  const file = parseBenchFile(simulated.benchYaml, 'bench.yaml');
  const log = join(folder, 'check.jsonl');
  const recorder = new WireRecorder(log, file);
  const check = await checkBench(file, SAMPLE_PROGRAMME, CALM, { wireLog: (place) => recorder.logOf(place) });
  recorder.close();
  await simulated.close();
  expect(() => new WireRecorder(log, file)).toThrow(expect.objectContaining({ code: 'TB_FILE_EXISTS' }));
  return { check, replay: await openReplay(await readWireLog(log)) };
}

it('a recorded bench check gives the same result when it is replayed, drawn tags and marks included', async () => {
  const { check, replay } = await recorded();
  const again = await checkBench(parseBenchFile(replay.benchYaml, 'replay.yaml'), SAMPLE_PROGRAMME, CALM);
  const facts = (found: typeof check) =>
    found.instruments.map(({ resource: _, identity, ...rest }) => [identity?.serial, rest]);
  expect(facts(again)).toEqual(facts(check));
  expect(replay.differences).toEqual([]);
  expect(replay.unsent).toBe(0);
  await replay.close();
});

it('a client that leaves the record is refused and the difference named', async () => {
  const { replay } = await recorded();
  const text = replay.benchYaml.replace('limitAmps: 1.0e-3', 'limitAmps: 2.0e-3');
  const again = await checkBench(parseBenchFile(text, 'replay.yaml'), null, CALM);
  expect(again.ok).toBe(false);
  expect(replay.differences.join()).toMatch(/^smu was sent .*0\.002.*recorded was .*0\.001/);
  await replay.close();
});
