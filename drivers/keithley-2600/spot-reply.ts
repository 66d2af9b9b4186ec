import { SOURCE_CHANNELS, type SpotReading } from '../capabilities.ts';

/** Keithley answers 9.9e37 for a reading over range. */
const LARGEST_VALUE = 1e37;

/**
 * "TBSPOT <token>" and volts, amps, compliance of each channel; null when the line is another. A reading over range has
 * no value: it is 0 and counts as compliance.
 */
export function parseSpotLine(line: string, token: number): SpotReading | null {
  const [word, echoed, ...fields] = line.trim().split(/\s+/);
  const values = fields.map(Number);
  if (word !== 'TBSPOT' || echoed !== String(token) || values.length !== 9 || !values.every(Number.isFinite))
    return null;
  const channels = SOURCE_CHANNELS.map((channel, i) => {
    const [volts, amps, compliance] = values.slice(3 * i, 3 * i + 3);
    const valued = Math.abs(volts) < LARGEST_VALUE && Math.abs(amps) < LARGEST_VALUE;
    return [channel, valued ? { volts, amps, compliance: compliance === 1 } : { volts: 0, amps: 0, compliance: true }];
  });
  return Object.fromEntries(channels);
}
