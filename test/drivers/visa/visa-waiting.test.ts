import { describe, expect, it } from 'vitest';
import { CALM } from '../open-test-link.ts';
import { AnsweringDevice } from './answering-device.ts';
import { canCompile, compileLibvisa } from './compiled-libvisa.ts';
import { ask, closeAll, GPIB, manager, onBus, onSocket, opened, PATIENT, SOON, useLibvisa } from './visa-rig.ts';

/** How often the test library saw a call on a session in which another was running. */
const OVERLAPS = { code: 0x3ffff001, type: 'u32' } as const;

/** How many of its calls ended because another thread asked for it. */
const ABORTED = { code: 0x3ffff002, type: 'u32' } as const;

useLibvisa();

describe.skipIf(!canCompile)('a VISA session that waits', () => {
  it('waits longer than one slice', async () => {
    const late = (send: (bytes: string) => void) => void setTimeout(() => send('late\n'), 350);
    const session = await onSocket(new AnsweringDevice({ 'LATE?': late }));
    expect(await ask(session, 'LATE?')).toBe('late\n');
  });

  it('leaves the event loop free while it waits', async () => {
    const session = await onSocket(new AnsweringDevice());
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      if (ticks === 20) controller.abort(new Error('enough'));
    }, 5);
    const controller = new AbortController();
    const wait = { count: 1, terminator: null, timeoutSeconds: 60, signal: controller.signal };
    await expect(session.read(wait)).rejects.toThrow('enough');
    clearInterval(timer);
    expect(ticks).toBe(20);
  });

  it('lets other sessions and the file system work while ten wait', async () => {
    const silent = new AnsweringDevice();
    const sessions = await Promise.all(Array.from({ length: 10 }, () => onSocket(silent)));
    const busy = await onSocket(new AnsweringDevice({ '*IDN?': 'ACME\n' }));
    const controller = new AbortController();
    const wait = { count: 1, terminator: null, timeoutSeconds: 60, signal: controller.signal };
    let ended = 0;
    const waits = sessions.map((session) => session.read(wait).catch(() => void ended++));
    for (let i = 0; i < 20; i++) expect(await ask(busy, '*IDN?')).toBe('ACME\n');
    expect(ended).toBe(0);
    controller.abort();
    await Promise.all(waits);
    expect(ended).toBe(10);
  });

  it('never has two calls at once on one session, whatever is asked of it', async () => {
    const { session } = await onBus(new AnsweringDevice({ 'A?': 'a\n', 'B?': 'b\n' }));
    const before = await session.getAttribute(OVERLAPS, CALM);
    const asked = Array.from({ length: 30 }, (_, i) => ask(session, i % 2 === 0 ? 'A?' : 'B?', null));
    const others = Array.from({ length: 30 }, () => session.readStatusByte(PATIENT));
    await Promise.all([...asked, ...others]);
    const cancelled = Array.from({ length: 3 }, (_, i) =>
      session.read({ count: 1, terminator: null, timeoutSeconds: 60, signal: AbortSignal.timeout(20 + i) }),
    );
    const after = session.getAttribute(OVERLAPS, CALM);
    expect((await Promise.allSettled(cancelled)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    expect(await after).toBe(before);
  });

  it.each([[[]], [['-DWITHOUT_TERMINATE']]])(
    'stops waiting when told to, and goes on afterwards (library built with %j)',
    async (options) => {
      const other = compileLibvisa(...options);
      try {
        const session = await onSocket(new AnsweringDevice({ '*IDN?': 'ACME\n' }), other.path);
        const { library: found } = await manager(other.path);
        expect(found.missing.includes('viTerminate')).toBe(options.length > 0);
        const wait = { count: 1, terminator: null, timeoutSeconds: 3600 };
        await expect(session.read({ ...wait, signal: AbortSignal.timeout(20) })).rejects.toThrow(/timeout/);
        expect(await ask(session, '*IDN?')).toBe('ACME\n');
        await expect(session.read({ ...wait, signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
        const pending = session.read({ ...wait, signal: CALM });
        const refused = expect(pending).rejects.toMatchObject({ code: 'TB_ABORTED' });
        // A call that waits for its turn gives it up at once.
        const waiting = session.readStatusByte({ timeoutSeconds: 1, signal: AbortSignal.timeout(20) });
        await expect(waiting).rejects.toThrow(/timeout/);
        await session.close();
        await refused;
      } finally {
        await closeAll();
        other.remove();
      }
    },
  );

  it('breaks off a long wait on a message interface inside the library', async () => {
    const { session } = await onBus(new AnsweringDevice({ '*IDN?': 'ACME\n' }));
    const wait = { count: 1, terminator: null, timeoutSeconds: 3600, signal: AbortSignal.timeout(20) };
    const before = await session.getAttribute(ABORTED, CALM);
    await expect(session.read(wait)).rejects.toThrow(/timeout/);
    expect(await ask(session, '*IDN?', null)).toBe('ACME\n');
    expect(await session.getAttribute(ABORTED, CALM)).toBe(before + 1);
  });

  it('waits for service requests', async () => {
    const { server, session } = await onBus(new AnsweringDevice());
    await expect(session.waitForServiceRequest(SOON)).rejects.toMatchObject({ symbol: 'VI_ERROR_NENABLED' });
    expect(await session.enableServiceRequests(CALM)).toBe('VI_SUCCESS');
    expect(await session.enableServiceRequests(CALM)).toBe('VI_SUCCESS_EVENT_EN');
    expect(await session.waitForServiceRequest(SOON)).toBe(false);
    const waiting = session.waitForServiceRequest(PATIENT);
    server.requestService();
    expect(await waiting).toBe(true);
    const given = session.waitForServiceRequest({ timeoutSeconds: 3600, signal: AbortSignal.timeout(20) });
    await expect(given).rejects.toThrow(/timeout/);
    await session.disableServiceRequests(CALM);
    const stream = await onSocket(new AnsweringDevice());
    await expect(stream.enableServiceRequests(CALM)).rejects.toMatchObject({ code: 'TB_VISA_UNSUPPORTED' });
  });

  it('locks others out, says so, and lets them in again', async () => {
    const { visa, session } = await onBus(new AnsweringDevice({ '*IDN?': 'ACME\n' }));
    const second = await opened(visa, GPIB);
    expect(await session.lock('exclusive', SOON)).toBe('');
    await expect(second.write(Buffer.from('*IDN?\n'), PATIENT)).rejects.toMatchObject({ code: 'TB_VISA_LOCKED' });
    await expect(second.lock('exclusive', SOON)).rejects.toMatchObject({ code: 'TB_VISA_LOCKED' });
    const granted = second.lock('exclusive', PATIENT);
    await session.unlock(CALM);
    await granted;
    await second.unlock(CALM);
    await expect(second.unlock(CALM)).rejects.toMatchObject({ symbol: 'VI_ERROR_SESN_NLOCKED' });
    const key = await session.lock('shared', SOON);
    expect(key).toBe('test-key');
    expect(await second.lock('shared', { ...SOON, key })).toBe(key);
    expect(await ask(second, '*IDN?', null)).toBe('ACME\n');
  });
});
