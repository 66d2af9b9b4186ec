import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { VISA_ATTRIBUTES } from '../../../drivers/visa/attributes.ts';
import { VisaResourceManager } from '../../../drivers/visa/resource-manager.ts';
import type { VisaSession } from '../../../drivers/visa/visa-session.ts';
import { CALM } from '../open-test-link.ts';
import { AnsweringDevice } from './answering-device.ts';
import { canCompile, compileLibvisa } from './compiled-libvisa.ts';
import { serveMessages } from './message-server.ts';

const SOON = { timeoutSeconds: 0.05, signal: CALM };
const PATIENT = { timeoutSeconds: 20, signal: CALM };
const GPIB = 'GPIB0::26::INSTR';

/** How often the test library saw a call on a session in which another was running. */
const OVERLAPS = { code: 0x3ffff001, type: 'u32' } as const;

/** How many of its calls ended because another thread asked for it. */
const ABORTED = { code: 0x3ffff002, type: 'u32' } as const;

const closers: (() => Promise<void>)[] = [];
let library: ReturnType<typeof compileLibvisa>;

beforeAll(() => {
  if (canCompile) library = compileLibvisa();
});
afterAll(() => library?.remove());
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  delete process.env.TEST_LIBVISA_RESOURCES;
});

async function manager(path = library.path): Promise<VisaResourceManager> {
  const visa = await VisaResourceManager.acquire(path);
  closers.push(() => visa.release());
  return visa;
}

async function opened(visa: VisaResourceManager, resource: string): Promise<VisaSession> {
  const session = await visa.open(resource, PATIENT);
  closers.push(() => session.close());
  return session;
}

/** A device behind a plain socket. */
async function onSocket(device: AnsweringDevice, path?: string): Promise<VisaSession> {
  const server = await serveTcp(device);
  closers.push(() => server.close());
  return opened(await manager(path), server.resource);
}

/** A device behind a message link, named as one on a GPIB. */
async function onBus(device: AnsweringDevice, path?: string) {
  const server = await serveMessages(device, device);
  closers.push(() => server.close());
  process.env.TEST_LIBVISA_RESOURCES = `${GPIB}=${server.address}`;
  const visa = await manager(path);
  return { server, visa, session: await opened(visa, GPIB) };
}

async function ask(session: VisaSession, line: string, terminator: number | null = 0x0a): Promise<string> {
  await session.write(Buffer.from(`${line}\n`), PATIENT);
  const { bytes, end } = await session.read({ count: 1000, terminator, ...PATIENT });
  expect(end).not.toBe('timeout');
  return Buffer.from(bytes).toString('latin1');
}

