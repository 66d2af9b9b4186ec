import { createConnection } from 'node:net';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { DuplexTransport } from './duplex-transport.ts';
import type { Transport, TransportOptions } from './transport.ts';

const CONNECT_SECONDS = 5;

/**
 * Opens a raw TCP socket. Nagle's algorithm is off: with it a write followed by a query waits 40 ms for a delayed
 * acknowledge.
 */
export async function openTcpTransport(
  host: string,
  port: number,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Transport> {
  signal.throwIfAborted();
  const socket = createConnection({ host, port, noDelay: true, keepAlive: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${CONNECT_SECONDS} s`)), CONNECT_SECONDS * 1000);
  const abandon = () => reject(signal.reason);
  signal.addEventListener('abort', abandon, { once: true });
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    throw new TunnelbenchError(
      'TB_LINK_UNREACHABLE',
      {
        thing: options.thing,
        what: `cannot connect to ${host} port ${port}`,
        value: error instanceof Error ? error.message : String(error),
        remedy: 'Check that the instrument is on, its address and that no other program holds its only connection.',
      },
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
    socket.off('connect', resolve);
    socket.off('error', reject);
  }
  const end = () =>
    new Promise<void>((done) => {
      if (socket.closed) return done();
      socket.once('close', () => done());
      socket.destroy();
    });
  return new DuplexTransport(socket, end, options);
}
