import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { parseResource } from './resource-string.ts';
import { openSerialTransport } from './serial-transport.ts';
import { openTcpTransport } from './tcp-transport.ts';
import type { Transport, TransportOptions } from './transport.ts';

/** The rate of drivers/PROTOCOL.md; a pseudo-terminal ignores it. */
const BAUD_RATE = 115_200;

/** Opens the link that a resource string names. TB_BENCH_CANNOT_REALISE for those that only a VISA library serves. */
export function openTransport(options: TransportOptions, signal: AbortSignal): Promise<Transport> {
  const resource = parseResource(options.resource);
  switch (resource.kind) {
    case 'socket':
      return openTcpTransport(resource.host, resource.port, options, signal);
    case 'serial':
      return openSerialTransport(resource.path, BAUD_RATE, options, signal);
    default:
      throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
        thing: options.thing,
        what: `a ${resource.kind} resource needs a VISA library, which is not in use here`,
        value: options.resource,
        expected: 'TCPIP…::port::SOCKET or ASRL…::INSTR',
        remedy: "Use the instrument's raw socket or serial port.",
      });
  }
}
