import { describe, expect, it } from 'vitest';
import { dieThumbnail } from '../../analysis/die-thumbnail.ts';
import { type MorningFacts, morningSummary } from '../../analysis/morning-summary.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';

const clean: MorningFacts = {
  file: 'w7.sqlite',
  lot: 'L12',
  wafer: '7',
  recipe: 'rv-loop-default',
  geometry: DEFAULT_GEOMETRY,
  finish: {
    end: 'finished',
    reason: null,
    cellsDone: 20_000,
    cellsPlanned: 20_000,
    diesDone: 1,
    diesPlanned: 1,
    sessions: 1,
  },
  bench: { verdict: 'safe', at: '2026-03-04T06:00:00.000Z', steps: ['outputs off at 0 V', 'separated'] },
  harm: { losses: 0, violations: 0, mostTouchdowns: 1, touchdownLimit: 4 },
  trust: { warnings: [], diesWithoutContact: 0, diesSkipped: 0, undetermined: 0, gaps: 0, chuckCelsius: [24.9, 25.1] },
  found: {
    counts: { healthy: 19_990, weak: 0, subpar: 4, shorted: 6, stuck: 0, open: 0, undetermined: 0, unmeasured: 0 },
    rP: { mean: 18_452, standardError: 6.1, cells: 19_990 },
    rAp: { mean: 40_776, standardError: 14, cells: 19_990 },
    vSwitchPositive: { median: 0.513, cells: 19_990 },
    vSwitchNegative: { median: -0.487, cells: 19_990 },
    dies: [{ x: 0, y: 0, measured: 20_000, healthy: 19_990 }],
    badCells: [0, 1, 19_999],
  },
  time: { plannedSeconds: 810, plannedOfMeasuredSeconds: 810, actualSeconds: 95 },
  verified: { faults: 0, sweeps: 21_022 },
};

const HEADINGS = [
  'Did it finish?',
  'Is the bench safe now?',
  'Were devices harmed?',
  'Can the data be trusted?',
  'What was found?',
  'What next?',
  'Time and file',
];

describe('the morning summary', () => {
  it('has its seven headings in their order, whatever happened', () => {
    for (const facts of [clean, { ...clean, bench: { verdict: 'unknown' as const, at: null, steps: [] } }]) {
      const lines = morningSummary(facts).text.split('\n');
      expect(lines.filter((line) => HEADINGS.includes(line))).toEqual(HEADINGS);
    }
  });

  it('asks for nobody after a clean run', () => {
    const { text, attention } = morningSummary(clean);
    expect(attention).toEqual([]);
    expect(text).toContain('Yes. 20,000 of 20,000 cells');
    expect(text).not.toContain('Look at:');
  });

  it.each([
    ['a stop', { finish: { ...clean.finish, end: 'stopped' } }, /the run was stopped/],
    ['a kill', { finish: { ...clean.finish, end: 'interrupted' } }, /ended without a word/],
    ['an unsafe bench', { bench: { ...clean.bench, verdict: 'unsafe' } }, /the bench is NOT safe/],
    ['an assumed state', { bench: { ...clean.bench, verdict: 'assumed' } }, /safe by assumption only/],
    ['a violation', { harm: { ...clean.harm, violations: 2 } }, /2 violations of the safe order/],
    ['a loss', { harm: { ...clean.harm, losses: 1 } }, /1 junction broke/],
    ['a die without contact', { trust: { ...clean.trust, diesWithoutContact: 1 } }, /1 die without contact/],
    ['gaps', { trust: { ...clean.trust, gaps: 12 } }, /12 planned cells without a verdict/],
    ['a faulty file', { verified: { faults: 3, sweeps: 10 } }, /the file has 3 faults/],
  ] as [string, Partial<MorningFacts>, RegExp][])(
    'calls somebody after %s, and says so on the page',
    (_what, change, said) => {
      const { text, attention } = morningSummary({ ...clean, ...change });
      expect(attention.join('; ')).toMatch(said);
      expect(text).toContain(`Look at: ${attention.join('; ')}.`);
    },
  );

  it('holds the time it took against the prediction for what was measured, and says how to take up skipped dies', () => {
    expect(morningSummary(clean).text).toContain('planned 13 min 30 s; the run took 1 min 35 s (0.12 of that).');
    const time = { plannedSeconds: 7200, plannedOfMeasuredSeconds: 1800, actualSeconds: 2250 };
    const { text } = morningSummary({ ...clean, time, trust: { ...clean.trust, diesSkipped: 1 } });
    expect(text).toContain(
      'planned 2 h 0 min, 30 min 0 s of it for what was measured; the run took 37 min 30 s (1.25 of that).',
    );
    expect(text).toMatch(/Skipped dies: tunnelbench resume \S+ --bench bench\.yaml --skipped/);
  });

  it('shows several dies as they lie on the wafer and names the worst', () => {
    const dies = [
      { x: 0, y: 0, measured: 100, healthy: 99 },
      { x: 1, y: 0, measured: 0, healthy: 0 },
      { x: 0, y: 1, measured: 100, healthy: 50 },
    ];
    const { text } = morningSummary({ ...clean, found: { ...clean.found, dies, badCells: null } });
    expect(text).toContain('Worst dies, healthy of measured: (0, 1) 50.00 %, (0, 0) 99.00 %');
    expect(text).toMatch(/\n {5}99\.0 {6}·\n {5}50\.0\s*\n/);
  });
});

describe('the thumbnail of a die', () => {
  it('counts the marked cells under each character', () => {
    const lines = dieThumbnail(DEFAULT_GEOMETRY, [0, 1, 200, 19_999]);
    expect(lines).toHaveLength(13);
    expect(lines.every((line) => line.length === 50)).toBe(true);
    expect(lines[0][0]).toBe('3');
    expect(lines[12][49]).toBe('1');
    expect(lines.join('').replaceAll('·', '')).toBe('31');
  });
});
