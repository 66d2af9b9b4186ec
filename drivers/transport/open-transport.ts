import { parseResource } from './resource-string.ts';
import { openSerialTransport } from './serial-transport.ts';
import { openTcpTransport } from './tcp-transport.ts';
import type { Transport, TransportOptions, VisaUse } from './transport.ts';
import { openVisaTransport } from './visa-transport.ts';

/** The rate of drivers/PROTOCOL.md; a pseudo-terminal ignores it. */
const BAUD_RATE = 115_200;

/**
 * Opens the link that a resource string names: sockets and serial ports directly, unless the bench asks for VISA there
 * too; GPIB, USB, VXI-11 and HiSLIP through a VISA library.
 */
export async function openTransport(options: TransportOptions, signal: AbortSignal): Promise<Transport> {
  const resource = parseResource(options.resource);
  if (goesThroughVisa(options.resource, options.visa)) return openVisaTransport(options, signal);
  switch (resource.kind) {
    case 'socket':
      return openTcpTransport(resource.host, resource.port, options, signal);
    case 'serial':
      return openSerialTransport(resource.path, BAUD_RATE, options, signal);
    default:
      return openVisaTransport(options, signal);
  }
}

/** Sockets and serial ports need no VISA library. */
export function goesThroughVisa(resource: string, visa: VisaUse | undefined): boolean {
  const { kind } = parseResource(resource);
  return visa?.allResources === true || !(kind === 'socket' || kind === 'serial');
}
