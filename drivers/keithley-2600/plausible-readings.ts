import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { SOURCE_CHANNELS } from '../capabilities.ts';
import type { ChannelBlocks } from './sweep-reply.ts';

/** Keithley answers 9.9e37 for over range and 9.91e37 for not a number; nothing else lies near. */
const LEAST_MARK = 9.8e37;
const LARGEST_MARK = 9.95e37;

/** A channel measures no voltage beyond its source range by more than this. */
const RELATIVE_SLACK = 0.1;

/** The status word of a reading has eight bits. */
const STATUS_VALUES = 256;

/**
 * Refuses blocks that hold what the instrument cannot have measured: over TCP and USB a sweep comes once, and this is what
 * remains to see if an instrument sends nonsense in the right form. TB_REPLY_MALFORMED.
 */
export function requirePlausible(thing: string, blocks: ChannelBlocks, sourceRangeVolts: number): void {
  const most = sourceRangeVolts * (1 + RELATIVE_SLACK);
  for (const [channel, block] of blocks.entries()) {
    for (let at = 0; at < block.length; at += 3) {
      const volts = Math.abs(block[at]);
      const amps = Math.abs(block[at + 1]);
      const status = block[at + 2];
      const plausible =
        (volts <= most || isMark(volts)) && (amps <= 10 || isMark(amps)) && status >= 0 && status < STATUS_VALUES;
      if (plausible && Math.trunc(status) === status) continue;
      throw new TunnelbenchError('TB_REPLY_MALFORMED', {
        thing,
        what: `reading ${at / 3} of ${SOURCE_CHANNELS[channel]} is none that the instrument can have taken`,
        value: `${block[at]} V, ${block[at + 1]} A, status ${status}`,
        expected: `at most ${most} V, at most 10 A, a status of eight bits`,
        remedy: 'The readings are not used; the link is reopened and the sweep repeated.',
      });
    }
  }
}

function isMark(size: number): boolean {
  return size >= LEAST_MARK && size <= LARGEST_MARK;
}
