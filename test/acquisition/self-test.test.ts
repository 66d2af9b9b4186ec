import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultSettings } from '../../drivers/simulated/bench-control.ts';
import { mirroredLines, swappedLines } from '../../drivers/simulated/world/station-faults.ts';
import { DEFAULT_POPULATION } from '../../drivers/simulated/world/station-options.ts';
import { blamed, SelfTestBench, SMALL_DIE } from './self-test-bench.ts';

type World = NonNullable<FaultSettings['world']>;
const { rows, columns } = SMALL_DIE;
const all = (count: number) => Array.from({ length: count }, (_, index) => index).join(' ');
const WHOLE = {
  stuckRelays: [],
  lostNeedles: [],
  stuckEnableLines: [],
  miswiredLines: [],
  shortedLines: [],
  leakingLines: [],
} satisfies World;

const FAULTS: readonly [name: string, world: World, found: string][] = [
  ['two rows exchanged', { miswiredLines: swappedLines('row', 3, 7) }, 'swapped row 3 7'],
  ['rows mirrored', { miswiredLines: mirroredLines('row', rows) }, `mirrored row ${all(rows)}`],
  ['two distant columns exchanged', { miswiredLines: swappedLines('column', 4, 10) }, 'swapped column 4 10'],
  ['columns of other sides exchanged', { miswiredLines: swappedLines('column', 4, 9) }, 'swapped column 4 9'],
  ['the columns of a coded pair exchanged', { miswiredLines: swappedLines('column', 14, 15) }, 'swapped column 14 15'],
  ['columns mirrored', { miswiredLines: mirroredLines('column', columns) }, `mirrored column ${all(columns)}`],
  ['a row wired to another', { miswiredLines: [{ kind: 'row', index: 5, leadsTo: 2 }] }, 'aliased row 2 5'],
  ['a column wired to another', { miswiredLines: [{ kind: 'column', index: 12, leadsTo: 3 }] }, 'aliased column 3 12'],
  [
    'a row relay that does not close',
    { stuckRelays: [{ kind: 'row', index: 5, channel: 'row', stuck: 'open' }] },
    'open row 5',
  ],
  [
    'a row relay that does not open',
    { stuckRelays: [{ kind: 'row', index: 5, channel: 'row', stuck: 'closed' }] },
    'stuckClosed row 5',
  ],
  [
    'a column relay that does not close',
    { stuckRelays: [{ kind: 'column', index: 5, channel: 'columnB', stuck: 'open' }] },
    'open column 5',
  ],
  [
    'a column relay that does not open',
    { stuckRelays: [{ kind: 'column', index: 5, channel: 'columnB', stuck: 'closed' }] },
    'stuckClosed column 5',
  ],
  ['neighbouring rows shorted', { shortedLines: [{ kind: 'row', index: 5, ohms: 50 }] }, 'shorted row 5 6'],
  ['columns of two pairs shorted', { shortedLines: [{ kind: 'column', index: 5, ohms: 300 }] }, 'shorted column 5 6'],
  ['the columns of a pair shorted', { shortedLines: [{ kind: 'column', index: 8, ohms: 300 }] }, 'shorted column 8 9'],
  ['a leaking row', { leakingLines: [{ kind: 'row', index: 5, ohms: 2e5 }] }, 'leaking row 5'],
  ['a leaking column', { leakingLines: [{ kind: 'column', index: 8, ohms: 2e5 }] }, 'leaking column 8'],
  ['a lost row needle', { lostNeedles: [{ kind: 'row', index: 4 }] }, 'open row 4'],
  ['a lost column needle', { lostNeedles: [{ kind: 'column', index: 14 }] }, 'open column 14'],
  ['an enable line that stays high', { stuckEnableLines: [4] }, 'stuckHigh enable 4'],
];

