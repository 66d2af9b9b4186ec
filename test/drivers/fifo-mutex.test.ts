import { describe, expect, it } from 'vitest';
import { FifoMutex } from '../../drivers/transport/fifo-mutex.ts';

const never = new AbortController().signal;

function holder() {
  const held = Promise.withResolvers<void>();
  return { work: () => held.promise, letGo: () => held.resolve() };
}

describe('one holder at a time', () => {
  it('in the order of arrival, also after one that failed', async () => {
    const mutex = new FifoMutex();
    const first = holder();
    const order: string[] = [];
    const one = mutex.run(first.work, never);
    const two = mutex.run(async () => {
      order.push('two');
      throw new Error('two failed');
    }, never);
    const three = mutex.run(async () => void order.push('three'), never);
    expect(order).toEqual([]);
    first.letGo();
    await one;
    await expect(two).rejects.toThrow('two failed');
    await three;
    await mutex.run(async () => void order.push('four'), never);
    expect(order).toEqual(['two', 'three', 'four']);
  });

  it('a waiter whose signal aborts gives up at once and never runs; the others keep their places', async () => {
    const mutex = new FifoMutex();
    const first = holder();
    const abort = new AbortController();
    const ran: string[] = [];
    const one = mutex.run(first.work, never);
    const two = mutex.run(async () => void ran.push('two'), abort.signal);
    const three = mutex.run(async () => void ran.push('three'), never);
    abort.abort(new Error('no longer wanted'));
    await expect(two).rejects.toThrow('no longer wanted');
    expect(ran).toEqual([]);
    first.letGo();
    await Promise.all([one, three]);
    expect(ran).toEqual(['three']);
  });

  it('a signal that aborts as the turn comes keeps the work from starting and hands the turn on', async () => {
    const mutex = new FifoMutex();
    const first = holder();
    const abort = new AbortController();
    let ran = false;
    const one = mutex.run(async () => {
      await first.work();
      // The turn is handed on in this very step.
      queueMicrotask(() => abort.abort(new Error('too late')));
    }, never);
    const two = mutex.run(async () => {
      ran = true;
    }, abort.signal);
    first.letGo();
    await one;
    await two.catch(() => {});
    expect(ran).toBe(false);
    await mutex.run(async () => {
      ran = true;
    }, never);
    expect(ran).toBe(true);
    await expect(mutex.run(async () => {}, abort.signal)).rejects.toThrow('too late');
  });
});
