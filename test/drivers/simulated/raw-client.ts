import { connect } from 'node:net';
import { SerialPort } from 'serialport';
import { encodeFrame } from '../../../drivers/simulated/serial-protocol/tagged-frame.ts';

/** Raw bytes to and from an instrument, as a stranger's client would send them. */
export interface RawClient {
  send(text: string): void;
  /** The next line, without its line feed. */
  line(): Promise<string>;
  bytes(count: number): Promise<Buffer>;
  ask(text: string): Promise<string>;
  /** Bytes that arrived and nobody asked for. */
  leftOver(): string;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Opens a `TCPIP0::…::SOCKET` or `ASRL…::INSTR` resource. */
export async function openRaw(resource: string): Promise<RawClient> {
  const tcp = /^TCPIP0::(.+)::(\d+)::SOCKET$/.exec(resource);
  let buffered = Buffer.alloc(0);
  let arrived = () => {};
  const take = (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    arrived();
  };
  const until = async (enough: () => number): Promise<Buffer> => {
    let count = enough();
    while (count < 0) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
      count = enough();
    }
    const part = buffered.subarray(0, count);
    buffered = buffered.subarray(count);
    return part;
  };
  const wire = tcp === null ? await openSerial(resource, take) : await openTcp(tcp[1], Number(tcp[2]), take);
  const client: RawClient = {
    send: wire.write,
    line: async () => {
      const bytes = await until(() => {
        const end = buffered.indexOf(0x0a);
        return end === -1 ? -1 : end + 1;
      });
      return bytes.toString('latin1').slice(0, -1);
    },
    bytes: (count) => until(() => (buffered.length < count ? -1 : count)),
    ask: (text) => {
      wire.write(`${text}\n`);
      return client.line();
    },
    leftOver: () => buffered.toString('latin1'),
    closed: wire.closed,
    close: wire.close,
  };
  return client;
}

async function openTcp(host: string, port: number, take: (bytes: Buffer) => void) {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('data', take);
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const close = () => {
    socket.destroy();
    return closed;
  };
  return { write: (text: string) => void socket.write(text, 'latin1'), closed, close };
}

async function openSerial(resource: string, take: (bytes: Buffer) => void) {
  const path = /^ASRL(.+)::INSTR$/.exec(resource)?.[1] ?? resource;
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
  await new Promise<void>((resolve, reject) => void port.open((error) => (error ? reject(error) : resolve())));
  port.on('data', take);
  const closed = new Promise<void>((resolve) => void port.once('close', () => resolve()));
  const close = () => {
    port.close();
    return closed;
  };
  return { write: (text: string) => void port.write(text, 'latin1'), closed, close };
}

/** Sends one frame with a correct checksum and returns the reply without its own, e.g. "@7 OK 5". */
export async function askFrame(client: RawClient, tag: number, body: string): Promise<string> {
  client.send(encodeFrame(tag, body));
  return (await client.line()).replace(/ \*[0-9A-F]{2}$/, '');
}
