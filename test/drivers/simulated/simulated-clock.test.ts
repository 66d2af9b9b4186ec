import { expect, test } from 'vitest';
import { parseTimeScale, SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';

function world() {
  return {
    now: 0,
    advance(seconds: number) {
      this.now += seconds;
    },
  };
}

test('at full speed events happen in order of simulated time, without waiting for the wall', async () => {
  const place = world();
  const clock = new SimulatedClock(place, 'full');
  const order: string[] = [];
  clock.after(2, () => order.push(`late ${clock.now}`));
  clock.after(1, () => {
    order.push(`early ${clock.now}`);
    clock.after(0.5, () => order.push(`between ${clock.now}`));
  });
  await clock.spend(3_600);
  expect(order).toEqual(['early 1', 'between 1.5', 'late 2']);
  expect(place.now).toBe(0);
  clock.touch();
  expect(place.now).toBe(3_600);
  clock.close();
});

test('a cancelled event does not happen', async () => {
  const clock = new SimulatedClock(world(), 'full');
  let happened = false;
  const event = clock.after(1, () => {
    happened = true;
  });
  event.cancelled = true;
  await clock.spend(2);
  expect(happened).toBe(false);
  clock.close();
});

test('with a time scale simulated time follows the wall, also while nothing is scheduled', async () => {
  const clock = new SimulatedClock(world(), 1_000);
  await clock.spend(1);
  expect(clock.now).toBeGreaterThanOrEqual(1);
  const before = clock.now;
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(clock.now).toBeGreaterThan(before);
  clock.close();
});

test('one instrument that waits does not hold up another', async () => {
  const clock = new SimulatedClock(world(), 100);
  const order: string[] = [];
  await Promise.all([clock.spend(1).then(() => order.push('slow')), clock.spend(0.1).then(() => order.push('fast'))]);
  expect(order).toEqual(['fast', 'slow']);
  clock.close();
});

test('skipped time brings due events with it', () => {
  const clock = new SimulatedClock(world(), 'real');
  let happened = false;
  clock.after(500, () => {
    happened = true;
  });
  clock.skip(600);
  expect(happened).toBe(true);
  expect(clock.now).toBeGreaterThanOrEqual(600);
  clock.close();
});

test.each([
  ['full', 'full'],
  ['real', 'real'],
  ['10', 10],
  ['0.5', 0.5],
  ['0', null],
  ['-1', null],
  ['fast', null],
  ['', null],
])('time scale %j is %j', (text, expected) => expect(parseTimeScale(text)).toBe(expected));
