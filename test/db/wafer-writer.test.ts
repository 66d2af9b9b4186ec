import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WaferReader } from '../../db/wafer-reader.ts';
import { WaferWriter, type WaferWriterOptions } from '../../db/wafer-writer.ts';
import {
  beginSession,
  sampleAttempt,
  sampleCell,
  samplePair,
  sampleSweep,
  sampleWafer,
  THRESHOLDS,
} from './sample-records.ts';
import { temporaryFile } from './temporary-file.ts';

async function createWriter(options: WaferWriterOptions = {}, file = temporaryFile()): Promise<WaferWriter> {
  const writer = await WaferWriter.create(file, sampleWafer(), options);
  onTestFinished(() => writer.close().catch(() => {}));
  return writer;
}

function openReader(file: string): WaferReader {
  const reader = WaferReader.open(file);
  onTestFinished(() => reader.close());
  return reader;
}

function workerOf(writer: WaferWriter): Worker {
  return Reflect.get(Reflect.get(writer, 'link'), 'worker');
}

describe('what the writer stores', () => {
  it('comes back from the reader as it was: sweeps, verdicts, cursor', async () => {
    const file = temporaryFile();
    const wafer = sampleWafer();
    const writer = await WaferWriter.create(file, wafer);
    const { plan, session, attempt } = await beginSession(writer);
    const pairs = Array.from({ length: 32 }, (_, position) => samplePair(plan, attempt, position));
    for (const pair of pairs) writer.addSweeps(pair);
    await writer.flush();
    expect(writer.queued).toBe(0);
    await writer.endSession(session.id, 'finished', '{"verdict":"safe"}');
    await writer.close();

    const reader = openReader(file);
    expect(reader.wafer()).toEqual(wafer);
    expect(reader.plans()).toEqual([plan]);
    expect(reader.plan(plan.id)).toEqual(plan);
    expect(reader.sessions()).toMatchObject([{ id: session.id, end: 'finished', safeStateJson: '{"verdict":"safe"}' }]);
    expect(reader.attempts(session.id)).toEqual([attempt]);
    expect(reader.cursor(plan.id, 0)).toEqual({ planId: plan.id, dieOrdinal: 0, nextPosition: 32 });
    expect(reader.cursor(plan.id, 1)).toBeNull();
    const byCell = pairs.flatMap((pair) => pair.sweeps).sort((a, b) => a.cell - b.cell);
    const sweeps = [...reader.sweeps(0)];
    expect(sweeps.map(({ id, ...sweep }) => sweep)).toEqual(byCell);
    expect(reader.cells(0)).toHaveLength(64);
    const { cells } = pairs[13];
    expect(reader.cell(0, cells[1].cell)).toEqual({
      ...cells[1],
      firstClass: 'healthy',
      sweepId: reader.sweepOf(0, cells[1].cell)?.id,
      thresholds: THRESHOLDS,
    });
    expect(reader.countsByClass(0)).toMatchObject({ healthy: 64, unmeasured: 136 });
    expect(reader.countsByClass()).toMatchObject({ healthy: 64, unmeasured: 4 * 200 - 64 });
    expect(reader.yields()[0]).toMatchObject({ cells: 200, measured: 64, yieldOfMeasured: 1, yieldOfAll: 0.32 });
  });

  it('keeps every sweep; the latest with repeat 0 is the one of record, and the first class stays', async () => {
    const writer = await createWriter();
    const { plan, session, attempt } = await beginSession(writer);
    const cursor = { planId: plan.id, dieOrdinal: 0, nextPosition: 1 };
    const retest = sampleAttempt(session, { reason: 'retest' });
    await writer.addAttempt(retest);
    const [first, second] = [sampleSweep(attempt, 7), sampleSweep(retest, 7, { startedAtMs: 5 })];
    const loop = sampleSweep(attempt, 7, { repeat: 1, startedAtMs: 6 });
    writer.addSweeps({ sweeps: [first], cells: [sampleCell(0, 7, { class: 'weak' })], cursor });
    writer.addSweeps({ sweeps: [second, loop], cells: [sampleCell(0, 7)], cursor });
    await writer.flush();

    const reader = openReader(writer.file);
    expect(reader.sweepsOf(0, 7)).toMatchObject([first, second, loop]);
    expect(reader.sweepOf(0, 7)).toMatchObject(second);
    expect(reader.sweepOf(0, 7, 1)).toMatchObject(loop);
    expect(reader.sweepOf(0, 8)).toBeNull();
    expect([...reader.sweeps(0)]).toHaveLength(1);
    expect([...reader.repeats(0)]).toMatchObject([loop]);
    expect([...reader.repeats(0, 'first')]).toMatchObject([loop]);
    expect([...reader.repeats(0, 'repeatSample')]).toEqual([]);
    expect(reader.sweepCount(0)).toBe(3);
    const sweepId = reader.sweepOf(0, 7)?.id;
    expect(reader.cells(0)).toMatchObject([{ class: 'healthy', firstClass: 'weak', sweepId }]);
  });

  it('does not depend on the caller leaving its arrays alone', async () => {
    const writer = await createWriter();
    const { plan, attempt } = await beginSession(writer);
    const pair = samplePair(plan, attempt, 0);
    const [wanted] = structuredClone(pair.sweeps);
    writer.addSweeps(pair);
    pair.sweeps[0].readings.volts.fill(9);
    await writer.flush();
    expect(openReader(writer.file).sweepOf(0, wanted.cell)?.readings).toEqual(wanted.readings);
  });

  it('changes the facts of a die that are given and no others', async () => {
    const writer = await createWriter();
    await writer.updateDie(2, { state: 'measuring', touchdowns: 1, chuckCelsius: 25.1 });
    await writer.updateDie(2, { state: 'noContact', contactPassed: false, reason: 'rows 3 and 4 open' });
    await writer.updateDie(2, { chuckCelsius: null });
    const reader = openReader(writer.file);
    expect(reader.dies()[2]).toEqual({
      ordinal: 2,
      x: 2,
      y: 0,
      state: 'noContact',
      touchdowns: 1,
      chuckCelsius: null,
      contactPassed: false,
      contactJson: null,
      reason: 'rows 3 and 4 open',
    });
    expect(reader.dies()[1]).toMatchObject({ state: 'untouched', touchdowns: 0 });
  });

  it('includes events, notes and instruments', async () => {
    const writer = await createWriter();
    const { session } = await beginSession(writer);
    const event = { sessionId: session.id, atMs: 1_767_322_996_000, level: 'warning', kind: 'retry' } as const;
    await writer.addEvent({ ...event, dieOrdinal: 1, text: 'once more', dataJson: '{"overdrive":50}' });
    const note = { sessionId: null, dieOrdinal: 1, cell: 5, atMs: 1_767_322_997_000, author: 'me', text: 'a scratch' };
    await writer.addNote(note);
    const instrument = {
      sessionId: session.id,
      name: 'smu',
      resource: 'TCPIP0::127.0.0.1::5025::SOCKET',
      driver: 'keithley2600',
      vendor: 'Keithley',
      model: '2636B',
      serial: '1',
      firmware: '3',
      settingsJson: '{"lineHertz":50}',
    };
    await writer.addInstruments([instrument]);
    const reader = openReader(writer.file);
    expect(reader.events()).toMatchObject([{ ...event, dieOrdinal: 1, text: 'once more' }]);
    expect(reader.events('another')).toEqual([]);
    expect(reader.notes()).toEqual([note]);
    expect(reader.instruments(session.id)).toEqual([instrument]);
  });

  it('takes new verdicts under other thresholds and remembers both', async () => {
    const writer = await createWriter();
    const { plan, attempt } = await beginSession(writer);
    writer.addSweeps(samplePair(plan, attempt, 0));
    await writer.reclassify([sampleCell(0, 0, { class: 'subpar' })], { ...THRESHOLDS, subparBelowOhms: 2e4 });
    const [changed, same] = openReader(writer.file).cells(0);
    expect(changed).toMatchObject({ class: 'subpar', firstClass: 'healthy' });
    expect(changed.thresholds).toEqual({ ...THRESHOLDS, subparBelowOhms: 2e4 });
    expect(same).toMatchObject({ class: 'healthy', thresholds: THRESHOLDS });
  });
});

