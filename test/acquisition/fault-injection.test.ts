import { describe, expect, it } from 'vitest';
import { MemoryBench } from './memory-bench.ts';
import { measure, memoryPlan, quickRecipe } from './memory-session.ts';
import { MemoryStore } from './memory-store.ts';

/** One die, few pairs: short enough to break every single call of it. */
const frozen = memoryPlan({
  dies: [0],
  cells: 6,
  recipe: quickRecipe({ contact: { ...quickRecipe().contact, sampleCells: 2 } }),
});

async function callsOfUndisturbedRun(): Promise<string[]> {
  const bench = new MemoryBench();
  const outcome = await measure(bench, new MemoryStore(), { frozen });
  expect(outcome.end).toBe('finished');
  return bench.calls;
}

describe.each([
  { failAfterEffect: false, title: 'the command is lost' },
  { failAfterEffect: true, title: 'the command takes effect and its reply is lost' },
])('every call of a session fails once: $title', ({ failAfterEffect }) => {
  it('and the bench is left safe, in order, with the reason recorded', async () => {
    const calls = await callsOfUndisturbedRun();
    for (let failAt = 1; failAt <= calls.length; failAt++) {
      const bench = new MemoryBench({ failAt, failAfterEffect });
      const store = new MemoryStore();
      const outcome = await measure(bench, store, { frozen });
      const where = `call ${failAt}: ${calls[failAt - 1]}`;
      expect(bench.violations, where).toEqual([]);
      expect(bench.isSafe, where).toBe(true);
      expect(outcome.safeState.verdict, where).toBe('safe');
      // A step of a safe exit is repeated and may then succeed; everything else ends the session with its reason.
      if (outcome.end !== 'finished') {
        expect(outcome.error?.message, where).toContain('link was lost');
        expect(store.events.at(-1)?.kind, where).toBe('safe-exit');
      }
      expect(store.ends.size, where).toBe(1);
    }
  });
});

describe('an instrument dies for good at any call', () => {
  it('and no step is taken whose precondition is unmet', async () => {
    const calls = await callsOfUndisturbedRun();
    for (let failAt = 1; failAt <= calls.length; failAt++) {
      const bench = new MemoryBench({ failAt, deadAfterFailure: true });
      const outcome = await measure(bench, new MemoryStore(), { frozen });
      const where = `call ${failAt}: ${calls[failAt - 1]}`;
      const steps = Object.fromEntries(outcome.safeState.steps.map(({ name, outcome }) => [name, outcome]));
      const died = calls[failAt - 1].split('.')[0];
      // What the ledger may hold: a source nobody can reach any more stays on while the wait for its sweep passes.
      const reachable = bench.violations.filter((text) => !(died === 'smu' && text.includes('with the source on')));
      expect(reachable, where).toEqual([]);
      if (died === 'smu') expect(steps.source, where).toBe('assumed');
      if (died === 'enable') expect(steps, where).toMatchObject({ source: 'confirmed', supplies: 'notTried' });
      if (died === 'enable' || died === 'supplies') expect(steps.chuck, where).toBe('notTried');
      if (died === 'router') expect(steps, where).toMatchObject({ supplies: 'confirmed', chuck: 'confirmed' });
      expect(outcome.safeState.verdict, where).toBe(died === 'smu' ? 'assumed' : 'unsafe');
      expect(outcome.error, where).not.toBeNull();
    }
  });
});
