import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { AnsweringDevice } from './answering-device.ts';
import { canCompile, compileLibvisa } from './compiled-libvisa.ts';
import { serveMessages } from './message-server.ts';

const closers: (() => Promise<void>)[] = [];
let library: ReturnType<typeof compileLibvisa>;

beforeAll(() => {
  if (canCompile) library = compileLibvisa();
});
afterAll(() => library?.remove());
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function benchList(environment: Record<string, string>, ...options: string[]): Promise<string> {
  const command = ['scripts/tunnelbench.js', 'bench', 'list', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...environment } });
  return stdout;
}

describe.skipIf(!canCompile)('tunnelbench bench list', () => {
  it('shows the VISA vendor, and who answers through VISA and at a host, and who does not', async () => {
    const smu = await serveMessages(new AnsweringDevice({ '*IDN?': 'ACME,SMU,1,2\n' }));
    const dmm = await serveTcp(new AnsweringDevice({ '*IDN?': 'ACME,DMM,3,4\n' }));
    closers.push(smu.close, dmm.close);
    const environment = {
      TUNNELBENCH_VISA_LIBRARY: library.path,
      TEST_LIBVISA_RESOURCES: `GPIB0::26::INSTR=${smu.address}\nGPIB0::5::INSTR=127.0.0.1:1`,
    };
    const hosts = ['--host', `127.0.0.1:${dmm.port}`, '--host', '127.0.0.1:1'];
    const listed = await benchList(environment, ...hosts, '--identify');
    expect(listed).toContain(`VISA    ${library.path}: tunnelbench test library, VISA 5.8.0, version 1.2.3`);
    expect(listed).toMatch(/GPIB0::26::INSTR {2}ACME,SMU,1,2/);
    expect(listed).toMatch(/GPIB0::5::INSTR {2}NO ANSWER: .*TB_LINK_UNREACHABLE/);
    expect(listed).toContain('serial ports');
    expect(listed).toMatch(/hosts\n {8}TCPIP0::127\.0\.0\.1::\d+::SOCKET {2}ACME,DMM,3,4\n {8}\S+ {2}NO ANSWER/);
    expect(await benchList(environment)).not.toContain('ACME,SMU');
  });

  it('lists the rest where there is no VISA library', async () => {
    const listed = await benchList({ TUNNELBENCH_VISA_LIBRARY: '/no/such/libvisa.so' });
    expect(listed).toMatch(/^VISA {4}no library\n.*TB_VISA_LIBRARY_NOT_FOUND.*\nserial ports\n/);
  });

  it('refuses an address that is none', async () => {
    const refused = benchList({}, '--host', 'somewhere');
    await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('TB_USAGE') });
  });
});
