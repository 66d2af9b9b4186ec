import { SerialPort } from 'serialport';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { DuplexTransport } from './duplex-transport.ts';
import type { Transport, TransportOptions } from './transport.ts';

/** Opens a serial port (or pseudo-terminal), 8N1 without flow control. */
export async function openSerialTransport(
  path: string,
  baudRate: number,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Transport> {
  signal.throwIfAborted();
  const port = new SerialPort({ path, baudRate, dataBits: 8, stopBits: 1, parity: 'none', autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (!error) return resolve();
      reject(
        new TunnelbenchError(
          'TB_LINK_UNREACHABLE',
          {
            thing: options.thing,
            what: `cannot open the serial port ${path}`,
            value: error.message,
            remedy:
              'Check the device path, that this user may open it (group dialout) and that no other program holds it.',
          },
          { cause: error },
        ),
      );
    });
  });
  const end = () =>
    new Promise<void>((done) => {
      if (!port.isOpen) return done();
      port.close(() => done());
    });
  return new DuplexTransport(port, end, options);
}
