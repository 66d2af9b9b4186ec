import { createServer, type Socket } from 'node:net';
import type { ClientSession, WireInstrument } from '../../../drivers/simulated/instrument-link.ts';

/** The library's receive buffer takes frames up to this many bytes. */
const FRAME_BYTES = 60_000;
const HEADER_BYTES = 6;

/** What an instrument on a message interface does besides taking and sending messages. */
export interface MessageControls {
  statusByte?(): number;
  deviceClear?(): void;
  trigger?(): void;
}

/**
 * Puts an instrument behind the message link of the test library (test/drivers/visa/libvisa/devices.c): each piece that
 * the instrument sends is one message, ended by END.
 */
export async function serveMessages(device: WireInstrument, controls: MessageControls = {}) {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const session = device.attach({
      send: (bytes) => sendMessage(socket, bytes),
      drop: () => void socket.destroy(),
    });
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      pending = takeFrames(Buffer.concat([pending, bytes]), socket, session, controls);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      session.detached();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    requestService: () => {
      for (const socket of sockets) socket.write(frame('R', 0));
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function takeFrames(bytes: Buffer, socket: Socket, session: ClientSession, controls: MessageControls): Buffer {
  let rest = bytes;
  while (rest.length >= HEADER_BYTES) {
    const length = rest.readUInt32BE(2);
    if (rest.length < HEADER_BYTES + length) break;
    const data = rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
    switch (String.fromCharCode(rest[0])) {
      case 'D':
        session.receive(Buffer.from(data));
        break;
      case 'C':
        controls.deviceClear?.();
        socket.write(frame('C', 0));
        break;
      case 'S':
        socket.write(frame('S', controls.statusByte?.() ?? 0));
        break;
      case 'T':
        controls.trigger?.();
    }
    rest = rest.subarray(HEADER_BYTES + length);
  }
  return rest;
}

function sendMessage(socket: Socket, bytes: Uint8Array): void {
  if (!socket.writable) return;
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
    const part = bytes.subarray(at, at + FRAME_BYTES);
    socket.write(frame('D', at + FRAME_BYTES >= bytes.length ? 1 : 0, part));
  }
}

function frame(type: string, control: number, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.from([type.charCodeAt(0), control, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 2);
  return Buffer.concat([header, data]);
}
