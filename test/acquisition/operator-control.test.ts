import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type DieSummary, dieSummaryText } from '../../acquisition/die-summary.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { stopOnSignals } from '../../acquisition/stop-signals.ts';
import { MemoryBench } from './memory-bench.ts';
import { measure } from './memory-session.ts';
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
