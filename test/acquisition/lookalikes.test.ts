import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOf } from '../../acquisition/die-fingerprint.ts';
import { FingerprintBook } from '../../acquisition/fingerprint-book.ts';
import { cellUnder } from '../../acquisition/lookalikes.ts';
import type { Plan } from '../../acquisition/plan.ts';
import { type CellLabel, labelCode } from '../../drivers/simulated/world/die-population.ts';
import { makeDiePopulation } from '../../drivers/simulated/world/draw-die.ts';
import { type StationOptions, stationOptions } from '../../drivers/simulated/world/station-options.ts';
import { wholePathOhms } from '../../physics/access-path.ts';
import { type DieSite, dieLabel } from '../../wafer/die.ts';
import { type CrossbarGeometry, cellAt, cellCount } from '../../wafer/geometry.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import { memoryPlan, memorySettings } from './memory-session.ts';

const OBLONG: CrossbarGeometry = { rows: 20, columns: 24, columnsPerEnableLine: 2 };
const SQUARE: CrossbarGeometry = { rows: 24, columns: 24, columnsPerEnableLine: 2 };
/** A wafer of 4 × 4 dies: every turn puts a die on a die. */
const DIES: readonly DieSite[] = Array.from({ length: 16 }, (_, i) => ({ ordinal: i, x: i % 4, y: Math.floor(i / 4) }));

interface SimulatedDie {
  readonly rP: Float64Array;
  readonly rAp: Float64Array;
  readonly healthy: (cell: number) => boolean;
}

/** A die as it would be measured: resistances of the whole path; what is not healthy reads nonsense. */
function simulatedDie(options: StationOptions, site: DieSite): SimulatedDie {
  const { gP, tmr, labels } = makeDiePopulation(options, site);
  const healthyLabel: CellLabel = 'healthy';
  const path = (cell: number) => {
    const { row, column } = cellAt(options.geometry, cell);
    return wholePathOhms(options.accessPath, row, column);
  };
  return {
    rP: gP.map((siemens, cell) => 1 / siemens + path(cell)),
    rAp: gP.map((siemens, cell) => (1 + tmr[cell]) / siemens + path(cell)),
    healthy: (cell) => labels[cell] === labelCode(healthyLabel),
  };
}

function wafer(seed: number, geometry: CrossbarGeometry) {
  const options = stationOptions({ seed, geometry, dies: DIES });
  const dies = DIES.map((site) => simulatedDie(options, site));
  const settings = memorySettings({ geometry, padMap: consecutivePadMap(geometry), wafer: { id: 'W', dies: DIES } });
  return { dies, plan: memoryPlan({ bench: settings }).plan };
}

function bookOf(plan: Plan, dies: readonly SimulatedDie[], known: readonly number[]): FingerprintBook {
  const book = new FingerprintBook(plan);
  for (const ordinal of known) {
    const die = dies[ordinal];
    for (let cell = 0; cell < cellCount(plan.bench.geometry); cell++) {
      const name = die.healthy(cell) ? ('healthy' as const) : ('subpar' as const);
      book.note(ordinal, { cell, class: name, rP: die.rP[cell], rAp: die.rAp[cell] });
    }
  }
  return book;
}

/** One low-bias reading of each cell: in either state, with a common gain error of up to 2 % and 0.3 % of its own. */
function readingsOf(
  die: SimulatedDie,
  geometry: CrossbarGeometry,
  cells: readonly number[],
  quarters: 0 | 1 | 2 | 3,
  noise: number,
) {
  const random = (i: number, salt: number) => {
    const hash = Math.sin(i * 12.9898 + salt * 78.233 + noise * 37.719) * 43758.5453;
    return hash - Math.floor(hash);
  };
  const gain = 1 + 0.04 * (random(1, 1) - 0.5);
  return new Map(
    cells.map((cell) => {
      const there = cellUnder(geometry, cell, quarters);
      const ohms = random(cell, 2) < 0.5 ? die.rP[there] : die.rAp[there];
      return [cell, ohms * gain * (1 + 0.006 * (random(cell, 3) - 0.5))] as const;
    }),
  );
}

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const ordinals = fc.integer({ min: 0, max: DIES.length - 1 });

