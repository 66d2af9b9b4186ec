import { describe, expect, it } from 'vitest';
import type { SessionOptions } from '../../acquisition/session.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type Cell, MemoryBench, type MemoryBenchOptions } from './memory-bench.ts';
import { measure, memoryPlan, memorySettings, quickRecipe } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';

const healthy = (): Cell => ({ kind: 'healthy', rP: 18e3, rAp: 40e3, state: 'P' });

async function run(benchOptions: MemoryBenchOptions = {}, change: Partial<SessionOptions> = {}) {
  const bench = new MemoryBench(benchOptions);
  const store = new MemoryStore();
  const outcome = await measure(bench, store, change);
  return { bench, store, outcome };
}

function codeOf(error: Error | null): string | undefined {
  return error instanceof TunnelbenchError ? error.code : error?.message;
}

function kinds({ store }: { store: MemoryStore }): string[] {
  return store.events.map(({ kind }) => kind);
}

describe('a session', () => {
  it('measures every cell of every die once and leaves the bench safe', async () => {
    const { bench, store, outcome } = await run();
    expect(outcome.error).toBeNull();
    expect(outcome.end).toBe('finished');
    expect(outcome.safeState.verdict).toBe('safe');
    expect(outcome.progress.cellsDone).toBe(64);
    expect(bench.violations).toEqual([]);
    expect(bench.isSafe).toBe(true);
    const record = store.sweeps.filter(({ repeat }) => repeat === 0).map((s) => `${s.dieOrdinal} ${s.cell}`);
    expect(record).toHaveLength(64);
    expect(new Set(record).size).toBe(64);
    expect(store.cells.size).toBe(64);
    expect(store.dies.get(0)).toMatchObject({ state: 'measured', touchdowns: 1, chuckCelsius: 25 });
  });

  it('powers up in order: contact, supplies, enable lines low, source; and down in reverse before separating', async () => {
    const { bench } = await run({}, { frozen: memoryPlan({ dies: [0] }) });
    const place = (call: string) => bench.calls.indexOf(call);
    const last = (call: string) => bench.calls.lastIndexOf(call);
    const up = ['prober.contact 50', 'supplies.substrate on', 'supplies.vss on', 'supplies.vdd on', 'smu.outputs on'];
    expect(up.map(last)).toEqual(up.map(last).toSorted((a, b) => a - b));
    // Before the touchdown, with nothing connected: an interlock that is open costs no touchdown.
    expect(place('smu.outputs on')).toBeLessThan(place('prober.contact 50'));
    expect(place('smu.outputs off')).toBeLessThan(place('prober.contact 50'));
    expect(place('prober.contact 50')).toBeGreaterThan(place('smu.load'));
    const down = ['smu.makeSafe', 'enable.enable none', 'router.connect none', 'supplies.vdd off', 'prober.separate'];
    expect(down.map(last)).toEqual(down.map(last).toSorted((a, b) => a - b));
  });

  it('asks for the state of the bench before it commands anything', async () => {
    const { bench } = await run({}, { frozen: memoryPlan({ dies: [0] }) });
    const firstCommand = bench.calls.findIndex((call) => !/read|describe/.test(call));
    expect(bench.calls[firstCommand]).toBe('smu.makeSafe');
    expect(firstCommand).toBeGreaterThanOrEqual(6);
  });

  it('makes a bench safe that somebody left live and in contact', async () => {
    const bench = new MemoryBench();
    Object.assign(bench, { outputOn: true, enabled: 3, height: 'contact', suppliesOn: new Set(['vdd', 'vss']) });
    const outcome = await measure(bench, new MemoryStore());
    expect(outcome.end).toBe('finished');
    expect(bench.violations).toEqual([]);
  });

  it('routes the next pair only after the source is at 0 V, and commits an attempt before its first sweep', async () => {
    const { bench, store } = await run({}, { frozen: memoryPlan({ dies: [0] }) });
    expect(store.attempts.filter(({ reason }) => reason === 'first')).toHaveLength(1);
    const starts = bench.calls.flatMap((call, i) => (call.startsWith('smu.start') ? [i] : []));
    for (const start of starts.slice(0, 15)) expect(bench.calls[start + 1]).toMatch(/reading|router|enable/);
  });

  it('stores repeats of the sample and of the reference cells under their own attempts', async () => {
    const { store } = await run({}, { frozen: memoryPlan({ dies: [0] }) });
    const reasons = new Map(store.attempts.map(({ id, reason }) => [id, reason]));
    const sample = store.sweeps.filter(({ attemptId }) => reasons.get(attemptId) === 'repeatSample');
    expect(sample.map(({ repeat }) => repeat)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(store.sweeps.filter(({ attemptId }) => reasons.get(attemptId) === 'reference')).toHaveLength(2);
    expect(kinds({ store })).toContain('reference-drift');
  });
});

describe('a session refuses', () => {
  it('another wafer than the plan’s, before anything is energised', async () => {
    const { bench, outcome } = await run({ waferId: 'OTHER' });
    expect(codeOf(outcome.error)).toBe('TB_WAFER_MISMATCH');
    expect(outcome.end).toBe('failed');
    expect(bench.calls.some((call) => /contact|outputs on|vdd on/.test(call))).toBe(false);
  });

  it('a die on which the prober is not', async () => {
    const bench = new MemoryBench();
    bench.prober.moveToDie = async () => {
      bench.die = { x: 5, y: 5 };
    };
    const outcome = await measure(bench, new MemoryStore());
    expect(codeOf(outcome.error)).toBe('TB_PROBER_POSITION');
    expect(bench.calls.some((call) => call.startsWith('prober.contact'))).toBe(false);
  });

  it('to measure on when too many junctions break', async () => {
    const breaking = (): Cell => ({ ...healthy(), breaksAtSweep: 1 }) as Cell;
    const frozen = memoryPlan({ recipe: quickRecipe({ lossPauseFraction: 0.05 }) });
    const { store, outcome, bench } = await run({ cell: breaking }, { frozen });
    expect(codeOf(outcome.error)).toBe('TB_LOSS_LIMIT');
    expect(outcome.end).toBe('stopped');
    expect(outcome.losses).toBe(2);
    expect(kinds({ store })).toContain('loss');
    expect(bench.isSafe).toBe(true);
  });

  it('to go on when a line is open on three dies in a row', async () => {
    const dies = [0, 1, 2, 3].map((ordinal) => ({ ordinal, x: ordinal, y: 0 }));
    const frozen = memoryPlan({ bench: memorySettings({ wafer: { id: 'MEM-1', dies } }) });
    const cell = (row: number): Cell => (row === 2 ? { kind: 'resistor', ohms: 1e9 } : healthy());
    const { outcome, store } = await run({ cell }, { frozen });
    expect(codeOf(outcome.error)).toBe('TB_CONTACT_FAILED');
    expect(outcome.error?.message).toContain('row 2');
    expect([...store.dies.values()].filter(({ state }) => state === 'measured')).toHaveLength(3);
  });

  it('to pretend when the writer dies', async () => {
    const bench = new MemoryBench();
    const store = new MemoryStore();
    store.failAfterSweeps = 10;
    const outcome = await measure(bench, store);
    expect(outcome.end).toBe('failed');
    expect(outcome.error?.message).toBe('the disk is full');
    expect(store.sweeps.length).toBeLessThan(14);
    expect(bench.isSafe).toBe(true);
    expect(bench.violations).toEqual([]);
  });
});

describe('contact', () => {
  it('adds overdrive once, within the cap, with the die powered down', async () => {
    const { bench, store, outcome } = await run({ contactWorks: (_, overdrive) => overdrive >= 70 });
    expect(outcome.end).toBe('finished');
    expect(bench.violations).toEqual([]);
    expect(bench.calls.filter((call) => call.startsWith('prober.contact'))).toEqual([
      'prober.contact 50',
      'prober.contact 70',
      'prober.contact 50',
      'prober.contact 70',
    ]);
    expect(store.dies.get(0)).toMatchObject({ state: 'measured', touchdowns: 1 });
  });

  it('touches down again once, then leaves the die out as "no contact" and goes on', async () => {
    const bench = new MemoryBench();
    bench.options.contactWorks = () => bench.die?.x === 1;
    const store = new MemoryStore();
    const outcome = await measure(bench, store);
    expect(outcome.end).toBe('finished');
    expect(bench.violations).toEqual([]);
    expect(store.dies.get(0)).toMatchObject({ state: 'noContact', touchdowns: 2 });
    expect(store.dies.get(1)).toMatchObject({ state: 'measured', touchdowns: 1 });
    expect(store.cells.size).toBe(32);
  });

  it('never touches a die more often than the recipe allows', async () => {
    const store = new MemoryStore();
    store.dies.set(0, { state: 'measuring', touchdowns: 4 });
    const frozen = memoryPlan();
    await store.addPlan(frozen.record);
    const outcome = await measure(new MemoryBench(), store, { frozen, earlier: store.earlier() });
    expect(codeOf(outcome.error)).toBe('TB_TOUCHDOWN_LIMIT');
    expect(outcome.end).toBe('stopped');
  });
});

describe('stopping and resuming', () => {
  it('finishes the sweep, stores it, and stops safely on the first request', async () => {
    const bench = new MemoryBench();
    const store = new MemoryStore();
    const stop = new StopRequest();
    bench.onSweep = (count) => count === 5 && stop.finish('Ctrl-C');
    const outcome = await measure(bench, store, { stop });
    expect(outcome.end).toBe('stopped');
    expect(outcome.error).toBeNull();
    expect(store.cells.size).toBe(10);
    expect(bench.isSafe).toBe(true);
    expect(bench.violations).toEqual([]);
  });

  it('ends every wait at once on an abort, and still makes the bench safe', async () => {
    const bench = new MemoryBench();
    const store = new MemoryStore();
    const stop = new StopRequest();
    bench.onSweep = (count) => count === 5 && stop.abort('twice');
    const outcome = await measure(bench, store, { stop });
    expect(outcome.end).toBe('aborted');
    expect(codeOf(outcome.error)).toBe('TB_ABORTED');
    expect(store.cells.size).toBe(8);
    expect(bench.isSafe).toBe(true);
    expect(bench.violations).toEqual([]);
  });

  it('continues at the cursor: nothing is missing, nothing is measured twice but the uncommitted window', async () => {
    const frozen = memoryPlan();
    const store = new MemoryStore();
    for (let session = 0; session < 20; session++) {
      const bench = new MemoryBench();
      const stop = new StopRequest();
      bench.onSweep = (count) => count === 3 + session && (session % 2 ? stop.abort('x') : stop.finish('x'));
      const earlier =
        session === 0 ? {} : { earlier: { ...store.earlier(), die: () => ({ state: '', touchdowns: 0 }) } };
      const outcome = await measure(bench, store, { frozen, stop, ...earlier });
      expect(bench.violations).toEqual([]);
      expect(bench.isSafe).toBe(true);
      if (outcome.end === 'finished') break;
    }
    const record = store.sweeps.filter(({ repeat }) => repeat === 0).map((s) => `${s.dieOrdinal} ${s.cell}`);
    expect(record).toHaveLength(64);
    expect(new Set(record).size).toBe(64);
    expect(store.plans).toHaveLength(1);
    expect(store.attempts.some(({ reason }) => reason === 'resume')).toBe(true);
  });

  it('counts the cells of earlier sessions as done', async () => {
    const frozen = memoryPlan();
    const store = new MemoryStore();
    const stop = new StopRequest();
    const bench = new MemoryBench();
    bench.onSweep = (count) => count === 5 && stop.finish('x');
    await measure(bench, store, { frozen, stop });
    const outcome = await measure(new MemoryBench(), store, { frozen, earlier: store.earlier() });
    expect(outcome.progress).toMatchObject({ cellsDone: 64, cellsTotal: 64 });
  });
});
