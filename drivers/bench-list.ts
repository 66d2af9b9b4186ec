import { SerialPort } from 'serialport';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { Link } from './transport/link.ts';
import { openTransport } from './transport/open-transport.ts';
import type { VisaUse } from './transport/transport.ts';
import { type VisaLibrary, VisaResourceManager } from './visa/resource-manager.ts';

const IDENTIFY_SECONDS = 3;

/** A place where an instrument may be. */
export interface FoundLink {
  readonly resource: string;
  /** What the system says of the port, or null. */
  readonly about: string | null;
  /** The answer to *IDN?; null where it was not asked or not answered. */
  readonly identity: string | null;
  /** Why the instrument did not answer, or null. */
  readonly problem: string | null;
}

/** What one source of links offers, or why it offers nothing. */
export interface LinkSource {
  readonly links: readonly FoundLink[];
  readonly problem: string | null;
}

export interface BenchList {
  readonly visa: LinkSource & { readonly library: VisaLibrary | null };
  readonly serial: LinkSource;
  readonly hosts: LinkSource;
}

export interface ListOptions {
  readonly visaLibrary?: string | undefined;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Ask every instrument *IDN?. Serial ports are not asked: rate and protocol are unknown. */
  readonly identify: boolean;
}

/** Lists what the VISA library, the serial ports and the given hosts offer; what one of them lacks hides no other. */
export async function listBench(options: ListOptions, signal: AbortSignal): Promise<BenchList> {
  const resources = options.hosts.map(({ host, port }) => `TCPIP0::${host}::${port}::SOCKET`);
  return {
    visa: await listVisa(options, signal),
    serial: await listSerialPorts(),
    hosts: { links: await examine(resources, options.identify, undefined, signal), problem: null },
  };
}

async function listVisa({ visaLibrary, identify }: ListOptions, signal: AbortSignal): Promise<BenchList['visa']> {
  let manager: VisaResourceManager;
  try {
    manager = await VisaResourceManager.acquire(visaLibrary);
  } catch (error) {
    return { library: null, links: [], problem: messageOf(error) };
  }
  const { library } = manager;
  try {
    const found = await manager.find('?*', signal);
    const visa = { library: visaLibrary, allResources: true };
    return { library, links: await examine(found, identify, visa, signal), problem: null };
  } catch (error) {
    return { library, links: [], problem: messageOf(error) };
  } finally {
    await manager.release();
  }
}

/** SerialPort.list rejects where the system lacks the program that it asks (udevadm on Linux). */
async function listSerialPorts(): Promise<LinkSource> {
  try {
    const ports = await SerialPort.list();
    const links = ports.map(({ path, manufacturer, serialNumber }) => ({
      resource: `ASRL${/^COM(\d+)$/i.exec(path)?.[1] ?? path}::INSTR`,
      about: [manufacturer, serialNumber].filter(Boolean).join(', ') || null,
      identity: null,
      problem: null,
    }));
    return { links, problem: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      links: [],
      problem: `this system does not list its serial ports (${why}); ports can be used all the same`,
    };
  }
}

/** All at once: one that does not answer costs the others no time. */
function examine(
  resources: readonly string[],
  identify: boolean,
  visa: VisaUse | undefined,
  signal: AbortSignal,
): Promise<FoundLink[]> {
  const isInstrument = (resource: string) => /^(TCPIP|USB|GPIB)/i.test(resource) && /::(INSTR|SOCKET)$/i.test(resource);
  return Promise.all(
    resources.map(async (resource) => {
      const found = { resource, about: null, identity: null, problem: null };
      if (!identify || !isInstrument(resource)) return found;
      try {
        return { ...found, identity: await identityAt(resource, visa, signal) };
      } catch (error) {
        return { ...found, problem: messageOf(error) };
      }
    }),
  );
}

async function identityAt(resource: string, visa: VisaUse | undefined, signal: AbortSignal): Promise<string> {
  const link = await Link.open(resource, (own) => openTransport({ thing: resource, resource, visa }, own), signal);
  try {
    return (await link.query('*IDN?', { timeoutSeconds: IDENTIFY_SECONDS, signal })).trim();
  } finally {
    await link.close();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof TunnelbenchError) return error.message;
  throw error;
}
