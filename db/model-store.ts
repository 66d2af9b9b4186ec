import type Database from 'better-sqlite3';
import { v7 as uuidV7 } from 'uuid';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { type ArrayTypeName, arrayToBlob, arrayTypeOf, blobToArray, type StoredArray } from './array-blob.ts';
import { sha256, sortedJson } from './content-hash.ts';
import { type FileKind, openForReading, openOrCreate } from './file-kind.ts';
import { modelStore0001 } from './migrations/models/0001-model-store.ts';
import type {
  CampaignRecord,
  EmulationFilter,
  EmulationRecord,
  Membership,
  SolutionFilter,
  SolutionRecord,
  StoredEmulation,
  StoredSolution,
} from './model-records.ts';
import {
  type CampaignRow,
  campaignOf,
  type EmulationRow,
  emulationOf,
  type SolutionRow,
  solutionOf,
} from './model-rows.ts';
import { fileError } from './sqlite-errors.ts';

export const MODEL_STORE: FileKind = {
  name: 'model store',
  // "TBMS"
  applicationId: 0x54424d53,
  migrations: [modelStore0001],
  pageBytes: 4_096,
};

/**
 * Solutions, emulations and the die models they refer to, in one SQLite file. Synchronous: training writes a few rows
 * a second. Several processes may write; each call is one transaction. Putting what is there already changes nothing,
 * so that an interrupted campaign is continued by starting it again.
 */
export class ModelStore {
  readonly file: string;
  private readonly db: Database.Database;
  private readonly prepared = new Map<string, Database.Statement>();

  /** Opens a store for writing, and makes it where there is none. TB_FILE_NOT_TUNNELBENCH, TB_FILE_NEWER, TB_FILE_IN_USE. */
  static open(file: string): ModelStore {
    const db = openOrCreate(file, MODEL_STORE);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    return new ModelStore(file, db);
  }

  /** Opens an existing store without changing it; also TB_FILE_NOT_FOUND. */
  static openForReading(file: string): ModelStore {
    return new ModelStore(file, openForReading(file, MODEL_STORE));
  }

  private constructor(file: string, db: Database.Database) {
    this.file = file;
    this.db = db;
  }

  /** Folds the write-ahead log into the one file unless another process still uses it. */
  close(): void {
    if (!this.db.open) return;
    if (!this.db.readonly) this.db.pragma('optimize');
    this.db.close();
  }

  /**
   * Stores a copy of a die model: typed arrays as BLOBs, everything else as JSON. The same id must mean the same
   * arrays, else TB_DIE_MODEL_INVALID; of two that differ only in the rest, as after a repeated export, the first stays.
   */
  putDieModel(model: { readonly id: string }): void {
    const arrays: [string, ArrayTypeName, Buffer][] = [];
    const rest: [string, unknown][] = [];
    for (const [name, value] of Object.entries(model)) {
      const type = arrayTypeOf(value);
      if (type === null) rest.push([name, value]);
      else arrays.push([name, type, arrayToBlob(value as unknown as StoredArray)]);
    }
    const json = sortedJson(Object.fromEntries(rest));
    const hash = sha256(...arrays.flat());
    this.write(() => {
      const known = this.get<{ sha256: string }>(
        'SELECT arrays_sha256 AS sha256 FROM die_model WHERE id = ?',
        model.id,
      );
      if (known !== undefined) return requireSame(model.id, known.sha256, hash);
      this.run(
        'INSERT INTO die_model (id, arrays_sha256, json, created_at) VALUES (?, ?, ?, ?)',
        model.id,
        hash,
        json,
        now(),
      );
      for (const [name, type, data] of arrays) {
        this.run(
          'INSERT INTO die_model_array (die_model_id, name, type, data) VALUES (?, ?, ?, ?)',
          model.id,
          name,
          type,
          data,
        );
      }
    });
  }

  /** The model as it was put, or null; the caller names its type. */
  getDieModel<Model extends { readonly id: string }>(id: string): Model | null {
    const row = this.get<{ json: string }>('SELECT json FROM die_model WHERE id = ?', id);
    if (row === undefined) return null;
    const model = JSON.parse(row.json);
    const arrays = this.all<{ name: string; type: ArrayTypeName; data: Buffer }>(
      'SELECT name, type, data FROM die_model_array WHERE die_model_id = ?',
      id,
    );
    for (const { name, type, data } of arrays) model[name] = blobToArray(type, data);
    return model;
  }

  /** In the order they were put. */
  dieModelIds(): string[] {
    return this.all<{ id: string }>('SELECT id FROM die_model ORDER BY rowid').map(({ id }) => id);
  }

  /** The campaign of this kind and specification, made when it is new. */
  campaign(kind: string, spec: object): CampaignRecord {
    const json = sortedJson(spec);
    const hash = sha256(json);
    return this.write(() => {
      this.run(
        `INSERT INTO campaign (id, kind, sha256, spec_json, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (kind, sha256) DO NOTHING`,
        uuidV7(),
        kind,
        hash,
        json,
        now(),
      );
      const row = this.get<CampaignRow>(`${SELECT_CAMPAIGN} WHERE kind = ? AND sha256 = ?`, kind, hash);
      return campaignOf(row as CampaignRow);
    });
  }

