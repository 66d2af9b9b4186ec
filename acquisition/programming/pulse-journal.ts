import { type FileHandle, open } from 'node:fs/promises';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { canonicalJson } from '../canonical-json.ts';

export const PULSE_JOURNAL_FORMAT = 'tunnelbench-pulse-journal';
export const PULSE_JOURNAL_VERSION = 1;

/** First line of a journal: what the pulses are for. A run goes on in a journal only where all of `subject` is the same. */
export interface JournalHeader {
  readonly format: typeof PULSE_JOURNAL_FORMAT;
  readonly version: typeof PULSE_JOURNAL_VERSION;
  readonly kind: 'program' | 'in-situ';
  readonly subject: Readonly<Record<string, unknown>>;
}

/** A later line; `t` names its kind, the rest is that kind's own. */
export type JournalEntry = Readonly<Record<string, unknown>> & { readonly t: string };

/**
 * What was done to the cells of a die, a line of JSON each, on the disk before `append` resolves. After a crash the whole
 * lines count; an unfinished last one is cut off.
 */
export class PulseJournal {
  readonly file: string;
  /** What the journal held when it was opened. */
  readonly earlier: readonly JournalEntry[];
  readonly #handle: FileHandle;

  private constructor(file: string, handle: FileHandle, earlier: readonly JournalEntry[]) {
    this.file = file;
    this.#handle = handle;
    this.earlier = earlier;
  }

  /** Begins the journal, or goes on in it. TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_SESSION_NOT_RESUMABLE. */
  static async open(
    file: string,
    kind: JournalHeader['kind'],
    subject: JournalHeader['subject'],
  ): Promise<PulseJournal> {
    const handle = await open(file, 'a+');
    try {
      const text = await handle.readFile('utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole));
      if (whole === '') {
        const header: JournalHeader = { format: PULSE_JOURNAL_FORMAT, version: PULSE_JOURNAL_VERSION, kind, subject };
        await append(handle, header);
        return new PulseJournal(file, handle, []);
      }
      const [header, ...entries] = readLines(file, whole);
      checkHeader(file, header, kind, subject);
      return new PulseJournal(file, handle, entries as JournalEntry[]);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async append(entry: JournalEntry): Promise<void> {
    await append(this.#handle, entry);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function append(handle: FileHandle, value: unknown): Promise<void> {
  await handle.appendFile(`${JSON.stringify(value)}\n`);
  await handle.datasync();
}

function readLines(file: string, text: string): unknown[] {
  try {
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  } catch {
    throw notAJournal(file);
  }
}

function isHeader(value: unknown): value is JournalHeader {
  return (value as JournalHeader | null)?.format === PULSE_JOURNAL_FORMAT;
}

function checkHeader(file: string, header: unknown, kind: string, subject: JournalHeader['subject']): void {
  if (!isHeader(header)) throw notAJournal(file);
  if (header.version > PULSE_JOURNAL_VERSION) {
    throw new TunnelbenchError('TB_FILE_NEWER', {
      thing: file,
      what: 'a newer tunnelbench wrote it',
      value: `version ${header.version}`,
      expected: `version ${PULSE_JOURNAL_VERSION}`,
      remedy: 'Use the newer program.',
    });
  }
  const names = [...new Set([...Object.keys(header.subject), ...Object.keys(subject)])];
  const text = (value: unknown) => (value === undefined ? 'nothing' : canonicalJson(value));
  const other =
    header.kind !== kind ? 'kind' : names.find((name) => text(header.subject[name]) !== text(subject[name]));
  if (other === undefined) return;
  throw new TunnelbenchError('TB_SESSION_NOT_RESUMABLE', {
    thing: file,
    what: `the journal belongs to other work: ${other} differs`,
    value: header.kind !== kind ? header.kind : text(header.subject[other]).slice(0, 80),
    expected: header.kind !== kind ? kind : text(subject[other]).slice(0, 80),
    remedy: 'Give the inputs that the journal was begun with, or begin another one with --journal.',
  });
}

function notAJournal(file: string): TunnelbenchError {
  return new TunnelbenchError('TB_FILE_NOT_TUNNELBENCH', {
    thing: file,
    what: 'it is no journal of pulses, or a line in its middle is damaged',
    expected: 'a file written by "program" or "train in-situ --bench"',
    remedy: 'Give another file with --journal.',
  });
}
