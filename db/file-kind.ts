/**
 * Opening and migrating the two kinds of SQLite file that tunnelbench writes. `application_id` says whose file and
 * which kind, `user_version` which schema; migrations go strictly from N to N + 1, each in its own transaction.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { fileError } from './sqlite-errors.ts';

export interface FileKind {
  /** "wafer file", "model store". */
  readonly name: string;
  /** Stored in the header's application_id, big-endian ASCII. */
  readonly applicationId: number;
  /** SQL of the step from version i to i + 1 at index i. */
  readonly migrations: readonly string[];
  /** Page size of a new file, bytes. */
  readonly pageBytes: number;
}

/** Opens for reading; the file is not changed. TB_FILE_NOT_FOUND, TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_FILE_IN_USE. */
export function openForReading(file: string, kind: FileKind): Database.Database {
  requireFile(file);
  return guarded(file, { readonly: true, fileMustExist: true }, (db) => {
    const version = checkKind(db, file, kind);
    if (version < kind.migrations.length) throw olderVersion(file, kind, version);
  });
}

/** Opens for writing and brings an older schema up to date. */
export function openForWriting(file: string, kind: FileKind): Database.Database {
  requireFile(file);
  return guarded(file, { fileMustExist: true }, (db) => {
    checkKind(db, file, kind);
    db.pragma('foreign_keys = ON');
    migrate(db, kind);
  });
}

/** Creates a file of the newest schema, or opens the one that is there for writing. */
export function openOrCreate(file: string, kind: FileKind): Database.Database {
  requireFolder(file);
  return guarded(file, {}, (db) => {
    // Nothing in it: new, or left by a process that died before its first transaction was through.
    if (isBlank(db)) db.pragma(`page_size = ${kind.pageBytes}`);
    else checkKind(db, file, kind);
    db.pragma('foreign_keys = ON');
    migrate(db, kind);
  });
}

function isBlank(db: Database.Database): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0 && versionOf(db) === 0;
}

/** Runs the steps that the file lacks; a step that fails leaves the file at the version before it. */
function migrate(db: Database.Database, kind: FileKind): void {
  kind.migrations.forEach((sql, from) => {
    const step = db.transaction(() => {
      // Asked under the lock: another process may have just done it.
      if (versionOf(db) !== from) return;
      db.exec(sql);
      db.pragma(`application_id = ${kind.applicationId}`);
      db.pragma(`user_version = ${from + 1}`);
    });
    if (versionOf(db) === from) step.exclusive();
  });
}

function versionOf(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function guarded(file: string, options: Database.Options, prepare: (db: Database.Database) => void): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { ...options, timeout: 5_000 });
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw fileError(error, file, 'TB_FILE_CORRUPT');
  }
}

/** Version of the schema in the file, or the error that says why it is not ours. */
function checkKind(db: Database.Database, file: string, kind: FileKind): number {
  const applicationId = Number(db.pragma('application_id', { simple: true }));
  if (applicationId !== kind.applicationId) {
    throw new TunnelbenchError('TB_FILE_NOT_TUNNELBENCH', {
      thing: file,
      what: `this is not a tunnelbench ${kind.name}`,
      value: `application id 0x${(applicationId >>> 0).toString(16)}`,
      expected: `0x${kind.applicationId.toString(16)}`,
      remedy: 'Check the path.',
    });
  }
  const version = versionOf(db);
  if (version > kind.migrations.length) {
    throw new TunnelbenchError('TB_FILE_NEWER', {
      thing: file,
      what: `the ${kind.name} was written by a newer tunnelbench`,
      value: `schema version ${version}`,
      expected: `at most ${kind.migrations.length}`,
      remedy: 'Update tunnelbench; the file was not changed.',
    });
  }
  return version;
}

function olderVersion(file: string, kind: FileKind, version: number): TunnelbenchError {
  return new TunnelbenchError('TB_FILE_NOT_TUNNELBENCH', {
    thing: file,
    what: `the ${kind.name} has an older schema and must be opened once for writing to be brought up to date`,
    value: `schema version ${version}`,
    expected: `${kind.migrations.length}`,
    remedy: 'Keep a copy, then open it with a command that writes it, for example "tunnelbench resume".',
  });
}

/** TB_FILE_NOT_FOUND unless the file is there. */
export function requireFile(file: string): void {
  if (existsSync(file)) return;
  throw new TunnelbenchError('TB_FILE_NOT_FOUND', {
    thing: file,
    what: 'there is no such file',
    remedy: 'Check the path.',
  });
}

/** TB_FILE_NOT_FOUND unless the folder for the file is there. */
export function requireFolder(file: string): void {
  if (existsSync(dirname(file))) return;
  throw new TunnelbenchError('TB_FILE_NOT_FOUND', {
    thing: file,
    what: 'the folder for the file does not exist',
    value: dirname(file),
    remedy: 'Make the folder or choose another path.',
  });
}
