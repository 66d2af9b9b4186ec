import { describe, expect, it } from 'vitest';
import { AttemptWindows } from '../../acquisition/attempt-windows.ts';

/** Windows whose commits are let through by hand; `pace` is the time a position takes. */
function heldWindows(end: number) {
  const commits: { first: number; last: number; durable: (id: string) => void }[] = [];
  const clock = { ms: 0 };
  const windows = new AttemptWindows(
    (first, last) => new Promise((durable) => commits.push({ first, last, durable })),
    end,
    () => clock.ms,
  );
  return { windows, commits, clock };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function measureAll(end: number, millisecondsEach: number): Promise<number[]> {
  const sizes: number[] = [];
  let ms = 0;
  const windows = new AttemptWindows(
    async (first, last) => {
      sizes.push(last - first + 1);
      return String(first);
    },
    end,
    () => ms,
  );
  let covered = 0;
  for (let position = 0; position < end; position++) {
    const id = Number(await windows.of(position));
    if (id !== covered && position !== 0) expect(position).toBe(id);
    covered = id;
    ms += millisecondsEach;
  }
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(end);
  return sizes;
}

describe('windows of positions', () => {
  it('arm nothing before their attempt is durable, and commit the next one as soon as one begins', async () => {
    const { windows, commits } = heldWindows(100);
    const first = windows.of(0);
    expect(windows.durable(0)).toBeNull();
    expect(commits.map(({ first: from, last }) => [from, last])).toEqual([[0, 31]]);
    commits[0].durable('one');
    expect(await first).toBe('one');
    expect(commits.map(({ first: from }) => from)).toEqual([0, 32]);
    expect(windows.durable(31)).toBe('one');
    expect(windows.durable(32)).toBeNull();
    const second = windows.of(32);
    commits[1].durable('two');
    expect(await second).toBe('two');
    expect(windows.durable(32)).toBe('two');
  });

  it('tell a failed commit to whoever asks for a position of it, and not before', async () => {
    const windows = new AttemptWindows(
      async (first) => {
        if (first > 0) throw new Error('disk full');
        return 'one';
      },
      100,
      () => 0,
    );
    expect(await windows.of(0)).toBe('one');
    await turn();
    expect(await windows.of(31)).toBe('one');
    await expect(windows.of(32)).rejects.toThrow('disk full');
  });

  it('hold 32 positions where a sweep takes its time, and never leave one out', async () => {
    expect(await measureAll(100, 50)).toEqual([32, 32, 32, 4]);
  });

  it('get larger where positions are over sooner than the disk follows, up to a bound', async () => {
    const sizes = await measureAll(5_000, 0.2);
    expect(Math.max(...sizes)).toBe(512);
    expect(sizes.slice(0, 2)).toEqual([32, 32]);
  });
});
