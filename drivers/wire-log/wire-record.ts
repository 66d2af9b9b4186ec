import type { WireDirection } from '../transport/transport.ts';

export const WIRE_LOG_FORMAT = 'tunnelbench-wire-log';
export const WIRE_LOG_VERSION = 1;

/** First line of a wire log. */
export interface WireLogHead {
  readonly format: typeof WIRE_LOG_FORMAT;
  readonly version: typeof WIRE_LOG_VERSION;
  readonly startedAt: string;
  /** Text of the bench file; a replay gives it again with its own addresses. */
  readonly benchYaml: string;
  /** Address of each recorded instrument, by its place in the bench file. */
  readonly resources: Readonly<Record<string, string>>;
}

/** Every further line: bytes as they passed, one character a byte (latin1), so that text can be read and nothing is lost. */
export interface WireEvent {
  readonly at: number;
  readonly instrument: string;
  readonly direction: WireDirection;
  readonly bytes: string;
}

/** What went over one wire, in order: what was sent, and what came back before anything more was sent. */
export interface Exchange {
  readonly sent: string;
  readonly received: string;
}

/** The exchanges of one instrument. Bytes received before anything was sent make an exchange that sends nothing. */
export function exchangesOf(events: readonly WireEvent[], instrument: string): Exchange[] {
  const exchanges: { sent: string; received: string }[] = [];
  let last: WireDirection | null = null;
  for (const event of events) {
    if (event.instrument !== instrument) continue;
    if (last !== event.direction && (event.direction === 'sent' || exchanges.length === 0)) {
      exchanges.push({ sent: '', received: '' });
    }
    exchanges[exchanges.length - 1][event.direction] += event.bytes;
    last = event.direction;
  }
  return exchanges;
}