describe('a self-test over the wires', () => {
  let bench: SelfTestBench;
  beforeAll(async () => {
    bench = await SelfTestBench.open({ seed: 5 });
    const first = await bench.test();
    expect(blamed(first)).toEqual([]);
    expect(first.checks.find(({ check }) => check === 'rowOrder')?.outcome).toBe('notProven');
  });
  afterAll(() => bench.close());

  it('proves every line of a bench without fault once the die carries the addresses', async () => {
    const report = await bench.test({ world: WHOLE });
    expect(report.ok).toBe(true);
    const open = report.checks.filter(({ outcome }) => outcome !== 'passed').map(({ check }) => check);
    expect(open).toEqual(['referenceResistor']);
  });

  it.each(FAULTS)('names %s, and nothing else', async (_name, world, found) => {
    const report = await bench.test({ world: { ...WHOLE, ...world } });
    expect(blamed(report)).toEqual([found]);
    expect(report.ok).toBe(false);
    expect(bench.wired.isSafe).toBe(true);
    expect(bench.wired.simulated.ledger.violations).toEqual([]);
    expect(bench.wired.simulated.ledger.losses).toEqual([]);
  });
});

describe('on twenty wafers without a fault of the bench', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    'seed %i raises no alarm, before or after the code is written',
    async (seed) => {
      const bench = await SelfTestBench.open({ seed });
      try {
        expect(blamed(await bench.test())).toEqual([]);
        expect(blamed(await bench.test())).toEqual([]);
        expect(bench.wired.simulated.ledger.violations).toEqual([]);
      } finally {
        await bench.close();
      }
    },
  );
});

const { rates } = DEFAULT_POPULATION;
const EVERY_DIE_ALIKE = { logSigma: 0, outlierDies: 0, outlierFactor: 1, radialExcess: 0 };
const BAD_DIES = {
  'dead rows and columns': { ...rates, deadRowsPerDie: 1.5, deadColumnsPerDie: 3 },
  clusters: { ...rates, clustersPerDie: 3, deadColumnsPerDie: 1 },
  'a third of the cells bad': { ...rates, shorted: 0.1, subpar: 0.1, open: 0.1 },
  'two fifths of the cells stuck': { ...rates, stuckP: 0.2, stuckAp: 0.2 },
  'four fifths of the cells open': { ...rates, open: 0.8 },
};
const badDie = (kind: keyof typeof BAD_DIES) => ({ rates: BAD_DIES[kind], spread: EVERY_DIE_ALIKE });

describe('on dies that are bad themselves', () => {
  it.each(Object.keys(BAD_DIES) as (keyof typeof BAD_DIES)[])('%s: the bench is blamed for nothing', async (kind) => {
    const bench = await SelfTestBench.open({ seed: 202, population: badDie(kind) });
    try {
      // The second run reads what the first has written.
      for (let run = 0; run < 2; run++) expect(blamed(await bench.test())).toEqual([]);
      expect(bench.wired.simulated.ledger.violations).toEqual([]);
    } finally {
      await bench.close();
    }
  });

  it('names a mirrored connector alone, whatever columns of the die are dead', async () => {
    const bench = await SelfTestBench.open({ seed: 201, population: badDie('dead rows and columns') });
    const faults = { world: { ...WHOLE, miswiredLines: mirroredLines('column', columns) } };
    expect(blamed(await bench.test(faults))).toEqual([`mirrored column ${all(columns)}`]);
    await bench.close();
  });

  it('counts rows as told apart only where their cells can tell them', async () => {
    const bench = await SelfTestBench.open({ seed: 202, population: badDie('a third of the cells bad') });
    const report = await bench.test({ world: { ...WHOLE, shortedLines: [{ kind: 'row', index: 5, ohms: 50 }] } });
    expect(report.checks.find(({ check }) => check === 'rowLines')?.outcome).toBe('notProven');
    await bench.close();
  });

  it('names every row that may be the one whose relay hangs on, where an open row looks the same', async () => {
    const bench = await SelfTestBench.open({ seed: 201, population: badDie('dead rows and columns') });
    const stuckRelays = [{ kind: 'row', index: 5, channel: 'row', stuck: 'closed' }] as const;
    const [finding] = blamed(await bench.test({ world: { ...WHOLE, stuckRelays: [...stuckRelays] } }));
    expect(finding).toMatch(/^stuckClosed row (\d+ )*5\b/);
    await bench.close();
  });
});
