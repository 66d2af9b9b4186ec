import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type DieSummary, dieSummaryText } from '../../acquisition/die-summary.ts';
import type { Halt } from '../../acquisition/halt.ts';
import type { PlanChoice } from '../../acquisition/plan.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { stopOnSignals } from '../../acquisition/stop-signals.ts';
import { listenToKeys } from '../../scripts/operator-keys.ts';
import { MemoryBench } from './memory-bench.ts';
import { measure, memoryPlan, memorySettings } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';

/** Lets everything that can happen without the outside happen. */
async function standstill(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function pausedSession() {
  const bench = new MemoryBench();
  const store = new MemoryStore();
  const stop = new StopRequest();
  bench.onSweep = (count) => count === 5 && stop.pause('test');
  const outcome = measure(bench, store, { stop });
  await standstill();
  return { bench, store, stop, outcome };
}

describe('a pause', () => {
  it('lets the sweep in flight end, stores it, and sends nothing more', async () => {
    const { bench, store, stop, outcome } = await pausedSession();
    expect(bench.sweepsRun).toBe(5);
    expect(store.cursors.get(0)).toBe(5);
    expect(bench.source.busy).toBe(false);
    const calls = bench.calls.length;
    await standstill();
    expect(bench.calls.length).toBe(calls);
    stop.resume();
    expect((await outcome).end).toBe('finished');
    expect(bench.violations).toEqual([]);
    expect(store.events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['session-paused', 'session-resumed']));
  });

  it('ends when the session is asked to stop, and the bench is made safe', async () => {
    const { bench, store, stop, outcome } = await pausedSession();
    stop.finish('test');
    expect((await outcome).end).toBe('stopped');
    expect(store.cursors.get(0)).toBe(5);
    expect(bench.isSafe).toBe(true);
  });

  it('ends when the session is aborted', async () => {
    const { bench, stop, outcome } = await pausedSession();
    stop.abort('test');
    expect((await outcome).end).toBe('aborted');
    expect(bench.isSafe).toBe(true);
  });
});

describe('signals', () => {
  it('Ctrl-Z pauses and goes on, SIGCONT goes on, and Ctrl-C stops out of a pause', () => {
    const stop = new StopRequest();
    const source = new EventEmitter();
    const told: string[] = [];
    const release = stopOnSignals(stop, (text) => told.push(text), source as never);
    source.emit('SIGTSTP');
    expect(stop.paused).toBe('Ctrl-Z');
    source.emit('SIGTSTP');
    expect(stop.paused).toBeNull();
    source.emit('SIGTSTP');
    source.emit('SIGCONT');
    expect(stop.paused).toBeNull();
    source.emit('SIGTSTP');
    source.emit('SIGINT');
    expect([stop.paused, stop.reason]).toEqual([null, 'Ctrl-C']);
    expect(told.length).toBe(6);
    release();
    expect(source.eventNames()).toEqual([]);
  });
});

describe('a die that is finished', () => {
  it('is summed up at once: classes, losses, time against the plan', async () => {
    const summaries: DieSummary[] = [];
    let clock = 0;
    const now = () => {
      clock += 10;
      return clock;
    };
    const shorted = { kind: 'resistor', ohms: 300 } as const;
    const healthy = { kind: 'healthy', rP: 18e3, rAp: 40e3, state: 'P' } as const;
    const bench = new MemoryBench({ cell: (row) => (row === 0 ? shorted : { ...healthy }) });
    const store = new MemoryStore();
    const outcome = await measure(bench, store, { onDieFinished: (summary) => summaries.push(summary), now });
    expect(outcome.end).toBe('finished');
    expect(summaries.map(({ die, counts }) => [die.ordinal, counts])).toEqual([
      [0, { healthy: 24, shorted: 8 }],
      [1, { healthy: 24, shorted: 8 }],
    ]);
    expect(summaries[0].seconds).toBeGreaterThan(0);
    expect(summaries[0].plannedSeconds).toBeGreaterThan(0);
    const text = dieSummaryText({ ...summaries[0], seconds: 90, plannedSeconds: 80, losses: 1 });
    expect(text).toBe(
      'die (0, 0): 24 of 32 cells healthy (75.0 %), 8 shorted, 1 lost in the test; 1 min 30 s, planned 1 min 20 s',
    );
    expect(store.events.filter(({ kind }) => kind === 'die-finished').length).toBe(2);
  });
});

const DIES = [0, 1, 2, 3, 4].map((ordinal) => ({ ordinal, x: ordinal, y: 0 }));
const fiveDies = (change: Partial<PlanChoice> = {}) =>
  memoryPlan({ bench: memorySettings({ wafer: { id: 'MEM-1', dies: DIES } }), ...change });
const healthyCell = () => ({ kind: 'healthy', rP: 18e3, rAp: 40e3, state: 'P' }) as const;

