import { afterEach, describe, expect, it } from 'vitest';
import { CALM } from '../open-test-link.ts';
import { CANDIDATES, type Candidate, Rig } from './conformance-rig.ts';
import { SUBJECTS, type Subject } from './driver-subjects.ts';
import type { Treatment } from './hostile-wire.ts';

/**
 * One suite over every registered driver and its simulated instrument. What the driver says is held against the simulated
 * world itself: the suite never asks the driver whether the driver is right.
 */

const rigs: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of rigs.splice(0).toReversed()) await close();
});

async function started(candidate: Candidate, wire?: 'tcp' | 'serial', foreign?: Subject): Promise<Rig> {
  const rig = await Rig.start(candidate, wire, foreign);
  rigs.push(() => rig.close());
  return rig;
}

async function ready(candidate: Candidate, wire?: 'tcp' | 'serial') {
  const rig = await started(candidate, wire);
  const opened = await rig.prepared();
  rigs.push(() => opened.close());
  return { rig, opened };
}

/** Long enough for any answer on a busy machine. */
const PATIENCE = 2000;

/** Lines that ask for no answer, in any of the languages. */
const SETTINGS = /^(?!.*(\?|print)).*\n/;

const TYPED = { code: expect.stringMatching(/^TB_/) };

/** Each reply is that to the question before. */
const anothersReply: () => Treatment = () => {
  let before: Buffer | null = null;
  return (reply) => {
    const own = before ?? Buffer.from('0\n');
    before = reply;
    return [own];
  };
};

/** Bytes that no instrument sends, in as many lines as there were replies. */
const garbage: Treatment = (reply, number) => [
  Buffer.from(reply.map((byte, i) => (byte === 0x0a ? byte : (byte * 31 + 17 * i + number) | 0x80))),
];

const HOSTILITIES: readonly (readonly [string, () => Treatment, delay: number, 'truth' | 'error' | 'either'])[] = [
  ['late', () => (reply) => [reply], 15, 'truth'],
  ['in single bytes', () => (reply) => Array.from(reply, (byte) => Buffer.of(byte)).slice(0, 4000), 0, 'truth'],
  ['with garbage', () => garbage, 0, 'error'],
  ['with the reply to the question before', anothersReply, 0, 'either'],
  ['with every reply twice', () => (reply) => [reply, reply], 0, 'either'],
  ['with half of each reply', () => (reply) => [reply.subarray(0, reply.length >> 1)], 0, 'error'],
  ['not at all', () => () => [], 0, 'error'],
];

/** A test that has no meaning for a driver is not made for it, so that a skipped test always is a fault. */
function itWhere(applies: boolean, what: string, test: () => Promise<void>): void {
  if (applies) it(what, test);
}

