import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import koffi from 'koffi';
import type { OpenWire, WireInstrument } from './instrument-link.ts';
import { serveTcp } from './tcp-server.ts';

/** struct termios is 60 bytes on Linux and 72 on macOS; raw mode is set by cfmakeraw, so only the size matters. */
const TERMIOS_BYTES = 128;
const TCSANOW = 0;

/** The C library's pseudo-terminal calls, or null where there are none (Windows). */
function terminalCalls() {
  if (process.platform === 'win32') return null;
  try {
    const library = koffi.load(null);
    return {
      posixOpenpt: library.func('int posix_openpt(int flags)') as (flags: number) => number,
      grantpt: library.func('int grantpt(int fd)') as (fd: number) => number,
      unlockpt: library.func('int unlockpt(int fd)') as (fd: number) => number,
      ptsname: library.func('const char *ptsname(int fd)') as (fd: number) => string | null,
      tcgetattr: library.func('int tcgetattr(int fd, void *settings)') as (fd: number, settings: Buffer) => number,
      tcsetattr: library.func('int tcsetattr(int fd, int when, void *settings)') as (
        fd: number,
        when: number,
        settings: Buffer,
      ) => number,
      cfmakeraw: library.func('void cfmakeraw(void *settings)') as (settings: Buffer) => void,
    };
  } catch {
    return null;
  }
}

/** Opens a pair: the master's descriptor and the path a serial port client opens; null where that is impossible. */
export function openTerminalPair(): { master: number; hold: number; path: string } | null {
  const calls = terminalCalls();
  if (calls === null) return null;
  // Without blocking: a write into a full terminal would wait for a reader who lives in this very process.
  const master = calls.posixOpenpt(constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  if (master < 0) return null;
  const path = calls.grantpt(master) === 0 && calls.unlockpt(master) === 0 ? calls.ptsname(master) : null;
  if (path === null) {
    closeSync(master);
    return null;
  }
  // The slave side stays open here: otherwise reading the master fails (EIO) whenever no client is connected.
  const hold = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const settings = Buffer.alloc(TERMIOS_BYTES);
  calls.tcgetattr(hold, settings);
  calls.cfmakeraw(settings);
  calls.tcsetattr(hold, TCSANOW, settings);
  return { master, hold, path };
}

/**
 * Puts an instrument behind a pseudo-terminal, or behind TCP where there are none. A serial line has no connections:
 * the instrument has one session for as long as the wire exists.
 */
export async function serveSerial(instrument: WireInstrument): Promise<OpenWire> {
  const pair = openTerminalPair();
  if (pair === null) return serveTcp(instrument);
  const { master, hold, path } = pair;
  // tty.ReadStream reads through libuv's poll, without a thread that blocks in read().
  const stream = new ReadStream(master);
  const pending: Buffer[] = [];
  let retry: NodeJS.Timeout | null = null;
  const flush = () => {
    retry = null;
    while (pending.length > 0) {
      try {
        const written = writeSync(master, pending[0]);
        pending[0] = pending[0].subarray(written);
        if (pending[0].length === 0) pending.shift();
      } catch (error) {
        // The terminal's buffer is full: nobody reads. Wait, as a UART without flow control would lose bytes.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        retry = setTimeout(flush, 2);
        return;
      }
    }
  };
  const session = instrument.attach({
    send: (bytes) => {
      pending.push(Buffer.from(bytes));
      if (retry === null) flush();
    },
    drop: () => {},
  });
  stream.on('data', (bytes: Buffer) => session.receive(bytes));
  stream.on('error', () => {});
  return {
    resource: `ASRL${path}::INSTR`,
    close: () =>
      new Promise((resolve) => {
        if (retry !== null) clearTimeout(retry);
        pending.length = 0;
        stream.once('close', () => {
          session.detached();
          closeSync(hold);
          resolve();
        });
        stream.destroy();
      }),
  };
}