/** Sweeps of record stored for each die. */
function recordsByDie(store: MemoryStore): number[] {
  return DIES.map(({ ordinal }) => store.sweeps.filter((one) => one.dieOrdinal === ordinal && one.repeat === 0).length);
}

describe('a die that somebody wants to leave', () => {
  const leaveDieOne = async (wish: 'skip' | 'repeat') => {
    const bench = new MemoryBench({ cell: () => ({ ...healthyCell() }) });
    const store = new MemoryStore();
    const stop = new StopRequest();
    let wished = false;
    bench.onSweep = () => {
      if (bench.die?.x !== 1 || wished || recordsByDie(store)[1] < 10) return;
      wished = true;
      stop.leaveDie(wish);
    };
    const outcome = await measure(bench, store, { stop, frozen: fiveDies() });
    expect(bench.violations).toEqual([]);
    expect(bench.isSafe).toBe(true);
    expect(outcome.end).toBe('finished');
    return { bench, store, outcome };
  };

  it('is skipped: what was measured stays, the others are measured, the total shrinks', async () => {
    const { store, outcome } = await leaveDieOne('skip');
    const records = recordsByDie(store);
    expect(records[1]).toBeGreaterThanOrEqual(10);
    expect(records[1]).toBeLessThan(32);
    expect([records[0], records[2], records[3], records[4]]).toEqual([32, 32, 32, 32]);
    expect(store.dies.get(1)).toMatchObject({ state: 'skipped', reason: 'skipped at the terminal' });
    expect(outcome.progress.cellsDone).toBe(outcome.progress.cellsTotal);
  });

  it('is repeated: released, touched again, measured from its beginning under attempts that say so', async () => {
    const { bench, store, outcome } = await leaveDieOne('repeat');
    const records = recordsByDie(store);
    expect(records[1]).toBeGreaterThanOrEqual(32 + 10);
    expect(store.dies.get(1)).toMatchObject({ state: 'measured', touchdowns: 2 });
    expect(bench.calls.filter((call) => call === 'prober.move 1 0').length).toBe(2);
    const again = store.attempts.filter(({ dieOrdinal, reason }) => dieOrdinal === 1 && reason === 'retest');
    expect(again[0].firstPosition).toBe(0);
    expect(store.events.filter(({ kind }) => kind === 'die-repeated').map((event) => event.dieOrdinal)).toEqual([1]);
    expect(outcome.progress.cellsDone).toBeLessThanOrEqual(outcome.progress.cellsTotal);
  });

  it('stays skipped for a resume unless it is asked for', async () => {
    const { store } = await leaveDieOne('skip');
    const frozen = fiveDies();
    const rest = await measure(new MemoryBench(), store, { frozen, earlier: store.earlier() });
    expect(rest.end).toBe('finished');
    expect(recordsByDie(store)[1]).toBeLessThan(32);
    const takeUp = { ...store.earlier(), die: () => ({ state: 'untouched', touchdowns: 1 }) };
    await measure(new MemoryBench(), store, { frozen, earlier: takeUp });
    expect(recordsByDie(store)[1]).toBe(32);
  });
});

describe('the plan', () => {
  it('leaves dies out and measures others a second time after all the others', async () => {
    const bench = new MemoryBench({ cell: () => ({ ...healthyCell() }) });
    const store = new MemoryStore();
    const frozen = fiveDies({ skipDies: [3], repeatDies: [0, 2] });
    const outcome = await measure(bench, store, { frozen });
    expect(outcome.end).toBe('finished');
    expect(recordsByDie(store)).toEqual([64, 32, 64, 0, 32]);
    const moves = bench.calls.flatMap((call) => /^prober\.move (\d)/.exec(call)?.[1] ?? []);
    expect(moves).toEqual(['0', '1', '2', '4', '0', '2']);
    expect(outcome.progress).toMatchObject({ cellsDone: 6 * 32, cellsTotal: 6 * 32 });
    expect(bench.violations).toEqual([]);
  });

  it('refuses to skip or repeat a die that it does not have', () => {
    expect(() => fiveDies({ skipDies: [7] })).toThrow(/dies to skip: no such die.*TB_PLAN_INVALID/);
    expect(() => fiveDies({ skipDies: [1], repeatDies: [1] })).toThrow(/dies to repeat: no such die/);
    expect(() => fiveDies({ skipDies: [0, 1, 2, 3, 4] })).toThrow(/every die is skipped/);
  });
});

