import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlan, type Plan } from '../../acquisition/plan.ts';
import type { PoweredDieOutcome } from '../../acquisition/programming/powered-die.ts';
import { type ProgrammedDie, programDie } from '../../acquisition/programming/program-die.ts';
import { PulseJournal } from '../../acquisition/programming/pulse-journal.ts';
import type { CellTarget } from '../../acquisition/programming/write-cells.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { buildDieModel } from '../../analysis/build-die-model.ts';
import type { DieModel } from '../../analysis/die-model.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { openBench } from '../../drivers/open-bench.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { cellTargets, knownCellsOf } from '../../scripts/die-on-bench.ts';
import { CELL_CLASSES } from '../../wafer/cell-class.ts';
import { quickRecipe } from './memory-session.ts';
import { WiredBench } from './wired-bench.ts';

const GEOMETRY = { rows: 12, columns: 16, columnsPerEnableLine: 2 } as const;
const CELLS = GEOMETRY.rows * GEOMETRY.columns;
/** Defects in such numbers that a small die has some of each. */
const RATES = {
  shorted: 0.01,
  subpar: 0,
  weakLowTmr: 0,
  weakTelegraph: 0,
  weakBackHopping: 0,
  open: 0.02,
  stuckP: 0.02,
  stuckAp: 0.02,
  deadRowsPerDie: 0,
  deadColumnsPerDie: 0,
  clustersPerDie: 0,
};

