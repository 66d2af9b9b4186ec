import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { Link } from '../transport/link.ts';

/** The same instrument can speak TSP or the 2400's dialect; changing it takes a restart of the instrument. */
export async function requireScpiLanguage(link: Link, signal: AbortSignal): Promise<void> {
  const language = (await link.queryTwice('*LANG?', { timeoutSeconds: 5, signal })).trim();
  if (language === 'SCPI') return;
  throw new TunnelbenchError('TB_INSTRUMENT_WRONG_MODEL', {
    thing: link.thing,
    what: 'the instrument is set to another command set',
    value: language.slice(0, 40),
    expected: 'SCPI',
    remedy: 'Send "*LANG SCPI" or choose it in the menu, then switch the instrument off and on.',
  });
}