describe('a line that is open on three dies in a row', () => {
  /** Row 2 opens on every die until somebody has cleaned the needle. */
  const haltedRun = (answer: (stop: StopRequest, bench: MemoryBench) => void, haltSeconds: number | null) => {
    const halts: { halt: Halt; safe: boolean; calls: number }[] = [];
    let cleaned = false;
    const bench = new MemoryBench({ cell: () => ({ ...healthyCell() }) });
    const lost = { kind: 'resistor', ohms: 1e9 } as const;
    const cell = bench.cell.bind(bench);
    bench.cell = (row, column) => (row === 2 && !cleaned ? lost : cell(row, column));
    const store = new MemoryStore();
    const stop = new StopRequest();
    const onHalt = (halt: Halt) => {
      halts.push({ halt, safe: bench.isSafe, calls: bench.calls.length });
      cleaned = true;
      answer(stop, bench);
    };
    const outcome = measure(bench, store, { stop, frozen: fiveDies(), onHalt, haltSeconds });
    return { bench, store, stop, halts, outcome };
  };

  it('halts the run with the bench powered down and separated, and goes on when somebody says so', async () => {
    const { bench, stop, halts, outcome } = haltedRun(() => {}, null);
    await standstill();
    expect(halts).toMatchObject([{ safe: true, halt: { dieOrdinal: 2, waitSeconds: null } }]);
    expect(halts[0].halt.reason).toMatch(
      /row 2: open on 3 dies in a row.*Clean or replace the needle.*dies 0,1,2 again/,
    );
    const calls = bench.calls.length;
    await standstill();
    expect([bench.calls.length, bench.isSafe]).toEqual([calls, true]);
    stop.finish('test');
    await outcome;
  });

  it.each([
    ['goes on', (stop: StopRequest) => stop.resume(), [32, 32, 32, 32, 32]],
    ['goes on and repeats these dies at the end', (stop: StopRequest) => stop.leaveDie('repeat'), [64, 64, 64, 32, 32]],
  ])('%s', async (_, answer, records) => {
    const { bench, store, outcome } = haltedRun((stop) => setImmediate(answer, stop), null);
    expect((await outcome).end).toBe('finished');
    expect(recordsByDie(store)).toEqual(records);
    expect(bench.violations).toEqual([]);
    const paused = store.events.find(({ kind }) => kind === 'session-paused');
    expect(paused).toMatchObject({ level: 'warning', dieOrdinal: 2 });
    expect(paused?.text).toMatch(/powered down and the needles up: row 2/);
  });

  it('ends the run safely, with the reason, when it is stopped or nobody comes in time', async () => {
    const stopped = haltedRun((stop) => setImmediate(() => stop.finish('test')), null);
    expect((await stopped.outcome).end).toBe('stopped');
    expect((await stopped.outcome).error).toBeNull();
    const alone = haltedRun(() => {}, 0.02);
    const outcome = await alone.outcome;
    expect(outcome.end).toBe('stopped');
    expect(outcome.error).toMatchObject({ code: 'TB_CONTACT_FAILED' });
    expect(outcome.safeState.verdict).toBe('safe');
    expect(recordsByDie(alone.store)).toEqual([32, 32, 32, 0, 0]);
  });
});

describe('keys', () => {
  const terminal = () => {
    const source = Object.assign(new EventEmitter(), {
      isTTY: true,
      raw: false,
      setRawMode(raw: boolean) {
        source.raw = raw;
      },
      resume() {},
      pause() {},
    });
    return source;
  };

  it('pause, stop, skip and repeat; skip and repeat only when pressed twice', async () => {
    const stop = new StopRequest();
    const source = terminal();
    const signals: string[] = [];
    const told: string[] = [];
    let now = 0;
    const keys = listenToKeys(
      stop,
      (text) => told.push(text),
      (name) => signals.push(name),
      source,
      () => now,
      () => true,
    );
    const press = (text: string) => source.emit('data', Buffer.from(text));
    expect(source.raw).toBe(true);
    press('pq\x03\x1a');
    expect(signals).toEqual(['SIGTSTP', 'SIGINT', 'SIGINT', 'SIGTSTP']);
    press('s');
    expect([stop.leavesDie, told.at(-1)]).toEqual([false, expect.stringMatching(/Press s again/)]);
    now = 6000;
    press('s');
    expect(stop.leavesDie).toBe(false);
    press('r');
    press('s');
    expect(stop.leavesDie).toBe(false);
    press('s');
    expect(stop.takeWish()).toBe('skip');
    press('rr');
    expect(stop.takeWish()).toBe('repeat');
    stop.halt('a needle');
    press('s');
    expect([stop.halted, stop.leavesDie]).toEqual([true, false]);
    press('r');
    expect([stop.halted, stop.takeWish()]).toEqual([false, 'repeat']);
    const answer = keys?.ask(['s', '\r']);
    press('s');
    expect(await answer).toBe('s');
    expect(stop.leavesDie).toBe(false);
    keys?.release();
    expect([source.raw, source.eventNames()]).toEqual([false, []]);
  });

  it('are not read where no terminal is, or where reading would suspend a job in the background', () => {
    const background = terminal();
    const nobody = [new StopRequest(), () => {}, () => {}] as const;
    expect(listenToKeys(...nobody, background, Date.now, () => false)).toBeNull();
    expect([background.raw, background.eventNames()]).toEqual([false, []]);
    const source = Object.assign(terminal(), { isTTY: false });
    expect(
      listenToKeys(
        new StopRequest(),
        () => {},
        () => {},
        source,
      ),
    ).toBeNull();
  });
});