describe.each(CANDIDATES)('%s', (_label, candidate) => {
  const { behaviour, subject, name, place } = candidate;

  it('is identified, and says by which driver', async () => {
    const rig = await started(candidate);
    const opened = await rig.open();
    rigs.push(() => opened.close());
    const { identity } = opened;
    expect(rig.instrument.identity.toUpperCase()).toContain(identity.model.toUpperCase());
    expect(rig.instrument.identity).toContain(identity.serial);
    expect(identity).toMatchObject({ name: place, driver: name });
    expect(behaviour.hazard(rig.world)).toBeNull();
  });

  itWhere(
    subject.relative !== null,
    'refuses a near relative, to which it sends nothing but the question',
    async () => {
      const rig = await started(candidate);
      rig.instrument.identity = subject.relative ?? '';
      await expect(rig.open()).rejects.toMatchObject({ code: 'TB_INSTRUMENT_WRONG_MODEL' });
      for (const line of rig.sent.split('\n').filter((text) => text !== '')) expect(line).toMatch(/IDN\?/);
    },
  );

  it('is not taken in by an instrument of another family that bears the right name', async () => {
    const own = (await started(candidate)).instrument.identity;
    for (const foreign of foreignSubjects(candidate)) {
      const rig = await started(candidate, 'tcp', foreign);
      rig.instrument.identity = own;
      const stop = AbortSignal.timeout(700);
      const opening = rig.open(stop).then(async (opened) => {
        rigs.push(() => opened.close());
        await behaviour.prepare(opened, rig.world, stop);
      });
      await expect(opening).rejects.toSatisfy(isTypedOr('TimeoutError'));
      expect(behaviour.hazard(rig.world)).toBeNull();
    }
  });

  it('does what it says, and is safe when it says so', async () => {
    const { rig, opened } = await ready(candidate);
    for (const [reading, act] of Object.entries(behaviour.readings)) {
      expect(await act(opened, rig.world, CALM), reading).not.toBeNull();
    }
    await behaviour.makeSafe(opened, rig.world, CALM);
    expect(behaviour.hazard(rig.world)).toBeNull();
  });

  it.each(Object.keys(behaviour.refused))('refuses %s, and can be made safe', async (what) => {
    const { rig, opened } = await ready(candidate);
    await expect(behaviour.refused[what](opened, rig.world, CALM)).rejects.toMatchObject(TYPED);
    await behaviour.makeSafe(opened, rig.world, CALM);
    expect(behaviour.hazard(rig.world)).toBeNull();
  });

  itWhere(subject.provoke !== null, 'drains the error queue, oldest first, to the last entry', async () => {
    const { rig, opened } = await ready(candidate);
    subject.provoke?.inject(rig.instrument);
    subject.provoke?.inject(rig.instrument);
    const entry = expect.stringMatching(subject.provoke?.entry ?? /never/);
    expect(await opened.drainErrors(CALM)).toEqual([entry, entry]);
    expect(await opened.drainErrors(CALM)).toEqual([]);
  });

  itWhere(subject.provoke !== null, 'can be made safe whatever the error queue holds', async () => {
    const { rig, opened } = await ready(candidate);
    for (let entry = 0; entry < 5; entry++) subject.provoke?.inject(rig.instrument);
    await behaviour.makeSafe(opened, rig.world, CALM);
    expect(behaviour.hazard(rig.world)).toBeNull();
  });

  // Where commands are acknowledged one by one there is nothing to hold against a device that acknowledges falsely.
  itWhere(place === 'smu' || place === 'supplies', 'notices that its settings are not taken', async () => {
    const { rig, opened } = await ready(candidate);
    rig.wire.deafTo(SETTINGS);
    await expect(behaviour.makeSafe(opened, rig.world, CALM)).rejects.toMatchObject(TYPED);
    expect(behaviour.hazard(rig.world)).not.toBeNull();
    expect(await rig.recover(opened)).toBeNull();
    rig.wire.deafTo(SETTINGS);
    await expect(behaviour.prepare(opened, rig.world, CALM)).rejects.toMatchObject(TYPED);
    expect(behaviour.hazard(rig.world)).toBeNull();
  });

  it('ends a wait when it is told to, and works on after it was reopened', async () => {
    const { rig, opened } = await ready(candidate);
    const truths = await rig.truths(opened);
    expect(truths.size).toBeGreaterThan(0);
    for (const reading of truths.keys()) {
      rig.wire.treat(() => []);
      const reason = new Error('enough');
      const stop = new AbortController();
      const waiting = behaviour.readings[reading](opened, rig.world, stop.signal);
      setTimeout(() => stop.abort(reason), 20);
      await expect(waiting, reading).rejects.toBe(reason);
      await rig.again(opened);
      expect(await rig.outcome(opened, reading, PATIENCE), reading).toEqual(truths.get(reading));
      await rig.again(opened);
    }
  });

  it('tells of a lost link, and works on after it was reopened', async () => {
    const { rig, opened } = await ready(candidate, 'tcp');
    const [[reading, truth]] = await rig.truths(opened);
    rig.wire.drop();
    await expect(behaviour.readings[reading](opened, rig.world, CALM)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
    await expect(behaviour.readings[reading](opened, rig.world, CALM)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
    await rig.again(opened);
    expect(await rig.outcome(opened, reading, PATIENCE)).toEqual(truth);
  });

  it.each(HOSTILITIES)(
    'answered %s, takes no wrong number and can be made safe',
    async (_how, treatment, delay, must) => {
      const { rig, opened } = await ready(candidate);
      for (const [reading, truth] of await rig.truths(opened)) {
        rig.wire.treat(treatment(), delay);
        const outcome = await rig.outcome(opened, reading, 200);
        if (must === 'truth') expect(outcome, reading).toEqual(truth);
        else if (must === 'error') expect(outcome, reading).toHaveProperty('error');
        else if ('value' in outcome) expect(outcome, reading).toEqual(truth);
        await rig.again(opened);
      }
    },
  );
});

/** The other families of the place, or where there are none, one of another place. */
function foreignSubjects({ place, name, subject }: Candidate): Subject[] {
  const related = (other: Candidate) =>
    other.name === name || other.name === subject.sameInstrumentsAs || other.subject.sameInstrumentsAs === name;
  const others = CANDIDATES.filter(([, other]) => other.place === place && !related(other));
  return others.length > 0
    ? others.map(([, { subject }]) => subject)
    : [SUBJECTS.supplies['keysight-e36300'], SUBJECTS.prober.sentio].slice(place === 'supplies' ? 1 : 0);
}

function isTypedOr(name: string) {
  return (error: Error & { code?: string }) => error.name === name || error.code?.startsWith('TB_') === true;
}
