import { checksum } from '../framing/line-frame.ts';

/**
 * Words that a driver draws at random so that an old reply is never taken for a new one: the tag of a frame, the token of
 * a sweep, a mark. In a replay they differ from the record and must be put into its replies; nothing else may differ.
 */
export type ChanceWords = ReadonlyMap<string, string>;

const FRAME = /^@(\d{1,5}) (.*) \*[0-9A-F]{2}\r?$/;
const CHANCE = /^(TBMARK[0-9a-f]{16}|\d{1,10})$/;

/** The words in which a sent line may differ from the recorded one, recorded → sent; null when it is another line. */
export function chanceWords(recorded: string, sent: string): ChanceWords | null {
  if (recorded === sent) return new Map();
  const [one, other] = [FRAME.exec(recorded), FRAME.exec(sent)];
  if (one && other) return one[2] === other[2] ? new Map([[`@${one[1]}`, `@${other[1]}`]]) : null;
  const [words, others] = [wordsOf(recorded), wordsOf(sent)];
  if (words.length !== others.length) return null;
  const found = new Map<string, string>();
  for (const [i, word] of words.entries()) {
    if (word === others[i]) continue;
    // A number counts as drawn at random only in quotation marks: a level in volts does not.
    const quoted = words[i - 1]?.endsWith('"') && words[i + 1]?.startsWith('"');
    const drawn = quoted && CHANCE.test(word) && CHANCE.test(others[i]);
    if (!drawn || (found.get(word) ?? others[i]) !== others[i]) return null;
    found.set(word, others[i]);
  }
  return found;
}

/** A recorded reply with the words of this run; frames get their checksum anew. */
export function withWords(reply: string, words: ChanceWords): string {
  let changed = reply;
  for (const [recorded, now] of words) {
    if (recorded === now) continue;
    if (recorded.startsWith('@'))
      changed = changed
        .split('\n')
        .map((line) => retagged(line, recorded, now))
        .join('\n');
    else changed = changed.replaceAll(new RegExp(`(?<![0-9A-Za-z])${recorded}(?![0-9A-Za-z])`, 'g'), now);
  }
  return changed;
}

function retagged(line: string, recorded: string, now: string): string {
  if (!line.startsWith(`${recorded} `)) return line;
  const body = `${now}${line.slice(recorded.length, line.lastIndexOf('*'))}`;
  return `${body}*${checksum(body)}`;
}

/** Alternating separators and words: separators at even places. */
function wordsOf(line: string): string[] {
  return line.split(/([0-9A-Za-z]+)/);
}
