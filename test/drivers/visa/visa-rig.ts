import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { VisaResourceManager } from '../../../drivers/visa/resource-manager.ts';
import type { VisaSession } from '../../../drivers/visa/visa-session.ts';
import { CALM } from '../open-test-link.ts';
import type { AnsweringDevice } from './answering-device.ts';
import { canCompile, compileLibvisa } from './compiled-libvisa.ts';
import { serveMessages } from './message-server.ts';

export const SOON = { timeoutSeconds: 0.05, signal: CALM };
export const PATIENT = { timeoutSeconds: 20, signal: CALM };
export const GPIB = 'GPIB0::26::INSTR';

const closers: (() => Promise<void>)[] = [];
let compiled: ReturnType<typeof compileLibvisa>;

/** Compiles the library for the tests of a file, and closes after each what it opened. */
export function useLibvisa(): void {
  beforeAll(() => {
    if (canCompile) compiled = compileLibvisa();
  });
  afterAll(() => compiled?.remove());
  afterEach(closeAll);
}

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
  delete process.env.TEST_LIBVISA_RESOURCES;
}

export function libraryPath(): string {
  return compiled.path;
}

export async function manager(path = compiled.path): Promise<VisaResourceManager> {
  const visa = await VisaResourceManager.acquire(path);
  closers.push(() => visa.release());
  return visa;
}

export async function opened(visa: VisaResourceManager, resource: string): Promise<VisaSession> {
  const session = await visa.open(resource, PATIENT);
  closers.push(() => session.close());
  return session;
}

/** A device behind a plain socket. */
export async function onSocket(device: AnsweringDevice, path?: string): Promise<VisaSession> {
  const server = await serveTcp(device);
  closers.push(() => server.close());
  return opened(await manager(path), server.resource);
}

/** A device behind a message link, named as one on a GPIB. */
export async function onBus(device: AnsweringDevice, path?: string) {
  const server = await serveMessages(device, device);
  closers.push(() => server.close());
  process.env.TEST_LIBVISA_RESOURCES = `${GPIB}=${server.address}`;
  const visa = await manager(path);
  return { server, visa, session: await opened(visa, GPIB) };
}

/** Asks a line and returns the answer with its line end. */
export async function ask(session: VisaSession, line: string, terminator: number | null = 0x0a): Promise<string> {
  await session.write(Buffer.from(`${line}\n`), PATIENT);
  const { bytes, end } = await session.read({ count: 1000, terminator, ...PATIENT });
  expect(end).not.toBe('timeout');
  return Buffer.from(bytes).toString('latin1');
}
