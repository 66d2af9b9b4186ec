import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type FileKind, openForReading, openForWriting, openOrCreate } from '../../db/file-kind.ts';
import { ModelStore } from '../../db/model-store.ts';
import { WAFER_FILE } from '../../db/wafer-file.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

const STEPS = [
  'CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT; INSERT INTO thing VALUES (1), (2)',
  "ALTER TABLE thing ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed'",
  'CREATE TABLE other (thing INTEGER REFERENCES thing (id)) STRICT',
];

function kindOfVersion(version: number, steps = STEPS): FileKind {
  return { name: 'test file', applicationId: 0x54425454, migrations: steps.slice(0, version), pageBytes: 4_096 };
}

function versionOf(file: string): unknown {
  const db = new Database(file, { readonly: true });
  const version = db.pragma('user_version', { simple: true });
  db.close();
  return version;
}

function coded(code: string) {
  return expect.objectContaining({ code });
}

describe('a file of an older version', () => {
  it('is brought up to date step by step when it is opened for writing, with its rows', () => {
    const file = temporaryFile();
    openOrCreate(file, kindOfVersion(1)).close();
    expect(versionOf(file)).toBe(1);
    const db = openForWriting(file, kindOfVersion(3));
    expect(db.prepare('SELECT * FROM thing').all()).toEqual([
      { id: 1, name: 'unnamed' },
      { id: 2, name: 'unnamed' },
    ]);
    expect(db.prepare('SELECT * FROM other').all()).toEqual([]);
    db.close();
    expect(versionOf(file)).toBe(3);
  });

  it('stays at the version before a step that fails', () => {
    const file = temporaryFile();
    openOrCreate(file, kindOfVersion(1)).close();
    const broken = kindOfVersion(3, [STEPS[0], STEPS[1], 'CREATE TABLE half (id INTEGER) STRICT; SELECT nonsense']);
    expect(() => openForWriting(file, broken)).toThrow(/nonsense/);
    expect(versionOf(file)).toBe(2);
    const db = new Database(file);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([]);
    db.close();
    openForWriting(file, kindOfVersion(3)).close();
    expect(versionOf(file)).toBe(3);
  });

  it('is not read as it is, and not changed by reading', () => {
    const file = temporaryFile();
    openOrCreate(file, kindOfVersion(1)).close();
    expect(() => openForReading(file, kindOfVersion(2))).toThrow(/older schema/);
    expect(versionOf(file)).toBe(1);
  });
});

describe('a file that is not ours to open', () => {
  it('was written by a newer version: TB_FILE_NEWER, and it is not changed', async () => {
    const file = temporaryFile();
    await (await WaferWriter.create(file, sampleWafer())).close();
    const db = new Database(file);
    db.pragma(`user_version = ${WAFER_FILE.migrations.length + 1}`);
    db.close();
    const before = readFileSync(file);
    await expect(WaferWriter.open(file)).rejects.toMatchObject({ code: 'TB_FILE_NEWER' });
    expect(() => WaferReader.open(file)).toThrow(coded('TB_FILE_NEWER'));
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('is another kind of file, another program’s database, or no database: TB_FILE_NOT_TUNNELBENCH', async () => {
    const store = temporaryFile('models.sqlite');
    ModelStore.open(store).close();
    const foreign = temporaryFile('foreign.sqlite');
    const db = new Database(foreign);
    db.exec('CREATE TABLE thing (id INTEGER)');
    db.close();
    const text = temporaryFile('text.sqlite');
    writeFileSync(text, 'name,value\n'.repeat(1_000));
    for (const file of [store, foreign, text]) {
      const before = readFileSync(file);
      expect(() => WaferReader.open(file)).toThrow(coded('TB_FILE_NOT_TUNNELBENCH'));
      await expect(WaferWriter.open(file)).rejects.toMatchObject({ code: 'TB_FILE_NOT_TUNNELBENCH' });
      expect(readFileSync(file).equals(before)).toBe(true);
    }
    const wafer = temporaryFile();
    await (await WaferWriter.create(wafer, sampleWafer())).close();
    expect(() => ModelStore.open(wafer)).toThrow(coded('TB_FILE_NOT_TUNNELBENCH'));
    expect(() => ModelStore.open(text)).toThrow(coded('TB_FILE_NOT_TUNNELBENCH'));
    expect(() => ModelStore.openForReading(temporaryFile('none.sqlite'))).toThrow(coded('TB_FILE_NOT_FOUND'));
  });
});