describe('writing a die cell by cell over the wires', () => {
  let bench: WiredBench;
  let folder: string;
  let model: DieModel;
  let plan: Plan;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tunnelbench-program-'));
    bench = await WiredBench.open({ geometry: GEOMETRY, seed: 11, population: { rates: RATES } });
    const file = join(folder, 'wafer.sqlite');
    const { error } = await bench.measure(file);
    expect(error).toBeNull();
    const reader = WaferReader.open(file);
    model = buildDieModel(reader, 0);
    reader.close();
    ({ plan } = makePlan({ recipe: quickRecipe(), bench: benchSettings(bench.benchFile), dies: [0] }));
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs on the journal named; asks to stop once so many steps are done. */
  async function program(targets: readonly CellTarget[], name: string, stopAfter = Number.POSITIVE_INFINITY) {
    const journal = await PulseJournal.open(join(folder, name), 'program', { targets: targets.length });
    const opened = await openBench(bench.benchFile, AbortSignal.timeout(60_000));
    const stop = new StopRequest();
    try {
      return await programDie({
        bench: opened,
        plan,
        known: knownCellsOf(model),
        targets,
        journal,
        stop,
        earlierTouchdowns: null,
        onTouchdown: async () => {},
        onWarning: () => {},
        onProgress: (done) => {
          if (done === stopAfter) stop.finish('test');
        },
      });
    } finally {
      await opened.close();
      await journal.close();
    }
  }

  const besideShort = (cell: number) => CELL_CLASSES[model.classes[cell ^ 1]] === 'shorted';

  const chequered = (flip: number) =>
    Array.from({ length: GEOMETRY.rows }, (_, row) =>
      Array.from({ length: GEOMETRY.columns }, (_, column) => ((row * 7 + column * 3 + flip) % 5 < 2 ? 'P' : 'A')).join(
        '',
      ),
    );

  function expectWritten({ result, error, safeState }: PoweredDieOutcome<ProgrammedDie>): ProgrammedDie {
    expect(error).toBeNull();
    expect(safeState.verdict).toBe('safe');
    expect(bench.isSafe).toBe(true);
    const { ledger, station } = bench.simulated;
    expect(ledger.violations).toEqual([]);
    expect(ledger.losses).toEqual([]);
    const { cells } = station.truth(0);
    const written = result as ProgrammedDie;
    for (const { cell, target, error: why } of written.cells) {
      const switching = !cells[cell].label.startsWith('stuck');
      if (why === null && switching) expect([cell, cells[cell].antiparallel ? 'AP' : 'P']).toEqual([cell, target]);
    }
    return written;
  }

  it('brings every healthy cell to its state and names the others with the reason', async () => {
    const written = expectWritten(await program(cellTargets(chequered(0), model), 'a.jsonl'));
    expect(written.cells).toHaveLength(CELLS);
    const reasons = new Map(written.cells.map(({ cell, error }) => [cell, error]));
    for (let cell = 0; cell < CELLS; cell++) {
      const name = CELL_CLASSES[model.classes[cell]];
      if (name === 'healthy' && !besideShort(cell)) expect([cell, reasons.get(cell)]).toEqual([cell, null]);
      if (name === 'healthy') expect([null, 'disturbed']).toContain(reasons.get(cell));
      if (name === 'shorted') expect(reasons.get(cell)).toBe('short');
      if (name === 'open') expect(reasons.get(cell)).toBe('open');
      if (name === 'stuck') expect(['stuck', null]).toContain(reasons.get(cell));
    }
    const found = new Set(written.cells.map(({ error }) => error));
    for (const reason of [null, 'short', 'open', 'stuck'] as const) expect(found).toContain(reason);
    const stuck = written.cells.filter(({ error }) => error === 'stuck');
    expect(stuck.every(({ pulses }) => pulses === 0)).toBe(true);
  });

  it('pulses nothing where everything stands right already', async () => {
    const again = expectWritten(await program(cellTargets(chequered(0), model), 'b.jsonl'));
    expect(again.pulses).toBe(0);
  });

  it('goes on where it was stopped, and does not write again what the journal has', async () => {
    const targets = cellTargets(chequered(2), model);
    const first = expectWritten(await program(targets, 'c.jsonl', 20));
    expect(first.end).toBe('stopped');
    expect(first.cells.length).toBeLessThan(CELLS);
    const second = expectWritten(await program(targets, 'c.jsonl'));
    expect(second.end).toBe('finished');
    expect(second.cells).toHaveLength(CELLS);
    expect(second.pulses).toBeGreaterThan(first.pulses);
    const lines = readFileSync(join(folder, 'c.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const looks = lines.filter(({ t, look }) => t === 'pair' && look === 1).map(({ pair }) => pair);
    expect(new Set(looks).size).toBe(looks.length);
    // A finished journal answers without touching the bench.
    const touchdowns = bench.simulated.station.touchdowns;
    expect((await program(targets, 'c.jsonl')).result).toEqual(second);
    expect(bench.simulated.station.touchdowns).toBe(touchdowns);
  });

  it('stops before a pulse beyond the stress budget and leaves the bench safe', async () => {
    const kept = plan;
    const programming = { ...kept.recipe.programming, mostPulsesPerCell: 1, amplitudes: [0.1], pulsesPerAmplitude: 3 };
    plan = { ...kept, recipe: { ...kept.recipe, programming } } as Plan;
    const { error, safeState } = await program(cellTargets(chequered(1), model), 'd.jsonl');
    plan = kept;
    expect(error).toMatchObject({ code: 'TB_PULSE_BUDGET' });
    expect(safeState.verdict).toBe('safe');
    expect(bench.isSafe).toBe(true);
  });

  it('refuses another die than the one measured', async () => {
    const stranger = { ...model, rP: model.rP.map((ohms) => 1.3 * ohms), rAp: model.rAp.map((ohms) => 1.3 * ohms) };
    const kept = model;
    model = stranger;
    const pulsesBefore = bench.simulated.ledger.summary().dies;
    const { error } = await program(cellTargets(chequered(0), kept), 'e.jsonl');
    model = kept;
    expect(error).toMatchObject({ code: 'TB_WAFER_MISMATCH' });
    expect(bench.simulated.ledger.summary().dies.map(({ maxAbsVolts }) => maxAbsVolts)).toEqual(
      pulsesBefore.map(({ maxAbsVolts }) => maxAbsVolts),
    );
  });

  it('cuts an unfinished last line of a journal off and refuses a damaged one', async () => {
    const file = join(folder, 'torn.jsonl');
    const begun = await PulseJournal.open(file, 'program', { a: 1 });
    await begun.append({ t: 'pair', pair: 3 });
    await begun.close();
    appendFileSync(file, '{"t":"pair","pa');
    const again = await PulseJournal.open(file, 'program', { a: 1 });
    expect(again.earlier).toEqual([{ t: 'pair', pair: 3 }]);
    await again.append({ t: 'end' });
    await again.close();
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
    writeFileSync(file, 'no journal\n');
    await expect(PulseJournal.open(file, 'program', { a: 1 })).rejects.toMatchObject({
      code: 'TB_FILE_NOT_TUNNELBENCH',
    });
  });

  it('goes on in no journal of other work', async () => {
    await expect(PulseJournal.open(join(folder, 'c.jsonl'), 'program', { targets: 1 })).rejects.toMatchObject({
      code: 'TB_SESSION_NOT_RESUMABLE',
    });
  });
});
