import { createServer, type Socket } from 'node:net';
import type { ClientSession, OpenWire, WireInstrument } from './instrument-link.ts';

/** Puts an instrument behind a loopback TCP port; port 0 takes any free one. Resource: `TCPIP0::127.0.0.1::<port>::SOCKET`. */
export async function serveTcp(instrument: WireInstrument, port = 0): Promise<OpenWire & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const session: ClientSession = instrument.attach({
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      drop: () => void socket.destroy(),
    });
    socket.on('data', (bytes) => session.receive(bytes));
    // A reset connection is a client that went away; 'close' follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      session.detached();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    resource: `TCPIP0::127.0.0.1::${address.port}::SOCKET`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
