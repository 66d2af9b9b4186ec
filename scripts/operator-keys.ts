import { readFileSync } from 'node:fs';
import type { DieWish, StopRequest } from '../acquisition/stop-request.ts';

/** What of the terminal is needed here. */
export interface KeySource {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What a key does that has a signal of its own. */
export type KeySignal = 'SIGINT' | 'SIGTSTP';

export const KEYS_TEXT = 'Keys: p pause or go on, s skip this die, r repeat this die, q stop safely, ? this list.';

/** A key that leaves a die does so when it is pressed again within this time: one slip must not cost a die. */
const CONFIRM_MS = 5000;

/** A terminal that is read key by key. */
export interface OperatorKeys {
  /** Waits for one of these keys, which then does nothing else. */
  ask(keys: readonly string[]): Promise<string>;
  /** Gives the terminal back. */
  release(): void;
}

/**
 * Single keys while a measurement runs. `signal` is called for keys that mean a signal: in raw mode the terminal no longer
 * makes signals of Ctrl-C and Ctrl-Z. Null where no key can be read: no terminal, or a job in the background, which reading
 * would suspend and leave the bench alone.
 */
export function listenToKeys(
  stop: StopRequest,
  tell: (text: string) => void,
  signal: (name: KeySignal) => void,
  source: KeySource = process.stdin,
  now: () => number = Date.now,
  ownsTerminal: () => boolean = inForeground,
): OperatorKeys | null {
  if (source.isTTY !== true || source.setRawMode === undefined || !ownsTerminal()) return null;
  let asked: { readonly wish: DieWish; readonly untilMs: number } | null = null;
  const leave = (wish: DieWish) => {
    // Between dies there is nothing to lose: a halt asks for its answer itself.
    if (stop.halted) {
      if (wish === 'repeat') stop.leaveDie(wish);
      return;
    }
    const confirmed = asked?.wish === wish && now() <= asked.untilMs;
    asked = confirmed ? null : { wish, untilMs: now() + CONFIRM_MS };
    if (!confirmed) {
      tell(LEAVE_TEXT[wish].question);
      return;
    }
    tell(LEAVE_TEXT[wish].answer);
    stop.leaveDie(wish);
  };
  const actions: Readonly<Record<string, () => void>> = {
    p: () => signal('SIGTSTP'),
    '\x1a': () => signal('SIGTSTP'),
    q: () => signal('SIGINT'),
    '\x03': () => signal('SIGINT'),
    s: () => leave('skip'),
    r: () => leave('repeat'),
    '?': () => tell(KEYS_TEXT),
  };
  let question: { readonly keys: readonly string[]; readonly answer: (key: string) => void } | null = null;
  const press = (key: string) => {
    if (!question?.keys.includes(key)) {
      actions[key]?.();
      return;
    }
    question.answer(key);
    question = null;
  };
  const hear = (bytes: Buffer) => {
    for (const key of bytes.toString('latin1')) press(key);
  };
  source.setRawMode(true);
  source.on('data', hear);
  source.resume();
  return {
    ask: (keys) =>
      new Promise((answer) => {
        question = { keys, answer };
      }),
    release: () => {
      source.off('data', hear);
      source.setRawMode?.(false);
      source.pause();
    },
  };
}

const LEAVE_TEXT = {
  skip: {
    question: 'Skip what is left of this die? Press s again within 5 s. What was measured stays.',
    answer: 'Skipping this die after the sweep in flight.',
  },
  repeat: {
    question:
      'Touch this die again and measure it from its beginning? Press r again within 5 s. What was measured stays.',
    answer:
      'Repeating this die: it is released after the sweep in flight, touched again and measured from its beginning.',
  },
} as const;

/** Whether this process may read its terminal; where the system does not tell (no /proc), it is taken to. */
function inForeground(): boolean {
  try {
    // After the name in parentheses: state, parent, group, session, terminal, the terminal's foreground group.
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[5] === '-1' || fields[2] === fields[5];
  } catch {
    return true;
  }
}
