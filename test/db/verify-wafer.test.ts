import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyWafer } from '../../db/verify-wafer.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { verificationText } from '../../scripts/verify.ts';
import { beginSession, sampleAttempt, samplePair, sampleSweep, sampleWafer } from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

/** A sound file: the first 50 positions of die 0 measured, all in one session that ended. */
async function measuredFile(): Promise<string> {
  const file = temporaryFile();
  const writer = await WaferWriter.create(file, sampleWafer());
  const { plan, session, attempt } = await beginSession(writer, 50);
  for (let position = 0; position < 50; position++) writer.addSweeps(samplePair(plan, attempt, position));
  await writer.endSession(session.id, 'finished', '{"verdict":"safe"}');
  await writer.close();
  return file;
}

/** Changes the file behind the writer's back. */
function tamper(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.pragma('ignore_check_constraints = ON');
  db.exec(sql);
  db.close();
}

function flipBit(file: string, id: number): void {
  const db = new Database(file);
  const readings = db.prepare('SELECT readings FROM sweep WHERE id = ?').pluck().get(id) as Buffer;
  readings[13] ^= 0x10;
  db.prepare('UPDATE sweep SET readings = ? WHERE id = ?').run(readings, id);
  db.close();
}

function problemsOf(file: string): Record<string, string[]> {
  const failed = verifyWafer(file).checks.map(({ name, findings }) => {
    const problems = findings.filter(({ severity }) => severity === 'problem');
    return [name, problems.map(({ text }) => text)] as const;
  });
  return Object.fromEntries(failed.filter(([, problems]) => problems.length > 0));
}

