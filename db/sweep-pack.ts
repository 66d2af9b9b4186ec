/**
 * Sweeps, verdicts and cursors on their way to the writer's worker. Numbers lie in one array and readings in another, which
 * change hands whole; as objects they would be copied value by value, which costs more than storing them.
 */
import {
  CELL_CAUSES,
  CELL_CLASSES,
  CELL_STATES,
  type CellCause,
  type CellClass,
  type CellState,
} from '../wafer/cell-class.ts';
import type { Access, PairSide, SweepKind } from '../wafer/sweep.ts';
import type { CellRecord, CursorRecord, SweepRecord } from './records.ts';
import { BYTES_PER_POINT, checkReadings, encodeReadings } from './sweep-blob.ts';
import type { EncodedSweep } from './sweep-row.ts';

/** What belongs into one transaction: never a part of it. */
export interface SweepBatch {
  readonly sweeps: readonly SweepRecord[];
  readonly cells: readonly CellRecord[];
  readonly cursor: CursorRecord;
}

/** Batches packed one after the other. */
export interface PackedSweeps {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Ids of attempts and plans, by the indices that stand among the numbers. */
  readonly ids: readonly string[];
  readonly batches: number;
}

/** Words as numbers; every word of its type must be named. */
const wordsOf = <Word extends string>(words: Readonly<Record<Word, true>>) => Object.keys(words) as Word[];
const KINDS = wordsOf<SweepKind>({ loop: true, lowBias: true, open: true, quick: true });
const ACCESSES = wordsOf<Access>({ pair: true, aloneA: true, aloneB: true, single: true });
const SIDES = wordsOf<PairSide>({ A: true, B: true });

const NUMBERS_PER_BATCH = 5;
const NUMBERS_PER_SWEEP = 16;
const NUMBERS_PER_CELL = 19;

/** In place of null among numbers; no value stored here is ever NaN. */
const NONE = Number.NaN;

export class SweepPacker {
  #numbers: Float64Array<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;
  readonly #ids: string[] = [];
  #at = 0;
  #byteAt = 0;
  #batches = 0;
  #sweeps = 0;

  /** `sweeps`: so many fit before memory is taken anew. */
  constructor(sweeps: number, points: number) {
    this.#numbers = new Float64Array(sweeps * (NUMBERS_PER_BATCH + NUMBERS_PER_SWEEP + NUMBERS_PER_CELL));
    this.#bytes = new Uint8Array(sweeps * points * BYTES_PER_POINT);
  }

  /** Sweeps packed so far. */
  get sweeps(): number {
    return this.#sweeps;
  }

