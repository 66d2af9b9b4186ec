import { SOURCE_CHANNELS, type SpotReading } from '../capabilities.ts';

/** "TBSPOT <token>" and volts, amps, compliance of each channel; null when the line is another. */
export function parseSpotLine(line: string, token: number): SpotReading | null {
  const [word, echoed, ...fields] = line.trim().split(/\s+/);
  const values = fields.map(Number);
  if (word !== 'TBSPOT' || echoed !== String(token) || values.length !== 9 || !values.every(Number.isFinite))
    return null;
  const channels = SOURCE_CHANNELS.map((channel, i) => {
    const [volts, amps, compliance] = values.slice(3 * i, 3 * i + 3);
    return [channel, { volts, amps, compliance: compliance === 1 }];
  });
  return Object.fromEntries(channels);
}
