import { createServer, type Socket } from 'node:net';
import { expect } from 'vitest';

/** What the client must send next, and what it is answered: null for silence, bytes for binary. */
export type Step = readonly [sent: string, reply: string | Uint8Array | null];

/** A question that the driver asks twice, because its answer carries no checksum. */
export function twice(step: Step): Step[] {
  return [step, step];
}

/** A real loopback socket that plays a script and fails on anything else, left-over bytes and unused steps included. */
export async function scriptedInstrument(script: readonly Step[]) {
  const steps = [...script];
  const sockets = new Set<Socket>();
  const surprises: string[] = [];
  let pending = '';
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1');
      while (steps.length > 0 && pending.startsWith(steps[0][0])) {
        const [sent, reply] = steps.shift() as Step;
        pending = pending.slice(sent.length);
        if (reply !== null) socket.write(reply);
      }
      const next = steps[0]?.[0] ?? '';
      if (pending !== '' && !next.startsWith(pending)) {
        surprises.push(`got ${JSON.stringify(pending)}, expected ${JSON.stringify(next)}`);
        socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    resource: `TCPIP0::127.0.0.1::${address.port}::SOCKET`,
    /** Sends something that nobody asked for. */
    blurt: (text: string) => {
      for (const socket of sockets) socket.write(text);
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    async finish() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      expect(surprises).toEqual([]);
      expect(steps).toEqual([]);
      expect(pending).toBe('');
    },
  };
}
