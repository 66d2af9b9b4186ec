import type { Wire } from '../transport/link.ts';
import type { ScpiConnection } from './scpi-connection.ts';

const RELATIVE_TOLERANCE = 1e-3;

/** A question and what its answer must be: a number within 0.1 %, or a text. */
export interface ReadBack {
  readonly question: string;
  readonly expected: number | string;
  /** Families that answer a range with its overhead: up to this factor more is right too. */
  readonly overhead?: number;
}

/** A read-back whose answer is not what was set. */
export interface Deviation {
  readonly question: string;
  readonly answer: string;
  readonly expected: string;
}

/** Asks everything in one message; the first answer that is not what was set, or null. */
export async function firstDeviation(
  scpi: ScpiConnection,
  wire: Wire,
  readBacks: readonly ReadBack[],
  signal: AbortSignal,
): Promise<Deviation | null> {
  const question = readBacks.map((readBack) => readBack.question).join(';');
  const answer = await scpi.ask(wire, question, signal);
  const answers = answer.split(';');
  if (answers.length !== readBacks.length) {
    throw scpi.malformed(question, answer, `${readBacks.length} answers`);
  }
  const wrong = readBacks.findIndex((readBack, i) => !agrees(readBack, answers[i]));
  if (wrong === -1) return null;
  const { question: asked, expected } = readBacks[wrong];
  return { question: asked, answer: answers[wrong].slice(0, 40), expected: `${expected}` };
}

function agrees({ expected, overhead = 1 }: ReadBack, answer: string): boolean {
  const text = answer.trim();
  if (typeof expected === 'string') return text.toUpperCase() === expected;
  const found = text === '' ? Number.NaN : Number(text);
  const slack = RELATIVE_TOLERANCE * Math.abs(expected);
  return found >= expected - slack && found <= overhead * expected + slack;
}
