import { SqliteError } from 'better-sqlite3';
import { type ErrorCode, type ErrorFacts, TunnelbenchError } from '../wafer/tunnelbench-error.ts';

/** Turns whatever SQLite threw into a coded error about `file`; errors that are coded already pass unchanged. */
export function fileError(error: unknown, file: string, fallback: ErrorCode = 'TB_WRITER_FAILED'): TunnelbenchError {
  if (error instanceof TunnelbenchError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const { code, ...facts } = describe(sqliteCode(error), text) ?? {
    code: fallback,
    what: 'the file could not be read or written',
    value: text,
    remedy: 'Check the file and the disk it is on; everything committed before is still in the file.',
  };
  return new TunnelbenchError(code, { thing: file, ...facts }, { cause: error });
}

function sqliteCode(error: unknown): string {
  // A worker's copy of the native module may hand over its own class: the code string is what counts.
  if (error instanceof SqliteError) return error.code;
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

function describe(code: string, text: string): (Omit<ErrorFacts, 'thing'> & { code: ErrorCode }) | null {
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return {
      code: 'TB_DISK_FULL',
      what: 'there is no room left to write',
      value: text,
      remedy: 'Free space on the disk, then resume; everything committed before is still in the file.',
    };
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return {
      code: 'TB_FILE_IN_USE',
      what: 'another program holds the file',
      value: text,
      remedy: 'Close the other program, or wait for it to finish.',
    };
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return {
      code: 'TB_FILE_CORRUPT',
      what: 'the file is damaged',
      value: text,
      remedy: 'Run "tunnelbench verify" on it and go back to a copy that verifies.',
    };
  }
  if (code.startsWith('SQLITE_NOTADB')) return notOurs('no SQLite database');
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return {
      code: 'TB_FILE_NOT_FOUND',
      what: 'the file cannot be opened',
      value: text,
      remedy: 'Check the path and the permissions of the file and its folder.',
    };
  }
  return null;
}

function notOurs(value: string): Omit<ErrorFacts, 'thing'> & { code: ErrorCode } {
  return {
    code: 'TB_FILE_NOT_TUNNELBENCH',
    what: 'this is not a tunnelbench file of the kind asked for',
    value,
    remedy: 'Check the path.',
  };
}
