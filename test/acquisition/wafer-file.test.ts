import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resumePoint } from '../../acquisition/resume.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { resumeMeasurement, runMeasurement } from '../../scripts/run-measurement.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import { type Cell, MemoryBench } from './memory-bench.ts';
import { FIELDS, memoryPlan, memorySettings, quickRecipe } from './memory-session.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnelbench-acquisition-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const geometry = { rows: 20, columns: 8, columnsPerEnableLine: 2 } as const;
const settings = memorySettings({ geometry, padMap: consecutivePadMap(geometry) });
const frozen = () => memoryPlan({ bench: settings, dies: [0], recipe: quickRecipe() });

/** A bench whose cells all differ, as the cells of one wafer do; `wafer` shifts them all. */
const bench = (wafer = 0) =>
  new MemoryBench({
    rows: 20,
    cell: (row, column): Cell => {
      const spread = 1 + 0.3 * Math.sin(1 + row * 7.3 + column * 3.1 + wafer * 1.7);
      return { kind: 'healthy', rP: 18e3 * spread, rAp: 42e3 * spread, state: 'P' };
    },
  });

describe('a measurement into a wafer file', () => {
  it('is complete, verified and classified', async () => {
    const file = join(folder, 'wafer.sqlite');
    const outcome = await runMeasurement({ bench: bench(), frozen: frozen(), file, fields: FIELDS, benchJson: '{}' });
    expect(outcome.error).toBeNull();
    expect(outcome.progress.counts).toEqual({ healthy: 160 });
    expect(verifyWafer(file).problems).toBe(0);
    const reader = WaferReader.open(file);
    expect(reader.countsByClass(0).healthy).toBe(160);
    expect(reader.sessions()[0]).toMatchObject({ end: 'finished', fields: FIELDS });
    expect(() => resumePoint(reader)).toThrow(/TB_SESSION_NOT_RESUMABLE/);
    reader.close();
  });

  it('goes on after interruptions, on the same die, until its touchdowns are spent', async () => {
    const file = join(folder, 'wafer.sqlite');
    const stop = () => {
      const request = new StopRequest();
      const one = bench();
      one.onSweep = (count) => count === 20 && request.abort('test');
      return { bench: one, stop: request };
    };
    const first = await runMeasurement({ ...stop(), frozen: frozen(), file, fields: FIELDS, benchJson: '{}' });
    expect(first.end).toBe('aborted');
    let outcome = first;
    for (let i = 0; i < 10 && outcome.end === 'aborted'; i++) {
      outcome = await resumeMeasurement({ ...stop(), file, benchJson: '{}' });
    }
    expect(outcome.end).toBe('stopped');
    expect(outcome.error?.message).toContain('TB_TOUCHDOWN_LIMIT');
    expect(verifyWafer(file).problems).toBe(0);
  });

  it('is not continued on a die with other resistances', async () => {
    const file = join(folder, 'wafer.sqlite');
    const stop = new StopRequest();
    const one = bench();
    one.onSweep = (count) => count === 40 && stop.finish('test');
    await runMeasurement({ bench: one, stop, frozen: frozen(), file, fields: FIELDS, benchJson: '{}' });
    const strange = await resumeMeasurement({ bench: bench(1), file, benchJson: '{}' });
    expect(strange.error?.message).toContain('TB_WAFER_MISMATCH');
    const right = await resumeMeasurement({ bench: bench(), file, benchJson: '{}' });
    expect(right.end).toBe('finished');
    expect(verifyWafer(file).problems).toBe(0);
  });
});
