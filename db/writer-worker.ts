/** The only write connection of a wafer file, in a thread of its own: no fsync and no checkpoint stalls the loop. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { constants, getPriority, platform, setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { openForWriting, openOrCreate, requireFile, requireFolder } from './file-kind.ts';
import type { WaferRecord } from './records.ts';
import { fileError } from './sqlite-errors.ts';
import { WAFER_FILE } from './wafer-file.ts';
import { type ApplyEntry, insertWafer, preparedWrites } from './wafer-statements.ts';
import { takeWriterLock, type WriterLock } from './writer-lock.ts';
import type { FromWorker, ToWorker, WriterEntry, WriterWorkerData } from './writer-protocol.ts';

/** Steps of priority by which this thread stands back behind the measuring loop; the scheduler's own scale. */
const STAND_BACK = 5;

const { file, wafer, maxFileBytes } = workerData as WriterWorkerData;
const port = parentPort as MessagePort;

/** Room for the indices and the last rows of a die; what does not fit is read from the file again and again. */
const CACHE_KIBIBYTES = 32_768;

let lock: WriterLock | undefined;
let db: Database.Database | undefined;
let apply: ApplyEntry;

attempt(() => {
  standBack();
  // Asked before the lock, whose own file would otherwise be made beside nothing.
  if (wafer === null) requireFile(file);
  else requireFolder(file);
  lock = takeWriterLock(file);
  if (wafer !== null) createWaferFile(wafer);
  db = openForWriting(file, WAFER_FILE);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
  if (maxFileBytes !== null) db.pragma(`max_page_count = ${Math.floor(maxFileBytes / WAFER_FILE.pageBytes)}`);
  apply = preparedWrites(db);
  say({ type: 'opened' });
});

port.on('message', (message: ToWorker) => {
  attempt(() => {
    if (message.type === 'close') return close();
    write(message.entries);
    say({ type: 'written' });
  });
});

/** Only on Linux, where it concerns the calling thread alone; elsewhere it would slow the whole program down. */
function standBack(): void {
  if (platform() !== 'linux') return;
  try {
    setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + STAND_BACK));
  } catch {
    // Where it is forbidden the writer runs as everything else does.
  }
}

function write(entries: readonly WriterEntry[]): void {
  const connection = db as Database.Database;
  connection.exec('BEGIN IMMEDIATE');
  try {
    for (const entry of entries) apply(entry);
    connection.exec('COMMIT');
  } catch (error) {
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** One file again: everything checkpointed, no -wal and no -shm beside it, unless a reader still holds them. */
function close(): void {
  const connection = db as Database.Database;
  connection.pragma('optimize');
  connection.pragma('wal_checkpoint(TRUNCATE)');
  try {
    connection.pragma('journal_mode = DELETE');
  } catch (error) {
    // A reader is still open: the file is complete with its -wal, and the next clean close folds it in.
    if (fileError(error, file).code !== 'TB_FILE_IN_USE') throw error;
  }
  letGo();
  say({ type: 'closed' });
  port.close();
}

/** Made whole under another name first: a crash half-way leaves nothing that looks like a wafer file. */
function createWaferFile(record: WaferRecord): void {
  if (existsSync(file)) {
    throw new TunnelbenchError('TB_FILE_EXISTS', {
      thing: file,
      what: 'there is a file already',
      remedy: 'Choose another path, or continue this one with "tunnelbench resume".',
    });
  }
  const unfinished = `${file}-new`;
  // Left by a crash, the journal too: it would be rolled back into the new file.
  for (const left of [unfinished, `${unfinished}-journal`]) rmSync(left, { force: true });
  try {
    const fresh = openOrCreate(unfinished, WAFER_FILE);
    try {
      insertWafer(fresh, record);
    } finally {
      fresh.close();
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** Runs a step; a failure is told, everything is let go, and the thread ends. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    const { code, facts } = fileError(error, file);
    say({ type: 'failed', code, facts });
    letGo();
    port.close();
  }
}

function letGo(): void {
  try {
    db?.close();
  } finally {
    lock?.release();
  }
}

function say(message: FromWorker): void {
  port.postMessage(message);
}