describe.skipIf(!canCompile)('a VISA session', () => {
  it('names the library and its vendor', async () => {
    const { library: found } = await manager();
    expect(found).toMatchObject({
      path: library.path,
      manufacturer: 'tunnelbench test library',
      specVersion: '5.8.0',
      implementationVersion: '1.2.3',
      missing: ['viGpibControlREN'],
    });
  });

  it('finds what the library offers, and nothing is no error', async () => {
    process.env.TEST_LIBVISA_RESOURCES = `${GPIB}=127.0.0.1:1\nUSB0::1::2::A::INSTR=127.0.0.1:1`;
    const visa = await manager();
    expect(await visa.find('?*::INSTR', CALM)).toEqual([GPIB, 'USB0::1::2::A::INSTR']);
    expect(await visa.find('GPIB?*', CALM)).toEqual([GPIB]);
    expect(await visa.find('ASRL?*', CALM)).toEqual([]);
    await expect(visa.find('[', CALM)).rejects.toMatchObject({ symbol: 'VI_ERROR_INV_EXPR' });
  });

  it('asks and is answered on streams and on message interfaces', async () => {
    const device = new AnsweringDevice({ '*IDN?': 'ACME,1,2,3\n' });
    const stream = await onSocket(device);
    const { session } = await onBus(device);
    expect([stream.kind, session.kind]).toEqual(['stream', 'messages']);
    expect(await ask(stream, '*IDN?')).toBe('ACME,1,2,3\n');
    expect(await ask(session, '*IDN?', null)).toBe('ACME,1,2,3\n');
  });

  it('reads on when the buffer was too small: 300,000 bytes with every value of a byte, line feeds included', async () => {
    const block = Uint8Array.from({ length: 300_000 }, (_, i) => i);
    const { session } = await onBus(new AnsweringDevice({ 'DATA?': block }));
    await session.write(Buffer.from('DATA?\n'), PATIENT);
    const { bytes, end } = await session.read({ count: 1 << 20, terminator: null, ...PATIENT });
    expect(end).toBe('end');
    expect(Buffer.compare(bytes, block)).toBe(0);
  });

  it('keeps the terminator out of binary reads and on in the next line', async () => {
    const session = await onSocket(new AnsweringDevice({ 'MIX?': 'a\n\n\nb\nc\n' }));
    await session.write(Buffer.from('MIX?\n'), PATIENT);
    const read = async (count: number, terminator: number | null) => {
      const { bytes, end } = await session.read({ count, terminator, ...PATIENT });
      return [Buffer.from(bytes).toString(), end];
    };
    expect(await read(100, 0x0a)).toEqual(['a\n', 'terminator']);
    expect(await read(3, null)).toEqual(['\n\nb', 'count']);
    expect(await read(100, 0x0a)).toEqual(['\n', 'terminator']);
    expect(await read(100, 0x63)).toEqual(['c', 'terminator']);
  });

  it('returns what came before a time-out', async () => {
    const session = await onSocket(new AnsweringDevice({ 'HALF?': '1.2' }));
    await session.write(Buffer.from('HALF?\n'), PATIENT);
    const { bytes, end } = await session.read({ count: 100, terminator: 0x0a, timeoutSeconds: 0.3, signal: CALM });
    expect([Buffer.from(bytes).toString(), end]).toEqual(['1.2', 'timeout']);
  });

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
        for (const close of closers.splice(0).toReversed()) await close();
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

  it('serves device clear, status byte and trigger', async () => {
    const device = new AnsweringDevice();
    const { session } = await onBus(device);
    device.status = 0x50;
    await session.clear(PATIENT);
    await session.trigger(PATIENT);
    expect(await session.readStatusByte(PATIENT)).toBe(0x50);
    expect(device.heard).toEqual(['(clear)', '(trigger)']);
    const stream = await onSocket(device);
    const failure = stream.readStatusByte(PATIENT);
    await expect(failure).rejects.toMatchObject({ code: 'TB_VISA_UNSUPPORTED', symbol: 'VI_ERROR_NSUP_OPER' });
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

  it('reads and sets attributes in their own widths', async () => {
    const { session } = await onBus(new AnsweringDevice());
    const { TMO_VALUE, TERMCHAR, TERMCHAR_EN, SEND_END_EN, RSRC_NAME, RSRC_CLASS, GPIB_SRQ_STATE } = VISA_ATTRIBUTES;
    await session.setAttribute(TMO_VALUE, 0xffff_ffff, CALM);
    await session.setAttribute(TMO_VALUE, -1, CALM);
    expect(await session.getAttribute(TMO_VALUE, CALM)).toBe(0xffff_ffff);
    expect(await session.setAttribute(TERMCHAR, 0x3b, CALM)).toBe('VI_SUCCESS');
    expect(await session.getAttribute(TERMCHAR, CALM)).toBe(0x3b);
    await session.setAttribute(TERMCHAR_EN, true, CALM);
    expect(await session.getAttribute(TERMCHAR_EN, CALM)).toBe(true);
    expect(await session.getAttribute(SEND_END_EN, CALM)).toBe(true);
    expect(await session.getAttribute(RSRC_NAME, CALM)).toBe(GPIB);
    expect(await session.getAttribute(GPIB_SRQ_STATE, CALM)).toBe(-1);
    const odd = session.setAttribute({ code: TERMCHAR.code, type: 'u32' }, 0x100, CALM);
    await expect(odd).rejects.toMatchObject({ symbol: 'VI_ERROR_NSUP_ATTR_STATE' });
    const constant = session.setAttribute({ code: RSRC_CLASS.code, type: 'u32' }, 1, CALM);
    await expect(constant).rejects.toMatchObject({ code: 'TB_VISA_UNSUPPORTED', symbol: 'VI_ERROR_ATTR_READONLY' });
  });

  it("gives the library's own words for a status, and the name of a function it lacks", async () => {
    const { session, visa } = await onBus(new AnsweringDevice());
    await expect(visa.open('TCPIP0::127.0.0.1::1::SOCKET', PATIENT)).rejects.toMatchObject({
      code: 'TB_VISA_NO_INSTRUMENT',
      symbol: 'VI_ERROR_RSRC_NFOUND',
      facts: { value: 'VI_ERROR_RSRC_NFOUND (The resource is not present in this test system)' },
    });
    await expect(session.controlRemote(6, PATIENT)).rejects.toMatchObject({
      code: 'TB_VISA_FUNCTION_MISSING',
      facts: { value: 'viGpibControlREN' },
    });
  });

  it('says that the connection is gone, and refuses a closed session', async () => {
    const device = new AnsweringDevice();
    const session = await onSocket(device);
    device.hangUp();
    const read = session.read({ count: 1, terminator: null, ...PATIENT });
    await expect(read).rejects.toMatchObject({ code: 'TB_VISA_LINK_LOST', symbol: 'VI_ERROR_CONN_LOST' });
    await session.close();
    await expect(session.clear(PATIENT)).rejects.toMatchObject({ code: 'TB_VISA_LINK_LOST' });
  });
});
