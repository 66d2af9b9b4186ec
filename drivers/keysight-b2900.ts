import type { SweepSource } from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { dialectB2900 } from './keysight-b2900/dialect-b2900.ts';
import { SingleChannelSource } from './scpi-source/single-channel-source.ts';
import type { Link } from './transport/link.ts';

/**
 * Keysight or Agilent B2900 (SCPI): one of its channels, list sweeps, one definite block a list. The other is not touched.
 * Its guard is made for cables: to hold a neighbour column it needs a buffer (docs/one-channel-bench.md).
 */
export function openKeysightB2900(
  link: Link,
  name: string,
  channel: 1 | 2,
  accept: AcceptIdentity,
  signal: AbortSignal,
): Promise<SweepSource> {
  return SingleChannelSource.open(link, name, dialectB2900(channel), accept, signal);
}