  campaigns(): CampaignRecord[] {
    return this.all<CampaignRow>(`${SELECT_CAMPAIGN} ORDER BY rowid`).map(campaignOf);
  }

  /** Members of a campaign that are in the store, ascending. */
  members(campaignId: string): number[] {
    return this.all<{ member: number }>(
      'SELECT member FROM solution WHERE campaign_id = ? ORDER BY member',
      campaignId,
    ).map(({ member }) => member);
  }

  /** Stores a solution. False, and nothing changed, when its id or its place in the campaign is taken already. */
  putSolution(solution: SolutionRecord, membership: Membership | null = null): boolean {
    const { changes } = this.write(() =>
      this.run(
        `INSERT INTO solution (id, kind, campaign_id, member, shape_json, signs1, signs2, hyper_json, seed,
           kernel_build, validation_errors, validation_images, provenance_json, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        solution.id,
        solution.kind,
        membership?.campaignId ?? null,
        membership?.member ?? null,
        sortedJson(solution.shape),
        arrayToBlob(solution.signs1),
        arrayToBlob(solution.signs2),
        sortedJson(solution.hyper),
        solution.seed,
        solution.kernelBuild,
        solution.validationErrors,
        solution.validationImages,
        sortedJson(solution.provenance),
        now(),
      ),
    );
    return changes === 1;
  }

  getSolution(id: string): StoredSolution | null {
    const row = this.get<SolutionRow>('SELECT * FROM solution WHERE id = ?', id);
    return row === undefined ? null : solutionOf(row);
  }

  /** Those that match every condition given, by campaign member, then in the order they were put. */
  solutions(filter: SolutionFilter = {}): StoredSolution[] {
    return this.all<SolutionRow>(
      `SELECT * FROM solution WHERE kind = coalesce(?, kind) AND (? IS NULL OR campaign_id = ?)
         AND (? IS NULL OR die_model_id = ?) ORDER BY member, rowid`,
      filter.kind ?? null,
      ...twice(filter.campaignId),
      ...twice(filter.dieModelId),
    ).map(solutionOf);
  }

  /** Stores results, all or none; those that are there already stay as they are. Returns how many were new. */
  putEmulations(emulations: readonly EmulationRecord[]): number {
    return this.write(() => {
      let stored = 0;
      for (const { solutionId, dieModelId, conditions, errors, images, confusion } of emulations) {
        const json = sortedJson(conditions);
        stored += this.run(
          `INSERT INTO emulation (solution_id, die_model_id, conditions_sha256, conditions_json, errors, images,
             confusion, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (solution_id, die_model_id, conditions_sha256) DO NOTHING`,
          solutionId,
          dieModelId,
          sha256(json),
          json,
          errors,
          images,
          confusion === null ? null : arrayToBlob(confusion),
          now(),
        ).changes;
      }
      return stored;
    });
  }

  putEmulation(emulation: EmulationRecord): boolean {
    return this.putEmulations([emulation]) === 1;
  }

  hasEmulation({ solutionId, dieModelId, conditions }: Omit<EmulationRecord, 'errors' | 'images' | 'confusion'>) {
    const sql = 'SELECT 1 FROM emulation WHERE solution_id = ? AND die_model_id = ? AND conditions_sha256 = ?';
    return this.get(sql, solutionId, dieModelId, sha256(sortedJson(conditions))) !== undefined;
  }

  /** Those that match every condition given, by die model and solution. */
  emulations(filter: EmulationFilter = {}): StoredEmulation[] {
    const conditions = filter.conditions === undefined ? null : sha256(sortedJson(filter.conditions));
    return this.all<EmulationRow>(
      `SELECT * FROM emulation WHERE solution_id = coalesce(?, solution_id)
         AND die_model_id = coalesce(?, die_model_id) AND conditions_sha256 = coalesce(?, conditions_sha256)
         AND (? IS NULL OR solution_id IN (SELECT id FROM solution WHERE campaign_id = ?))
       ORDER BY die_model_id, solution_id`,
      filter.solutionId ?? null,
      filter.dieModelId ?? null,
      conditions,
      ...twice(filter.campaignId),
    ).map(emulationOf);
  }

  /** Runs the step as one transaction; what SQLite throws comes out coded. */
  private write<Result>(step: () => Result): Result {
    try {
      return this.db.transaction(step).immediate();
    } catch (error) {
      if (error instanceof TypeError) throw error;
      throw fileError(error, this.file);
    }
  }

  private run(sql: string, ...values: unknown[]): Database.RunResult {
    return this.statement(sql).run(...values);
  }

  private get<Row>(sql: string, ...values: unknown[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  private all<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  private statement(sql: string): Database.Statement {
    const known = this.prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare(sql);
    this.prepared.set(sql, statement);
    return statement;
  }
}

const SELECT_CAMPAIGN = 'SELECT id, kind, sha256, spec_json, created_at FROM campaign';

function requireSame(id: string, known: string, hash: string): void {
  if (known === hash) return;
  throw new TunnelbenchError('TB_DIE_MODEL_INVALID', {
    thing: `die model ${id}`,
    what: 'the store holds another model under this id',
    value: hash,
    expected: known,
    remedy: 'Export the model again: a changed model has an id of its own.',
  });
}

function twice(value: string | undefined): [string | null, string | null] {
  return [value ?? null, value ?? null];
}

function now(): string {
  return new Date().toISOString();
}
