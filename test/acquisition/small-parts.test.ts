import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { NeedleWatch } from '../../acquisition/needle-watch.ts';
import { ProgressMeter } from '../../acquisition/progress.ts';
import { checkSessionFields } from '../../acquisition/session-fields.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { stopOnSignals } from '../../acquisition/stop-signals.ts';
import { FIELDS } from './memory-session.ts';

describe('session fields', () => {
  it('may be unknown, never silent', () => {
    expect(checkSessionFields({ ...FIELDS, operator: ' unknown ' }).operator).toBe('unknown');
    expect(() => checkSessionFields({ ...FIELDS, operator: '', probeCard: undefined })).toThrow(
      /operator, probeCard are not given.*--operator.*--probe-card.*"unknown" is allowed.*TB_SESSION_FIELD_MISSING/,
    );
  });
});

describe('signals', () => {
  const start = () => {
    const source = new EventEmitter();
    const stop = new StopRequest();
    const told: string[] = [];
    const release = stopOnSignals(stop, (text) => told.push(text), source);
    return { source, stop, told, release };
  };

  it('a first Ctrl-C finishes the sweep, a second aborts it', () => {
    const { source, stop } = start();
    source.emit('SIGINT');
    expect(stop.reason).toBe('Ctrl-C');
    expect(stop.signal.aborted).toBe(false);
    source.emit('SIGINT');
    expect(stop.signal.aborted).toBe(true);
    expect(stop.signal.reason).toMatchObject({ code: 'TB_ABORTED' });
  });

  it('SIGTERM stops after the sweep', () => {
    const { source, stop, release } = start();
    source.emit('SIGTERM');
    expect(stop.reason).toBe('SIGTERM');
    expect(stop.signal.aborted).toBe(false);
    release();
    expect(source.eventNames()).toEqual([]);
  });
});

describe('progress', () => {
  it('takes the rate from this session only and counts earlier cells as done', () => {
    let now = 0;
    const meter = new ProgressMeter(100, 2, () => now);
    meter.skipEarlier(40);
    meter.startDie({ ordinal: 3, x: 1, y: 2 }, 2);
    expect(meter.snapshot()).toMatchObject({ cellsDone: 40, cellsPerSecond: 0, etaSeconds: null });
    now = 2000;
    for (let i = 0; i < 20; i++) meter.countCell(i < 19 ? 'healthy' : 'open');
    expect(meter.snapshot()).toEqual({
      cellsDone: 60,
      cellsTotal: 100,
      cellsPerSecond: 10,
      etaSeconds: 4,
      etaFrom: 'thisRun',
      counts: { healthy: 19, open: 1 },
      die: { number: 2, of: 2, x: 1, y: 2 },
    });
  });
});

describe('the remaining time', () => {
  const meterWith = (history: { cells: number; seconds: number } | null) => {
    const clock = { now: 0 };
    const from = 'earlierSessions' as const;
    const meter = new ProgressMeter(1000, 1, () => clock.now, history === null ? null : { work: history, from });
    meter.startDie({ ordinal: 0, x: 0, y: 0 }, 1);
    return { clock, meter };
  };
  const count = (meter: ProgressMeter, cells: number) => {
    for (let i = 0; i < cells; i++) meter.countCell('healthy');
  };

  it('is told from earlier sessions until this one has a speed of its own', () => {
    const { clock, meter } = meterWith({ cells: 500, seconds: 1000 });
    expect(meter.snapshot()).toMatchObject({ etaSeconds: 2000, etaFrom: 'earlierSessions' });
    clock.now = 10_000;
    count(meter, 100);
    expect(meter.snapshot()).toMatchObject({ etaSeconds: 1800, etaFrom: 'earlierSessions' });
    clock.now = 25_000;
    count(meter, 150);
    expect(meter.snapshot()).toMatchObject({ etaSeconds: 75, etaFrom: 'thisRun' });
  });

  it('does not count pauses, and follows dies that are left out or added', () => {
    const { clock, meter } = meterWith(null);
    clock.now = 20_000;
    count(meter, 200);
    meter.startWaiting();
    clock.now = 3_620_000;
    meter.endWaiting();
    expect(meter.snapshot()).toMatchObject({ etaSeconds: 80, etaFrom: 'thisRun' });
    expect(meter.waitedMs).toBe(3_600_000);
    meter.changeTotal(-300);
    expect(meter.snapshot()).toMatchObject({ etaSeconds: 50, cellsTotal: 700 });
  });
});

describe('the needle watch', () => {
  const geometry = { rows: 3, columns: 4, columnsPerEnableLine: 2 } as const;
  let ordinal = 0;
  const die = (watch: NeedleWatch, openColumn: number | null) => {
    for (let cell = 0; cell < 12; cell++) watch.cell(cell, cell % 4 === openColumn);
    ordinal += 1;
    return watch.endDie(ordinal);
  };

  it('suspects a needle when a line is open on three dies in a row', () => {
    const watch = new NeedleWatch(geometry);
    ordinal = 0;
    expect(die(watch, 1)).toEqual({ open: ['column 1'], suspects: [], dies: [1] });
    expect(die(watch, 1).suspects).toEqual([]);
    expect(die(watch, 1)).toEqual({ open: ['column 1'], suspects: ['column 1'], dies: [1, 2, 3] });
    watch.startAfresh();
    expect(die(watch, 1).suspects).toEqual([]);
  });

  it('forgets a line that was fine in between', () => {
    const watch = new NeedleWatch(geometry);
    for (const open of [1, 1, null, 1, 1]) expect(die(watch, open).suspects).toEqual([]);
  });
});