  /** Copies a batch, or throws TB_WRITER_FAILED before any of it is taken. */
  add({ sweeps, cells, cursor }: SweepBatch): void {
    let points = 0;
    for (const { readings } of sweeps) {
      checkReadings(readings);
      points += readings.flags.length;
    }
    this.#reserve(
      NUMBERS_PER_BATCH + sweeps.length * NUMBERS_PER_SWEEP + cells.length * NUMBERS_PER_CELL,
      points * BYTES_PER_POINT,
    );
    this.#batches += 1;
    this.#sweeps += sweeps.length;
    this.#put(sweeps.length);
    this.#put(cells.length);
    this.#put(this.#idIndex(cursor.planId));
    this.#put(cursor.dieOrdinal);
    this.#put(cursor.nextPosition);
    for (const sweep of sweeps) this.#addSweep(sweep);
    for (const cell of cells) this.#addCell(cell);
  }

  /** What was packed; the packer must not be used any more. */
  finish(): PackedSweeps {
    return { numbers: this.#numbers, bytes: this.#bytes, ids: this.#ids, batches: this.#batches };
  }

  #addSweep(sweep: SweepRecord): void {
    const length = encodeReadings(sweep.readings, this.#bytes, this.#byteAt);
    this.#byteAt += length;
    this.#put(this.#idIndex(sweep.attemptId));
    this.#put(sweep.dieOrdinal);
    this.#put(sweep.cell);
    this.#put(KINDS.indexOf(sweep.kind));
    this.#put(ACCESSES.indexOf(sweep.access));
    this.#put(SIDES.indexOf(sweep.side));
    this.#put(sweep.branch);
    this.#put(sweep.rangeAmps);
    this.#put(sweep.limitAmps);
    this.#put(sweep.repeat);
    this.#put(sweep.startedAtMs);
    this.#put(sweep.instrumentSeconds);
    this.#put(sweep.rawStatus);
    this.#put(sweep.residualAmps);
    this.#put(sweep.readings.flags.length);
    this.#put(length);
  }

  #addCell(cell: CellRecord): void {
    this.#put(cell.dieOrdinal);
    this.#put(cell.cell);
    this.#put(CELL_CLASSES.indexOf(cell.class));
    this.#put(cell.neighbourClass === null ? NONE : CELL_CLASSES.indexOf(cell.neighbourClass));
    this.#put(CELL_CAUSES.indexOf(cell.cause));
    this.#put(CELL_STATES.indexOf(cell.stuckState));
    this.#put(CELL_STATES.indexOf(cell.stateFound));
    this.#put(CELL_STATES.indexOf(cell.stateLeft));
    this.#put(cell.rP ?? NONE);
    this.#put(cell.rPUncertainty ?? NONE);
    this.#put(cell.rAp ?? NONE);
    this.#put(cell.rApUncertainty ?? NONE);
    this.#put(cell.rStuck ?? NONE);
    this.#put(cell.rStuckUncertainty ?? NONE);
    this.#put(cell.tmr ?? NONE);
    this.#put(cell.vSwitchPositive ?? NONE);
    this.#put(cell.vSwitchNegative ?? NONE);
    this.#put(cell.noiseAmps ?? NONE);
    this.#put(cell.flags);
  }

  #put(value: number): void {
    this.#numbers[this.#at++] = value;
  }

  /** The same id comes again and again: attempts cover windows. */
  #idIndex(id: string): number {
    const known = this.#ids.lastIndexOf(id);
    return known >= 0 ? known : this.#ids.push(id) - 1;
  }

  #reserve(numbers: number, bytes: number): void {
    if (this.#at + numbers > this.#numbers.length) {
      const larger = new Float64Array(Math.max(2 * this.#numbers.length, this.#at + numbers));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    if (this.#byteAt + bytes > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#byteAt + bytes));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
  }
}

export interface UnpackedBatch {
  readonly sweeps: readonly EncodedSweep[];
  readonly cells: readonly CellRecord[];
  readonly cursor: CursorRecord;
}

/** The batches in the order in which they were packed; BLOBs are views on the packed bytes. */
export function* unpackSweeps({ numbers, bytes, ids, batches }: PackedSweeps): IterableIterator<UnpackedBatch> {
  let at = 0;
  let byteAt = 0;
  for (let batch = 0; batch < batches; batch++) {
    const [sweepCount, cellCount, plan, dieOrdinal, nextPosition] = numbers.subarray(at, at + NUMBERS_PER_BATCH);
    at += NUMBERS_PER_BATCH;
    const sweeps: EncodedSweep[] = [];
    for (let i = 0; i < sweepCount; i++, at += NUMBERS_PER_SWEEP) {
      const length = numbers[at + 15];
      sweeps.push(sweepAt(numbers, at, ids, bytes.subarray(byteAt, byteAt + length)));
      byteAt += length;
    }
    const cells: CellRecord[] = [];
    for (let i = 0; i < cellCount; i++, at += NUMBERS_PER_CELL) cells.push(cellAt(numbers, at));
    yield { sweeps, cells, cursor: { planId: ids[plan], dieOrdinal, nextPosition } };
  }
}

function sweepAt(numbers: Float64Array, at: number, ids: readonly string[], blob: Uint8Array): EncodedSweep {
  return {
    attemptId: ids[numbers[at]],
    dieOrdinal: numbers[at + 1],
    cell: numbers[at + 2],
    kind: KINDS[numbers[at + 3]],
    access: ACCESSES[numbers[at + 4]],
    side: SIDES[numbers[at + 5]],
    branch: numbers[at + 6],
    rangeAmps: numbers[at + 7],
    limitAmps: numbers[at + 8],
    repeat: numbers[at + 9],
    startedAtMs: numbers[at + 10],
    instrumentSeconds: numbers[at + 11],
    rawStatus: numbers[at + 12],
    residualAmps: numbers[at + 13],
    points: numbers[at + 14],
    blob,
  };
}

function cellAt(numbers: Float64Array, at: number): CellRecord {
  const value = (offset: number) => (Number.isNaN(numbers[at + offset]) ? null : numbers[at + offset]);
  const neighbour = numbers[at + 3];
  return {
    dieOrdinal: numbers[at],
    cell: numbers[at + 1],
    class: CELL_CLASSES[numbers[at + 2]] as CellClass,
    neighbourClass: Number.isNaN(neighbour) ? null : CELL_CLASSES[neighbour],
    cause: CELL_CAUSES[numbers[at + 4]] as CellCause,
    stuckState: CELL_STATES[numbers[at + 5]] as CellState,
    stateFound: CELL_STATES[numbers[at + 6]] as CellState,
    stateLeft: CELL_STATES[numbers[at + 7]] as CellState,
    rP: value(8),
    rPUncertainty: value(9),
    rAp: value(10),
    rApUncertainty: value(11),
    rStuck: value(12),
    rStuckUncertainty: value(13),
    tmr: value(14),
    vSwitchPositive: value(15),
    vSwitchNegative: value(16),
    noiseAmps: value(17),
    flags: numbers[at + 18],
  };
}