describe('the file around it', () => {
  it('is one file after a clean close, and can be opened to go on', async () => {
    const file = temporaryFile();
    const names = () => readdirSync(dirname(file)).sort();
    const writer = await WaferWriter.create(file, sampleWafer());
    await beginSession(writer);
    expect(names()).toEqual(['', '-shm', '-wal', '-writer'].map((end) => `wafer.sqlite${end}`));
    await writer.close();
    expect(names()).toEqual(['wafer.sqlite']);
    const again = await WaferWriter.open(file);
    await again.updateDie(0, { touchdowns: 2 });
    await again.close();
    expect(names()).toEqual(['wafer.sqlite']);
    expect(openReader(file).dies()[0].touchdowns).toBe(2);
  });

  it('closes cleanly while a reader is open, and the next close makes it one file', async () => {
    const file = temporaryFile();
    const writer = await WaferWriter.create(file, sampleWafer());
    const reader = WaferReader.open(file);
    expect(reader.dies()).toHaveLength(4);
    await writer.close();
    expect(existsSync(`${file}-wal`)).toBe(true);
    reader.close();
    await (await WaferWriter.open(file)).close();
    expect(readdirSync(dirname(file))).toEqual(['wafer.sqlite']);
  });

  it('has one writer: a second one is refused, and welcome once the first has closed', async () => {
    const file = temporaryFile();
    const first = await WaferWriter.create(file, sampleWafer());
    await expect(WaferWriter.open(file)).rejects.toMatchObject({ code: 'TB_FILE_IN_USE' });
    await expect(WaferWriter.create(file, sampleWafer())).rejects.toMatchObject({ code: 'TB_FILE_IN_USE' });
    await first.updateDie(0, { touchdowns: 1 });
    await first.close();
    await (await WaferWriter.open(file)).close();
  });

  it('is not written over', async () => {
    const file = temporaryFile();
    await (await WaferWriter.create(file, sampleWafer())).close();
    await expect(WaferWriter.create(file, sampleWafer())).rejects.toMatchObject({ code: 'TB_FILE_EXISTS' });
    expect(readdirSync(dirname(file))).toEqual(['wafer.sqlite']);
  });

  it('must be there to be opened', async () => {
    const file = temporaryFile();
    await expect(WaferWriter.open(file)).rejects.toMatchObject({ code: 'TB_FILE_NOT_FOUND' });
    expect(() => WaferReader.open(file)).toThrow(expect.objectContaining({ code: 'TB_FILE_NOT_FOUND' }));
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it('leaves nothing behind when it cannot be made', async () => {
    const file = temporaryFile();
    const wafer = sampleWafer();
    const twice = { ...wafer, dies: [wafer.dies[0], wafer.dies[0]] };
    await expect(WaferWriter.create(file, twice)).rejects.toMatchObject({ code: 'TB_WRITER_FAILED' });
    expect(readdirSync(dirname(file))).toEqual([]);
    await expect(WaferWriter.create(`${dirname(file)}/no/folder.sqlite`, wafer)).rejects.toMatchObject({
      code: 'TB_FILE_NOT_FOUND',
    });
  });
});

describe('back-pressure', () => {
  it('holds the loop while too many sweeps wait, and lets it go when they are durable', async () => {
    const writer = await createWriter({ maxQueuedSweeps: 8 });
    const { plan, attempt } = await beginSession(writer, 100);
    let most = 0;
    for (let position = 0; position < 100; position++) {
      await writer.ready();
      writer.addSweeps(samplePair(plan, attempt, position));
      most = Math.max(most, writer.queued);
    }
    expect(most).toBeLessThanOrEqual(9);
    expect(most).toBeGreaterThan(2);
    await writer.flush();
    expect(writer.queued).toBe(0);
    expect(openReader(writer.file).sweepCount()).toBe(200);
  });

  it('commits what waits together, in the order of the calls', async () => {
    const writer = await createWriter({ maxTransactionSweeps: 8 });
    const { plan, session, attempt } = await beginSession(writer, 100);
    for (let position = 0; position < 50; position++) writer.addSweeps(samplePair(plan, attempt, position));
    // Its own attempt comes later in the queue than the sweeps before it, earlier than those after it.
    const next = sampleAttempt(session, { firstPosition: 50, lastPosition: 99 });
    const durable = writer.addAttempt(next);
    for (let position = 50; position < 100; position++) writer.addSweeps(samplePair(plan, next, position));
    await durable;
    expect(openReader(writer.file).cursor(plan.id, 0)?.nextPosition).toBeGreaterThanOrEqual(50);
    await writer.close();
    expect(openReader(writer.file).cursor(plan.id, 0)?.nextPosition).toBe(100);
  });
});

describe('a writer that fails', () => {
  it('says so at once when its thread dies, and keeps what was durable', async () => {
    const writer = await createWriter();
    const { plan, attempt } = await beginSession(writer);
    writer.addSweeps(samplePair(plan, attempt, 0));
    await writer.flush();
    const failed = expect(writer.failure).rejects.toMatchObject({ code: 'TB_WRITER_FAILED' });
    await workerOf(writer).terminate();
    await failed;
    expect(() => writer.addSweeps(samplePair(plan, attempt, 1))).toThrow(/TB_WRITER_FAILED/);
    const dead = { code: 'TB_WRITER_FAILED' };
    await expect(writer.ready()).rejects.toMatchObject(dead);
    await expect(writer.flush()).rejects.toMatchObject(dead);
    await expect(writer.addAttempt(attempt)).rejects.toMatchObject(dead);
    await expect(writer.close()).rejects.toMatchObject(dead);
    const again = await WaferWriter.open(writer.file);
    await again.close();
    expect(openReader(writer.file).sweepCount()).toBe(2);
  });

  it('rejects what waits: flush, ready, and writes on their way', async () => {
    const writer = await createWriter({ maxQueuedSweeps: 1 });
    const { plan, attempt } = await beginSession(writer);
    writer.addSweeps(samplePair(plan, { ...attempt, id: 'no such attempt' }, 0));
    const waiting = [writer.ready(), writer.flush(), writer.updateDie(0, { touchdowns: 1 })];
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected');
    await expect(writer.failure).rejects.toThrow(/FOREIGN KEY/);
    expect(openReader(writer.file).sweepCount()).toBe(0);
    expect(openReader(writer.file).cursor(plan.id, 0)).toBeNull();
  });

  it('does not end the process when nobody waits for the write that failed', async () => {
    const writer = await createWriter();
    void writer.updateDie(99, { touchdowns: 1 });
    await expect(writer.failure).rejects.toMatchObject({ code: 'TB_WRITER_FAILED' });
  });

  it('refuses readings that are none, and goes on', async () => {
    const writer = await createWriter();
    const { plan, attempt } = await beginSession(writer);
    const broken = samplePair(plan, attempt, 0);
    broken.sweeps[1].readings.amps[3] = Number.NaN;
    expect(() => writer.addSweeps(broken)).toThrow(/NaN/);
    writer.addSweeps(samplePair(plan, attempt, 0));
    await writer.flush();
    expect(openReader(writer.file).sweepCount()).toBe(2);
  });

  it('refuses everything after close', async () => {
    const writer = await createWriter();
    await writer.close();
    await writer.close();
    await expect(writer.flush()).rejects.toMatchObject({ code: 'TB_WRITER_FAILED' });
    await expect(writer.updateDie(0, {})).rejects.toMatchObject({ code: 'TB_WRITER_FAILED' });
  });

  it('reports a lock that another program does not give up', async () => {
    const writer = await createWriter();
    const other = new Database(writer.file);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    await expect(writer.updateDie(0, { touchdowns: 1 })).rejects.toMatchObject({ code: 'TB_FILE_IN_USE' });
  });
});