describe('what lies under the needles', () => {
  it('turns a die four times onto itself', () => {
    for (const cell of [0, 5, 100, 575]) {
      expect(cellUnder(SQUARE, cellUnder(SQUARE, cellUnder(SQUARE, cellUnder(SQUARE, cell, 1), 1), 1), 1)).toBe(cell);
      expect(cellUnder(SQUARE, cellUnder(SQUARE, cell, 1), 1)).toBe(cellUnder(SQUARE, cell, 2));
      expect(cellUnder(SQUARE, cellUnder(SQUARE, cell, 1), 3)).toBe(cell);
    }
  });

  it('is named: any shift, and the rotated wafer, on simulated wafers', () => {
    fc.assert(
      fc.property(seeds, ordinals, ordinals, fc.constantFrom(0, 2), seeds, (seed, wanted, there, quarters, noise) => {
        fc.pre(wanted !== there);
        const { dies, plan } = wafer(seed, OBLONG);
        const book = bookOf(
          plan,
          dies,
          DIES.map(({ ordinal }) => ordinal),
        );
        const found = readingsOf(dies[there], OBLONG, book.cells, quarters as 0 | 2, noise);
        const name = bestOf(found, book.lookalikes(DIES[wanted], DIES), 16)?.name ?? 'nothing';
        const [from, to] = [DIES[wanted], DIES[there]];
        expect(name).toContain(`die ${dieLabel(to)}`);
        const isOpposite = to.x === 3 - from.x && to.y === 3 - from.y;
        if (quarters === 0) expect(name).toContain(`shifted by (${to.x - from.x}, ${to.y - from.y})`);
        else expect(name).toContain(isOpposite ? 'the wafer is rotated by 180°' : 'turned by 180°');
      }),
      { numRuns: 25 },
    );
  });

  it.each([1, 2, 3] as const)('is named: a wafer of square dies rotated by %i quarters', (quarters) => {
    const { dies, plan } = wafer(11, SQUARE);
    const book = bookOf(
      plan,
      dies,
      DIES.map(({ ordinal }) => ordinal),
    );
    for (const die of DIES) {
      // The die that a turn of the wafer brings here, from the turn of the middle of its cells.
      const [dx, dy] = [die.x - 1.5, die.y - 1.5];
      const [x, y] = [[], [-dy, dx], [-dx, -dy], [dy, -dx]][quarters].map((offset) => offset + 1.5);
      const there = DIES.find((one) => one.x === x && one.y === y) as DieSite;
      const found = readingsOf(dies[there.ordinal], SQUARE, book.cells, quarters, quarters);
      const name = bestOf(found, book.lookalikes(die, DIES), 16)?.name;
      expect(name).toContain(
        `die ${dieLabel(there)}, turned by ${90 * quarters}°: the wafer is rotated by ${90 * quarters}°`,
      );
    }
  });

  it('is a map that was rotated against the wafer, where a die lies straight in the place of another', () => {
    const { dies, plan } = wafer(5, OBLONG);
    const book = bookOf(
      plan,
      dies,
      DIES.map(({ ordinal }) => ordinal),
    );
    const found = readingsOf(dies[15], OBLONG, book.cells, 0, 1);
    const name = bestOf(found, book.lookalikes(DIES[0], DIES), 16)?.name;
    expect(name).toBe(
      'die (3, 3): the wafer map is shifted by (3, 3), or the wafer map is rotated by 180° against the wafer',
    );
  });

  it('is nobody’s likeness on a die never measured, on another wafer, and where all cells are alike', () => {
    fc.assert(
      fc.property(seeds, ordinals, seeds, (seed, wanted, noise) => {
        const { dies, plan } = wafer(seed, OBLONG);
        const others = DIES.map(({ ordinal }) => ordinal).filter((ordinal) => ordinal !== wanted);
        const book = bookOf(plan, dies, others);
        const lookalikes = book.lookalikes(DIES[wanted], DIES);
        expect(lookalikes.length).toBe(2 * others.length);
        expect(bestOf(readingsOf(dies[wanted], OBLONG, book.cells, 0, noise), lookalikes, 16)).toBeNull();
        const other = wafer(seed + 1, OBLONG).dies[wanted];
        expect(bestOf(readingsOf(other, OBLONG, book.cells, 0, noise), lookalikes, 16)).toBeNull();
        const same = { rP: dies[0].rP.map(() => 18e3), rAp: dies[0].rAp.map(() => 40e3), healthy: () => true };
        const alike = bookOf(
          plan,
          DIES.map(() => same),
          others,
        );
        const found = readingsOf(same, OBLONG, alike.cells, 0, noise);
        expect(bestOf(found, alike.lookalikes(DIES[wanted], DIES), 16)).toBeNull();
      }),
      { numRuns: 25 },
    );
  });
});
