/**
 * The right to write a wafer file, held for as long as the writer lives. WAL lets two processes take turns writing,
 * which would let two benches fill one file; so the writer also holds an operating-system lock on a file beside it.
 * The lock is SQLite's own: it ends with the process however that ends, so a crash leaves nothing to clean up.
 */
import { rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { fileError } from './sqlite-errors.ts';

export interface WriterLock {
  release(): void;
}

/** Takes the lock or throws TB_FILE_IN_USE at once. */
export function takeWriterLock(file: string): WriterLock {
  const path = `${file}-writer`;
  for (let round = 0; round < 3; round++) {
    const db = openLockFile(path, file);
    try {
      db.pragma('journal_mode = MEMORY');
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw inUse(file, error);
    }
    // The holder before us may have removed the file between our open and our lock: then the lock guards nothing.
    if (sameFile(path, db)) return { release: () => release(db, path) };
    db.close();
  }
  throw inUse(file, undefined);
}

function openLockFile(path: string, file: string): Database.Database & { inode?: number } {
  try {
    const db: Database.Database & { inode?: number } = new Database(path, { timeout: 0 });
    db.inode = inodeOf(path);
    return db;
  } catch (error) {
    throw fileError(error, file);
  }
}

// stat only: opening and closing the file here would drop this process's own POSIX locks on it.
function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? -1;
}

function sameFile(path: string, db: { inode?: number }): boolean {
  const inode = inodeOf(path);
  return inode !== -1 && inode === db.inode;
}

function release(db: Database.Database, path: string): void {
  // Removed while still locked, so that nobody can lock a file that is about to go. Windows refuses: it then stays.
  try {
    rmSync(path, { force: true });
  } catch {}
  db.close();
}

function inUse(file: string, cause: unknown): TunnelbenchError {
  return new TunnelbenchError(
    'TB_FILE_IN_USE',
    {
      thing: file,
      what: 'another tunnelbench is writing this wafer file',
      remedy: 'Wait until that session has ended, or stop it, then try again.',
    },
    { cause },
  );
}
