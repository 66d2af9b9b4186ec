import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseBenchFile } from '../../../drivers/bench-file.ts';
import type { PairReading } from '../../../drivers/capabilities.ts';
import { Keithley2600 } from '../../../drivers/keithley-2600.ts';
import { openBench } from '../../../drivers/open-bench.ts';
import { createKeithley2600Pair } from '../../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import { openSimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { Link } from '../../../drivers/transport/link.ts';
import { openTransport } from '../../../drivers/transport/open-transport.ts';
import type { Transport } from '../../../drivers/transport/transport.ts';
import { CALM } from '../open-test-link.ts';
import { ResistorStation } from '../resistor-station.ts';
import { SAMPLE_PROGRAMME } from '../sample-programme.ts';
import { AnsweringDevice } from './answering-device.ts';
import { canCompile, compileLibvisa, compileOtherLibrary } from './compiled-libvisa.ts';
import { serveMessages } from './message-server.ts';

const BUS = 'GPIB0::26::INSTR';
const LINE_FEED = Uint8Array.of(0x0a);
const SOON = { awaited: 'the answer', timeoutSeconds: 1, signal: CALM };
const PATIENT = { awaited: 'the answer', timeoutSeconds: 20, signal: CALM };

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

type Wiring = 'socket' | 'bus';

/** Opens a link through the test library to a device on a socket or on a message interface. */
async function through(wiring: Wiring, device: AnsweringDevice) {
  const visa = { library: library.path, allResources: true };
  let resource = BUS;
  if (wiring === 'socket') {
    const server = await serveTcp(device);
    closers.push(() => server.close());
    ({ resource } = server);
  } else {
    const server = await serveMessages(device, device);
    closers.push(() => server.close());
    process.env.TEST_LIBVISA_RESOURCES = `${BUS}=${server.address}`;
  }
  const open = (signal: AbortSignal) => openTransport({ thing: 'dmm', resource, visa }, signal);
  const transport = await open(CALM);
  closers.push(() => transport.close());
  return { transport, open };
}

async function send(transport: Transport, line: string): Promise<void> {
  await transport.write(Buffer.from(`${line}\n`), CALM);
}

