import { duplexPair } from 'node:stream';
import { DuplexTransport } from '../../drivers/transport/duplex-transport.ts';
import { Link } from '../../drivers/transport/link.ts';
import { openTransport } from '../../drivers/transport/open-transport.ts';
import type { WireLog } from '../../drivers/transport/transport.ts';

/** A signal that never aborts. */
export const CALM = new AbortController().signal;

export function openTestLink(resource: string, wireLog?: WireLog): Promise<Link> {
  const thing = `test (${resource})`;
  return Link.open(thing, (signal) => openTransport({ thing, resource, wireLog }, signal), CALM);
}

/** A transport whose other end the test holds, for what must be tried with many thousand inputs. */
export function transportPair() {
  const [near, far] = duplexPair();
  const end = async () => {
    near.destroy();
    far.destroy();
  };
  return { transport: new DuplexTransport(near, end, { thing: 'test', resource: 'pair' }), far };
}

/** Writes bytes in pieces of the given sizes, the rest at once. */
export function writeInPieces(stream: NodeJS.WritableStream, bytes: Uint8Array, sizes: readonly number[]): void {
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) break;
    stream.write(bytes.slice(from, from + size));
    from += size;
  }
  if (from < bytes.length) stream.write(bytes.slice(from));
}
