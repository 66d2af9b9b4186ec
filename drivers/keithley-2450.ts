import type { SweepSource } from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { dialect2450 } from './keithley-2450/dialect-2450.ts';
import { requireScpiLanguage } from './keithley-2450/scpi-language.ts';
import { SingleChannelSource } from './scpi-source/single-channel-source.ts';
import type { Link } from './transport/link.ts';

/**
 * Keithley 2450, 2460, 2461, 2470 in their SCPI command set: one channel, list sweeps into a buffer. Its guard is made for
 * cables: to hold a neighbour column it needs a buffer (docs/one-channel-bench.md).
 */
export async function openKeithley2450(
  link: Link,
  name: string,
  accept: AcceptIdentity,
  signal: AbortSignal,
): Promise<SweepSource> {
  const source = await SingleChannelSource.open(link, name, dialect2450(), accept, signal);
  await requireScpiLanguage(link, signal);
  return source;
}