describe.skipIf(!canCompile).each(['socket', 'bus'] as const)('a link through VISA (%s)', (wiring) => {
  it('reads lines, and binary data with line feeds in it', async () => {
    const data = Buffer.from('#15a\nb\nc\n', 'latin1');
    const { transport } = await through(
      wiring,
      new AnsweringDevice({ 'BOTH?': Buffer.concat([Buffer.from('x\n'), data]) }),
    );
    await send(transport, 'BOTH?');
    expect((await transport.readUntil(LINE_FEED, PATIENT)).toString()).toBe('x');
    expect((await transport.readExactly(3, PATIENT)).toString()).toBe('#15');
    expect((await transport.readExactly(5, PATIENT)).toString()).toBe('a\nb\nc');
    expect((await transport.readExactly(1, PATIENT)).toString()).toBe('\n');
  });

  it('says what was awaited and what had arrived when a reply does not come', async () => {
    const { transport } = await through(wiring, new AnsweringDevice({ 'HALF?': 'half' }));
    await send(transport, 'HALF?');
    const reply = transport.readExactly(100, SOON);
    await expect(reply).rejects.toMatchObject({
      code: 'TB_LINK_TIMEOUT',
      facts: { thing: 'dmm', expected: 'the answer', value: expect.stringMatching(/^[45] bytes arrived: "half\.?"$/) },
    });
  });

  it('says that the link is lost, and works again when it is reopened', async () => {
    const device = new AnsweringDevice({ '*IDN?': 'ACME\n' });
    const { open } = await through(wiring, device);
    const link = await Link.open('dmm', open, CALM);
    closers.push(() => link.close());
    device.hangUp();
    const wait = { timeoutSeconds: 20, signal: CALM };
    await expect(link.query('*IDN?', wait)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
    await link.reopen(CALM);
    expect(await link.query('*IDN?', wait)).toBe('ACME');
  });

  it('never returns a block that was cut off', async () => {
    const device: AnsweringDevice = new AnsweringDevice({
      'CUT?': (send) => {
        send('#3100half');
        device.hangUp();
      },
    });
    const { transport } = await through(wiring, device);
    await send(transport, 'CUT?');
    await expect(transport.readExactly(105, PATIENT)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
  });

  it('gives a pending read its end when it is closed', async () => {
    const { transport } = await through(wiring, new AnsweringDevice());
    const read = transport.readExactly(1, PATIENT);
    const refused = expect(read).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
    await transport.close();
    await refused;
    await expect(send(transport, 'X')).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
  });

  it('measures with a Keithley 2600 what is measured over a socket without VISA', async () => {
    expect(await measured(wiring)).toEqual(await measured('plain'));
  });
});

describe.skipIf(!canCompile)('a link through VISA', () => {
  it('refuses a question when something nobody asked for waits in the library', async () => {
    const { open } = await through('socket', new AnsweringDevice({ 'A?': 'a\nstray\n' }));
    const link = await Link.open('dmm', open, CALM);
    closers.push(() => link.close());
    const wait = { timeoutSeconds: 20, signal: CALM };
    expect(await link.query('A?', wait)).toBe('a');
    await expect(link.query('A?', wait)).rejects.toMatchObject({
      code: 'TB_REPLY_MALFORMED',
      facts: { value: '6 bytes' },
    });
    await expect(link.query('A?', wait)).rejects.toMatchObject({ code: 'TB_LINK_LOST' });
  });

  it('serves a whole bench when the bench file asks for it, serial ports included', async () => {
    const simulated = await openSimulatedBench({ seed: 5, geometry: { rows: 6, columns: 8, columnsPerEnableLine: 2 } });
    closers.push(() => simulated.close());
    const yaml = `${simulated.benchYaml}\nvisa: { library: ${library.path}, allResources: true }\n`;
    const bench = await openBench(parseBenchFile(yaml, 'bench.yaml'), CALM);
    closers.push(() => bench.close());
    expect(await bench.enableLines.readState(CALM)).toMatchObject({ enabled: null });
    expect(await bench.router.readState(CALM)).toEqual([]);
    expect(await bench.prober.readState(CALM)).toMatchObject({ moving: false });
    expect((await bench.source.readState(CALM)).columnA.outputOn).toBe(false);
    const without = parseBenchFile(yaml.replace(library.path, '/no/such/libvisa.so'), 'bench.yaml');
    await expect(openBench(without, CALM)).rejects.toMatchObject({ code: 'TB_VISA_LIBRARY_NOT_FOUND' });
  });

  it('clears an instrument on a message interface when it is opened', async () => {
    const device = new AnsweringDevice();
    await through('bus', device);
    expect(device.heard).toEqual(['(clear)']);
  });

  it('ends a message without a line feed as if it had one', async () => {
    const { transport } = await through('bus', new AnsweringDevice({ 'A?': 'a', 'B?': 'b\n' }));
    await send(transport, 'A?');
    expect((await transport.readUntil(LINE_FEED, PATIENT)).toString()).toBe('a');
    await send(transport, 'B?');
    expect((await transport.readUntil(LINE_FEED, PATIENT)).toString()).toBe('b');
    expect(await transport.clear()).toBe(0);
  });

  it('is refused where nothing answers', async () => {
    const visa = { library: library.path, allResources: false };
    const opening = openTransport({ thing: 'dmm', resource: 'USB0::1::2::A::INSTR', visa }, CALM);
    await expect(opening).rejects.toMatchObject({
      code: 'TB_LINK_UNREACHABLE',
      cause: { code: 'TB_VISA_NO_INSTRUMENT' },
    });
  });

  it('is refused with a library that is not there or is something else', async () => {
    const open = (path: string) =>
      openTransport({ thing: 'dmm', resource: BUS, visa: { library: path, allResources: false } }, CALM);
    await expect(open('/no/such/libvisa.so')).rejects.toMatchObject({
      code: 'TB_VISA_LIBRARY_NOT_FOUND',
      facts: { value: expect.stringContaining('/no/such/libvisa.so') },
    });
    const other = compileOtherLibrary();
    closers.push(async () => other.remove());
    await expect(open(other.path)).rejects.toMatchObject({
      code: 'TB_VISA_LIBRARY_INVALID',
      facts: { thing: other.path },
    });
  });
});

/** One pair of resistors swept by the driver over a wiring. */
async function measured(wiring: Wiring | 'plain'): Promise<PairReading> {
  const station = new ResistorStation({ ohmsA: 18e3, ohmsB: 40e3, ohmsBetween: 400 });
  const clock = new SimulatedClock(station, 'full');
  const instrument = await createKeithley2600Pair({ station, clock, seed: 1 });
  const server = wiring === 'bus' ? await serveMessages(instrument) : await serveTcp(instrument);
  if ('address' in server) process.env.TEST_LIBVISA_RESOURCES = `${BUS}=${server.address}`;
  const resource = 'resource' in server ? server.resource : BUS;
  const visa = { library: library.path, allResources: wiring !== 'plain' };
  const link = await Link.open('smu', (signal) => openTransport({ thing: 'smu', resource, visa }, signal), CALM);
  const channels = {
    columnA: { node: 1, smu: 'smua' },
    columnB: { node: 1, smu: 'smub' },
    row: { node: 2, smu: 'smua' },
  } as const;
  const options = { channels, sourceRangeVolts: 1, aloneColumnLimitAmps: 5e-3 };
  const smu = await Keithley2600.open(link, 'smu', options, () => {}, CALM);
  closers.push(async () => {
    await smu.close();
    await server.close();
    clock.close();
  });
  await smu.configure({ sourceRangeVolts: 1, limitAmps: 1e-3 }, CALM);
  await smu.load(SAMPLE_PROGRAMME, CALM);
  await smu.setOutputs(true, CALM);
  const { idle, reading } = smu.start({ token: 1, run: 'auto', access: 'pair', rangeOverride: null }, CALM);
  await idle;
  return reading;
}
