import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { WaferReader } from '../db/wafer-reader.ts';
import { WaferWriter } from '../db/wafer-writer.ts';
import { cellCount, cellIndex } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

interface NoteOptions {
  readonly die?: string;
  readonly cell?: string;
  readonly author?: string;
}

/** `tunnelbench note`: adds a person's remark to a wafer file, or lists the remarks when no text is given. */
export function addNoteCommand(program: Command): void {
  program
    .command('note')
    .description('add a remark to the last session, a die or a cell; without a text, list the remarks')
    .argument('<wafer.sqlite>', 'wafer file; not while a session writes to it')
    .argument('[text...]', 'the remark')
    .option('--die <ordinal>', 'about this die')
    .option('--cell <row,column>', 'about this cell of the die')
    .option('--author <name>', 'who says so; without it the name of the account')
    .action(async (file: string, words: string[], options: NoteOptions) => {
      const text = words.join(' ').trim();
      if (text === '') listNotes(file);
      else await addNote(file, text, options);
    });
}

/** Stores the remark and returns when it is durable. TB_USAGE for a die or cell that the wafer does not have. */
export async function addNote(file: string, text: string, options: NoteOptions): Promise<void> {
  const place = placeOf(file, options);
  const writer = await WaferWriter.open(file);
  try {
    await writer.addNote({ ...place, atMs: Date.now(), author: options.author ?? userInfo().username, text });
  } finally {
    await writer.close();
  }
}

function listNotes(file: string): void {
  const reader = WaferReader.open(file);
  try {
    for (const { atMs, author, dieOrdinal, cell, text } of reader.notes()) {
      const about = [dieOrdinal === null ? '' : `die ${dieOrdinal}`, cell === null ? '' : `cell ${cell}`].filter(
        Boolean,
      );
      console.log(
        `${new Date(atMs).toISOString()} ${author}${about.length > 0 ? `, ${about.join(' ')}` : ''}: ${text}`,
      );
    }
  } finally {
    reader.close();
  }
}

function placeOf(file: string, { die, cell }: NoteOptions) {
  const reader = WaferReader.open(file);
  try {
    const sessionId = reader.sessions().at(-1)?.id ?? null;
    if (die === undefined) {
      if (cell !== undefined) refuse('--cell', cell, 'together with --die');
      return { sessionId, dieOrdinal: null, cell: null };
    }
    const dieOrdinal = Number(die);
    if (!reader.dies().some(({ ordinal }) => ordinal === dieOrdinal)) refuse('--die', die, 'a die of this wafer');
    return { sessionId, dieOrdinal, cell: cell === undefined ? null : cellOf(reader, cell) };
  } finally {
    reader.close();
  }
}

function cellOf(reader: WaferReader, text: string): number {
  const { geometry } = reader.wafer();
  const [, row, column] = (/^(\d+),(\d+)$/.exec(text) ?? []).map(Number);
  const index = row < geometry.rows && column < geometry.columns ? cellIndex(geometry, { row, column }) : -1;
  const expected = `row,column below ${geometry.rows},${geometry.columns}`;
  return index >= 0 && index < cellCount(geometry) ? index : refuse('--cell', text, expected);
}

function refuse(thing: string, value: string, expected: string): never {
  const remedy = 'Correct the option; nothing was written.';
  throw new TunnelbenchError('TB_USAGE', { thing, what: 'not possible', value, expected, remedy });
}
