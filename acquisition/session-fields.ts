import type { SessionFields } from '../db/records.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** What every session must say, with the command-line option that says it and what it means. */
export const SESSION_FIELDS: readonly { name: keyof SessionFields; option: string; meaning: string }[] = [
  { name: 'lot', option: '--lot', meaning: 'lot of the wafer' },
  { name: 'wafer', option: '--wafer', meaning: 'number or name of the wafer in the lot' },
  { name: 'notch', option: '--notch', meaning: 'notch direction on the chuck: up, down, left or right' },
  { name: 'operator', option: '--operator', meaning: 'who is responsible' },
  { name: 'station', option: '--station', meaning: 'probe station' },
  { name: 'probeCard', option: '--probe-card', meaning: 'serial number of the probe card' },
  { name: 'purpose', option: '--purpose', meaning: 'why the wafer is measured' },
];

/** Returns the complete fields, or throws TB_SESSION_FIELD_MISSING naming each missing one and how to give it. */
export function checkSessionFields(given: Partial<Record<keyof SessionFields, string | undefined>>): SessionFields {
  const missing = SESSION_FIELDS.filter(({ name }) => (given[name] ?? '').trim() === '');
  if (missing.length > 0) {
    throw new TunnelbenchError('TB_SESSION_FIELD_MISSING', {
      thing: 'session',
      what: `${missing.map(({ name }) => name).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not given`,
      expected: missing.map(({ option, meaning }) => `${option} <${meaning}>`).join(', '),
      remedy: 'Give each one; the word "unknown" is allowed and is stored as such.',
    });
  }
  const entries = SESSION_FIELDS.map(({ name }) => [name, (given[name] as string).trim()]);
  return Object.fromEntries(entries) as unknown as SessionFields;
}
