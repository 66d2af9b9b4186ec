import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makePlan } from '../../acquisition/plan.ts';
import { DEFAULT_RECIPE_FILE, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import { checksum } from '../../drivers/framing/line-frame.ts';
import { storedProgramme, uploadLines } from '../../drivers/keithley-2600/programme-upload.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { type ReferenceProcess, socketOf } from './reference-process.ts';

const TRANSACTION_SWEEPS = 64;
const LINE_FEED = 0x0a;

export interface BareRun {
  /** Points that the instrument measures and sends for each channel in one sweep, returns to 0 V included. */
  readonly points: number;
  readonly cells: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** What of the work the bare loop does: with `hand-over` it waits and stores nothing, the limit that instruments set. */
export type BareWork = 'hand-over' | 'store';

/**
 * The least that a client can do on the reference instruments: plain sockets, route acknowledged, trigger, 0 V
 * confirmed, next route while the readings arrive; 64 sweeps a transaction, written out with FULL durability. One pair
 * at a time, as the product works; no checks, no classes, no safety.
 */
export async function bareLoop(reference: ReferenceProcess, work: BareWork, pairs: number): Promise<BareRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-benchmark-'));
  const clients = [new BareClient(reference.resources.smu), new BareClient(reference.resources.router)] as const;
  const enable = new BareClient(reference.resources.enable);
  try {
    const { geometry, points } = await loadProgramme(reference, clients[0]);
    const store = work === 'store' ? new BareStore(join(folder, 'bare.sqlite')) : null;
    const columns = geometry.columnsPerEnableLine;
    const begun = performance.now();
    const cpu = process.cpuUsage();
    let routed = Promise.resolve();
    const route = async (pair: number) => {
      const [line, row] = [Math.floor(pair / geometry.rows), pair % geometry.rows];
      if (row === 0) await enable.frame(`ENABLE ${line}`);
      const first = columns * line;
      const second = columns === 2 ? ` C${first + 1}=B` : '';
      await clients[1].frame(`ROUTE R${row}=X C${first}=${first % 2 === 0 ? 'A' : 'B'}${second}`);
    };
    await route(0);
    for (let pair = 0; pair < pairs; pair++) {
      await routed;
      const token = pair + 1;
      clients[0].write(`tb.run("${token}", "auto", 0, 0, 0, 0, 0)\n`);
      await clients[0].line();
      routed = pair + 1 < pairs ? route(pair + 1) : Promise.resolve();
      const blocks: Buffer[] = [];
      for (let i = 0; i < 3; i++) blocks.push(await clients[0].bytes(12 * points + 3));
      await clients[0].line();
      for (let side = 0; side < columns && store !== null; side++) {
        store.put(columns * pair + side, readingsOf(blocks[side], blocks[2], points));
      }
    }
    store?.flush();
    const spent = process.cpuUsage(cpu);
    const seconds = (performance.now() - begun) / 1000;
    store?.close();
    return { points, cells: columns * pairs, seconds, cpuSeconds: (spent.user + spent.system) / 1e6 };
  } finally {
    for (const client of [...clients, enable]) client.close();
    rmSync(folder, { recursive: true });
  }
}

async function loadProgramme(reference: ReferenceProcess, smu: BareClient) {
  const benchFile = parseBenchFile(reference.benchYaml, 'reference.yaml');
  const recipe = await readRecipeFile(DEFAULT_RECIPE_FILE);
  const { plan } = makePlan({ recipe, bench: benchSettings(benchFile) });
  const stored = storedProgramme(plan.recipe.programme);
  smu.write(uploadLines(stored));
  const points = stored.pair.reduce((sum, { list }, i) => sum + (i === 1 ? 0 : list.levels.length), 0);
  return { geometry: benchFile.geometry, points };
}

/** Volts, amps and flags of one side, as the product lays them out. */
function readingsOf(column: Buffer, row: Buffer, points: number): Buffer {
  const bytes = new ArrayBuffer(9 * points);
  const volts = new Float32Array(bytes, 0, points);
  const amps = new Float32Array(bytes, 4 * points, points);
  for (let i = 0; i < points; i++) {
    const at = 2 + 12 * i;
    volts[i] = column.readFloatLE(at) - row.readFloatLE(at);
    amps[i] = column.readFloatLE(at + 4);
  }
  return Buffer.from(bytes);
}

/** A socket from which lines and blocks are read in their order. */
class BareClient {
  readonly #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #wanted: { readonly count: number | null; readonly resolve: (bytes: Buffer) => void } | null = null;
  #tag = 0;

  constructor(resource: string) {
    this.#socket = connect({ ...socketOf(resource), noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
      this.#serve();
    });
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Sends a command of drivers/PROTOCOL.md and waits for any reply. */
  async frame(command: string): Promise<void> {
    this.#tag = (this.#tag % 65_535) + 1;
    const body = `@${this.#tag} ${command} `;
    this.write(`${body}*${checksum(body)}\n`);
    await this.line();
  }

  line(): Promise<Buffer> {
    return this.#read(null);
  }

  bytes(count: number): Promise<Buffer> {
    return this.#read(count);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(count: number | null): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#wanted = { count, resolve };
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#wanted === null) return;
    const { count, resolve } = this.#wanted;
    const end = count ?? this.#held.indexOf(LINE_FEED) + 1;
    if (end === 0 || this.#held.length < end) return;
    this.#wanted = null;
    const taken = this.#held.subarray(0, end);
    this.#held = this.#held.subarray(end);
    resolve(taken);
  }
}

class BareStore {
  readonly #db: Database.Database;
  readonly #write: (rows: readonly { cell: number; readings: Buffer }[]) => void;
  #rows: { cell: number; readings: Buffer }[] = [];

  constructor(file: string) {
    this.#db = new Database(file);
    this.#db.pragma('page_size = 16384');
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec('CREATE TABLE sweep (cell INTEGER PRIMARY KEY, readings BLOB NOT NULL)');
    const insert = this.#db.prepare('INSERT INTO sweep VALUES (?, ?)');
    this.#write = this.#db.transaction((rows: readonly { cell: number; readings: Buffer }[]) => {
      for (const { cell, readings } of rows) insert.run(cell, readings);
    });
  }

  put(cell: number, readings: Buffer): void {
    this.#rows.push({ cell, readings });
    if (this.#rows.length >= TRANSACTION_SWEEPS) this.flush();
  }

  flush(): void {
    this.#write(this.#rows);
    this.#rows = [];
  }

  close(): void {
    this.#db.close();
  }
}
