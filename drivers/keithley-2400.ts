import type { SweepSource } from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { dialect2400 } from './keithley-2400/dialect-2400.ts';
import { SingleChannelSource } from './scpi-source/single-channel-source.ts';
import type { Link } from './transport/link.ts';

/**
 * Keithley 2400 family (SCPI, GPIB or a gateway that carries its bytes; RS-232 with text replies): one channel, list
 * sweeps, one reply a list.
 */
export function openKeithley2400(
  link: Link,
  name: string,
  accept: AcceptIdentity,
  signal: AbortSignal,
): Promise<SweepSource> {
  // Binary data on RS-232 is refused by the instrument (+701).
  const binary = !link.resource.toUpperCase().startsWith('ASRL');
  return SingleChannelSource.open(link, name, dialect2400(binary), accept, signal);
}