describe('verify', () => {
  it('finds a sound file sound, and has looked at all of it', async () => {
    const result = verifyWafer(await measuredFile());
    expect(result.checks.flatMap(({ findings }) => findings)).toEqual([]);
    expect(result.problems).toBe(0);
    expect(Object.fromEntries(result.checks.map(({ name, examined }) => [name, examined]))).toMatchObject({
      'plans and their hashes': 1,
      'sweeps: checksum, length, place': 100,
      'cells and their sweeps': 100,
      'nothing stored twice': 100,
      'cursors against sweeps': 100,
      attempts: 1,
      sessions: 1,
    });
    expect(verificationText(result)).toMatch(/sound$/);
  });

  it('checks a file while it is written', async () => {
    const file = temporaryFile();
    const writer = await WaferWriter.create(file, sampleWafer());
    onTestFinished(() => writer.close());
    const { plan, attempt } = await beginSession(writer);
    writer.addSweeps(samplePair(plan, attempt, 0));
    await writer.flush();
    const { problems, checks } = verifyWafer(file);
    expect(problems).toBe(0);
    expect(checks.flatMap(({ findings }) => findings)).toMatchObject([
      { severity: 'notice', text: expect.stringContaining('has no end') },
    ]);
  });

  it('finds a flipped bit in the readings, and the reader refuses that sweep', async () => {
    const file = await measuredFile();
    flipBit(file, 7);
    const { die, cell } = placeOf(file, 7);
    expect(problemsOf(file)).toEqual({
      'sweeps: checksum, length, place': [`sweep 7 (die ${die}, cell ${cell}) does not match its checksum`],
    });
    const reader = WaferReader.open(file);
    onTestFinished(() => reader.close());
    expect(() => reader.sweepOf(die, cell)).toThrow(expect.objectContaining({ code: 'TB_FILE_CORRUPT' }));
    expect(() => [...reader.sweeps(die)]).toThrow(/sweep 7/);
  });

  it('finds readings that were moved to another cell with their checksum', async () => {
    const file = await measuredFile();
    tamper(
      file,
      `UPDATE sweep SET (readings, checksum) = (SELECT readings, checksum FROM sweep AS other WHERE other.id = 12)
       WHERE id = 11`,
    );
    expect(problemsOf(file)['sweeps: checksum, length, place']).toEqual([expect.stringMatching(/^sweep 11 /)]);
  });

  it.each<[string, string, string, RegExp]>([
    ['a changed plan', `UPDATE plan SET json = replace(json, '0.7', '0.9')`, 'plans and their hashes', /has the hash/],
    [
      'a lost sweep',
      'DELETE FROM sweep WHERE id = 9',
      'cursors against sweeps',
      /position 4 is passed, cell \d+ has no sweep/,
    ],
    ['a class without a sweep', 'UPDATE cell SET sweep_id = NULL WHERE cell = 3', 'cells and their sweeps', /without/],
    ['a sweep without a class', 'DELETE FROM cell WHERE cell = 3', 'cells and their sweeps', /a sweep without a class/],
    [
      'a verdict on another cell’s sweep',
      'UPDATE cell SET sweep_id = 1 WHERE cell = 3',
      'cells and their sweeps',
      /cell 3: rests on a sweep of die 0, cell 0/,
    ],
    ['a cursor ahead', 'UPDATE cursor SET next_position = 52', 'cursors against sweeps', /position 51 is passed/],
    ['a cursor behind', 'UPDATE cursor SET next_position = 49', 'cursors against sweeps', /has not passed position 49/],
    ['a lost cursor', 'DELETE FROM cursor', 'cursors against sweeps', /the cursor \(0\)/],
    ['a lost attempt', 'DELETE FROM attempt', 'references between tables', /missing row of attempt/],
    [
      'a window that does not cover its sweeps',
      'UPDATE attempt SET last_position = 48',
      'sweeps: checksum, length, place',
      /is position 49, its attempt covers 0–48/,
    ],
    [
      'a copied row',
      `INSERT INTO sweep SELECT 1000, attempt, die, cell, repeat, kind, access, side, branch, range_amps, limit_amps,
         started_at_ms, instrument_seconds, raw_status, residual_amps, points, checksum, readings FROM sweep WHERE id = 5`,
      'nothing stored twice',
      /the same sweep is stored 2 times/,
    ],
  ])('finds %s', async (_, sql, check, message) => {
    const file = await measuredFile();
    tamper(file, sql);
    expect(problemsOf(file)[check]).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it('finds a position measured by two attempts of the first pass, not one measured again on purpose', async () => {
    const file = await measuredFile();
    const writer = await WaferWriter.open(file);
    const { plan, session } = openFile(file);
    const again = async (reason: 'retest' | 'resume') => {
      const attempt = sampleAttempt(session, { reason, firstPosition: 0, lastPosition: 49 });
      await writer.addAttempt(attempt);
      const cursor = { planId: plan.id, dieOrdinal: 0, nextPosition: 50 };
      writer.addSweeps({ sweeps: [sampleSweep(attempt, 0)], cells: [], cursor });
      await writer.flush();
    };
    await again('retest');
    expect(verifyWafer(file).problems).toBe(0);
    await again('resume');
    expect(problemsOf(file)).toEqual({ 'nothing stored twice': [expect.stringMatching(/cell 0: .* by 2 attempts/)] });
    await writer.close();
  });

  it('finds a sweep of the wrong length for its plan', async () => {
    const file = temporaryFile();
    const writer = await WaferWriter.create(file, sampleWafer());
    const { plan, attempt } = await beginSession(writer);
    const pair = samplePair(plan, attempt, 0);
    const [first, second] = pair.sweeps;
    writer.addSweeps({ ...pair, sweeps: [first, { ...second, kind: 'lowBias' }] });
    await writer.close();
    expect(problemsOf(file)).toEqual({
      'sweeps: checksum, length, place': [expect.stringMatching(/16 points; a lowBias sweep has 7/)],
    });
  });

  it.each([
    "UPDATE cell SET class = 'unmeasured', sweep_id = NULL WHERE cell = 40; DELETE FROM sweep WHERE cell = 40",
    `DELETE FROM cell WHERE cell = 40; DELETE FROM sweep WHERE cell = 40;
     INSERT INTO event (session_id, at_ms, level, kind, die, text) SELECT id, 0, 'warning', 'cells-unresolved', 0, '' FROM session`,
  ])('accepts a passed cell of which the session says that it got no sweep (%#)', async (sql) => {
    const file = await measuredFile();
    tamper(file, sql);
    const { problems, checks } = verifyWafer(file);
    expect(problems).toBe(0);
    expect(checks.flatMap(({ findings }) => findings)).toMatchObject([
      { severity: 'notice', text: expect.stringContaining('cell 40 has no sweep; the session recorded') },
    ]);
  });

  it('names attempts that left no sweep, which is no problem', async () => {
    const file = await measuredFile();
    const { session } = openFile(file);
    const writer = await WaferWriter.open(file);
    await writer.addAttempt(sampleAttempt(session, { firstPosition: 50, lastPosition: 81 }));
    await writer.close();
    const { problems, checks } = verifyWafer(file);
    expect(problems).toBe(0);
    expect(checks.flatMap(({ findings }) => findings)).toMatchObject([
      { severity: 'notice', text: expect.stringContaining('positions 50–81') },
    ]);
  });

  it('reports a damaged page and goes on with what can be read', async () => {
    const file = await measuredFile();
    const db = new Database(file);
    const page = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sweep_by_cell'").pluck().get() as number;
    const pageBytes = Number(db.pragma('page_size', { simple: true }));
    const bytes = db.serialize();
    db.close();
    bytes.fill(0xa5, (page - 1) * pageBytes, page * pageBytes);
    writeFileSync(file, bytes);
    const result = verifyWafer(file);
    expect(result.problems).toBeGreaterThan(0);
    expect(result.checks.find(({ name }) => name === 'structure of the file')?.findings.length).toBeGreaterThan(0);
    expect(result.checks.find(({ name }) => name === 'plans and their hashes')?.findings).toEqual([]);
    expect(verificationText(result)).toMatch(/NOT SOUND, \d+ problems?$/);
  });
});

function placeOf(file: string, id: number): { die: number; cell: number } {
  const db = new Database(file, { readonly: true });
  const place = db.prepare('SELECT die, cell FROM sweep WHERE id = ?').get(id) as { die: number; cell: number };
  db.close();
  return place;
}

function openFile(file: string) {
  const reader = WaferReader.open(file);
  const [plan] = reader.plans();
  const [session] = reader.sessions();
  reader.close();
  return { plan, session };
}
