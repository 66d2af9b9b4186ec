import { describe, expect, it } from 'vitest';
import { VISA_ATTRIBUTES } from '../../../drivers/visa/attributes.ts';
import { CALM } from '../open-test-link.ts';
import { AnsweringDevice } from './answering-device.ts';
import { canCompile } from './compiled-libvisa.ts';
import { ask, GPIB, libraryPath, manager, onBus, onSocket, PATIENT, useLibvisa } from './visa-rig.ts';

useLibvisa();

describe.skipIf(!canCompile)('a VISA session', () => {
  it('names the library and its vendor', async () => {
    const { library: found } = await manager();
    expect(found).toMatchObject({
      path: libraryPath(),
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
    const { bytes, end } = await session.read({ count: 100, terminator: 0x0a, timeoutSeconds: 1, signal: CALM });
    expect([Buffer.from(bytes).toString(), end]).toEqual(['1.2', 'timeout']);
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
