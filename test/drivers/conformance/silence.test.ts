import { describe, it } from 'vitest';
import { CALM } from '../open-test-link.ts';
import { CANDIDATES, Rig } from './conformance-rig.ts';

/** All drivers at once: each waits as long as it would wait for a real instrument. */
describe('an instrument that does not answer', () => {
  it.concurrent.for(CANDIDATES)(
    '%s: ends in a time-out that names what was awaited, and is recovered',
    { timeout: 60_000 },
    async ([, candidate], { expect }) => {
      const rig = await Rig.start(candidate);
      try {
        const opened = await rig.prepared();
        const [[reading, truth]] = await rig.truths(opened);
        rig.wire.treat(() => []);
        const waiting = candidate.behaviour.readings[reading](opened, rig.world, CALM);
        await expect(waiting).rejects.toMatchObject({
          code: 'TB_LINK_TIMEOUT',
          facts: { value: 'nothing arrived', expected: expect.stringMatching(/^the /) },
        });
        // Without a new link no question is put: its answer could be the late one.
        const next = candidate.behaviour.readings[reading](opened, rig.world, CALM);
        await expect(next).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
        await rig.again(opened);
        expect(await rig.outcome(opened, reading, 2000)).toEqual(truth);
        await opened.close();
      } finally {
        await rig.close();
      }
    },
  );
});
