import { answersDiffer } from '../transport/link.ts';

/**
 * Asks a SCPI instrument for something that the question does not change, in two messages: the question alone, then the
 * question twice. Replies carry neither checksum nor address: a damaged digit is a number like any other, and a reply that
 * comes twice puts every later one a place off. Three equal values in replies of two forms are neither. `same` serves
 * where honest answers differ, as measured values do. TB_REPLY_MISMATCH when they do not agree.
 */
export async function askScpiTwice(
  thing: string,
  question: string,
  ask: (message: string) => Promise<string>,
  same: (one: string, other: string) => boolean = (one, other) => one === other,
): Promise<string> {
  const once = (await ask(question)).trim();
  // A colon takes the second header back to the root of the command tree (SCPI-1999 volume 1, 6.2.4).
  const again = /^[*:]/.test(question) ? question : `:${question}`;
  const twice = (await ask(`${question};${again}`)).trim();
  const places = once.split(';').length;
  const values = twice.split(';');
  const [first, second] = [values.slice(0, places).join(';'), values.slice(places).join(';')];
  if (values.length === 2 * places && same(once, first) && same(once, second)) return once;
  throw answersDiffer(thing, question, [once, twice]);
}
