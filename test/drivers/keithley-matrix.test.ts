import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import type { Crosspoint, RouteChannel } from '../../drivers/capabilities.ts';
import { FAMILY_707B, FAMILY_3706A, type MatrixFamily } from '../../drivers/keithley-matrix/matrix-family.ts';
import { crosspointAt, type MatrixWiring, matrixPoint } from '../../drivers/keithley-matrix/matrix-wiring.ts';
import { KeithleyMatrix } from '../../drivers/keithley-matrix.ts';
import { simulatedBenchYaml } from '../../drivers/simulated/bench-yaml.ts';
import { type MatrixModel, MODEL_707B, MODEL_3706A } from '../../drivers/simulated/keithley-matrix/matrix-model.ts';
import { SimulatedSwitchMatrix } from '../../drivers/simulated/keithley-matrix/switch-matrix.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { FaultyWire, type PlannedFault } from '../../drivers/simulated/wire-faults.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { ResistorStation } from './resistor-station.ts';

const LINES = { rows: 10, columns: 20 };
/** Thirty lines on 12 or 16 columns a card: two mainframes, the second with the rest. */
const FAMILIES: readonly (readonly [string, MatrixFamily, MatrixModel, MatrixWiring])[] = [
  [
    '707B',
    FAMILY_707B,
    MODEL_707B,
    {
      mainframes: [
        { node: 1, cards: 2 },
        { node: 2, cards: 1 },
      ],
      columnsPerCard: 12,
      lines: LINES,
      channels: { columnA: 'A', row: 'B', guard: 'C' },
    },
  ],
  [
    '3706A',
    FAMILY_3706A,
    MODEL_3706A,
    {
      mainframes: [
        { node: 1, cards: 1 },
        { node: 2, cards: 1 },
      ],
      columnsPerCard: 16,
      lines: LINES,
      channels: { columnA: '1', row: '2', guard: '3' },
    },
  ],
];

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Move {
  readonly kind: string;
  readonly index: number;
  readonly channel: string;
}

/** The driver over a real socket to the simulated mainframes; every set of closed relays on the way is written down. */
async function connected([, family, model, wiring]: (typeof FAMILIES)[number]) {
  const station = new ResistorStation({ ohmsA: 1e4, ohmsB: 1e4, ohmsBetween: 1e9 });
  const moves: Move[][] = [];
  station.setCrosspoints = (crosspoints?: readonly Move[]) => void moves.push([...(crosspoints ?? [])]);
  const clock = new SimulatedClock(station, 'full');
  const [a, x, g] = model.rowNames;
  const channels = { [a]: 'columnA', [x]: 'row', [g]: 'columnB' } as const;
  const harness = { mainframes: wiring.mainframes, lines: wiring.lines, channels };
  const matrix = await SimulatedSwitchMatrix.create({ station, clock, model, harness });
  const wire = new FaultyWire(matrix);
  const server = await serveTcp(wire);
  const link = await openTestLink(server.resource);
  const router = await KeithleyMatrix.open(link, 'router', family, wiring, () => {}, CALM);
  closers.push(async () => {
    await router.close();
    await server.close();
    wire.close();
    clock.close();
    matrix.close();
  });
  await router.configure(1e-3, CALM);
  return { router, matrix, moves, wire, clock };
}

const at = (kind: 'row' | 'column', index: number, channel: RouteChannel): Crosspoint => ({ kind, index, channel });
const POSITIVE = [at('row', 3, 'row'), at('column', 4, 'columnA'), at('column', 5, 'guard')];
const NEGATIVE = [at('row', 3, 'columnA'), at('column', 4, 'row'), at('column', 5, 'guard')];
const keys = (points: readonly Crosspoint[]) =>
  points.map((point) => `${point.kind} ${point.index} ${point.channel}`).sort();

describe.each(FAMILIES)('a Keithley %s matrix of two mainframes', (...family) => {
  it('closes exactly a route, answers with it, and opens everything', async () => {
    const { router } = await connected(family);
    expect([router.rows, router.columns, router.unselected]).toEqual([10, 20, 'float']);
    expect(await router.readState(CALM)).toEqual([]);
    await router.connect(POSITIVE, CALM);
    expect(keys(await router.readState(CALM))).toEqual(keys(POSITIVE));
    await router.connect([], CALM);
    expect(await router.readState(CALM)).toEqual([]);
  });

  it('exchanges HI and LO by breaking on every mainframe before it makes on any', async () => {
    const { router, moves } = await connected(family);
    await router.connect([at('row', 0, 'row'), at('column', 19, 'columnA'), at('column', 18, 'guard')], CALM);
    moves.length = 0;
    await router.connect([at('row', 0, 'columnA'), at('column', 19, 'row'), at('column', 18, 'guard')], CALM);
    // HI and LO let go, and the guard alone stays, before either is on its other line.
    const [first, second] = [moves.findIndex((set) => set.length === 1), moves.findIndex((set) => set.length === 2)];
    expect(moves.at(-1)).toHaveLength(3);
    expect(Math.min(...moves.map((set) => set.length))).toBe(1);
    expect(moves.slice(first).every((set, i, all) => i === 0 || set.length >= all[i - 1].length)).toBe(true);
    expect(second).toBeGreaterThan(-1);
    for (const set of moves) expect(new Set(set.map((move) => `${move.kind} ${move.index}`)).size).toBe(set.length);
  });

  it('moves only the relays that differ', async () => {
    const { router, matrix } = await connected(family);
    await router.connect(POSITIVE, CALM);
    const guardOf = () =>
      matrix.runtime.nodes
        .flatMap((node) => node.closed)
        .find((name) => name[1] === Object.values(family[3].channels)[2]);
    const before = guardOf();
    await router.connect(NEGATIVE, CALM);
    expect(guardOf()).toBe(before);
    expect(keys(await router.readState(CALM))).toEqual(keys(NEGATIVE));
  });

  it('never remembers what was not acknowledged: after any failure the next route opens everything first', async () => {
    const { router, wire } = await connected(family);
    await router.connect(POSITIVE, CALM);
    const fault: PlannedFault = { kind: 'drop', after: 0, count: 1, seconds: 0 };
    wire.plan(fault);
    await expect(router.connect(NEGATIVE, CALM)).rejects.toMatchObject({ code: expect.stringMatching(/^TB_LINK/) });
    await router.reopen(CALM);
    await router.connect([at('row', 9, 'row')], CALM);
    expect(keys(await router.readState(CALM))).toEqual(['row 9 row']);
  });

  it.each(['garbled', 'pieces'] as const)('takes no route for closed on a %s answer', async (kind) => {
    const { router, wire } = await connected(family);
    wire.plan({ kind, after: 0, count: kind === 'pieces' ? 20 : 1, seconds: 1e-3 });
    if (kind === 'pieces') {
      await router.connect(POSITIVE, CALM);
      expect(keys(await router.readState(CALM))).toEqual(keys(POSITIVE));
      return;
    }
    await expect(router.connect(POSITIVE, CALM)).rejects.toMatchObject({
      code: expect.stringMatching(/^TB_(REPLY|LINK)/),
    });
    wire.plan(null);
    await router.reopen(CALM);
    await router.connect(POSITIVE, CALM);
    expect(keys(await router.readState(CALM))).toEqual(keys(POSITIVE));
  });

  it('names a relay that does not follow', async () => {
    const { router, matrix } = await connected(family);
    const { node, name } = matrixPoint(family[3], POSITIVE[0]);
    matrix.runtime.nodes.find(({ number }) => number === node)?.stuckRelays.set(name, 'open');
    await expect(router.connect(POSITIVE, CALM)).rejects.toMatchObject({ code: 'TB_ROUTE_NOT_CONFIRMED' });
    matrix.runtime.nodes.find(({ number }) => number === node)?.stuckRelays.clear();
    await router.connect(POSITIVE, CALM);
  });

  it('reports what a mainframe refuses, with its error, and closes nothing after an open that was refused', async () => {
    const { router, matrix, moves } = await connected(family);
    const { node, name } = matrixPoint(family[3], NEGATIVE[1]);
    const mainframe = matrix.runtime.nodes.find(({ number }) => number === node);
    await router.connect(POSITIVE, CALM);
    mainframe?.forbidden.add(name);
    await expect(router.connect(NEGATIVE, CALM)).rejects.toMatchObject({
      code: 'TB_INSTRUMENT_ERROR',
      facts: { value: expect.stringContaining('1114') },
    });
    mainframe?.forbidden.clear();
    moves.length = 0;
    matrix.queueError();
    await expect(router.connect(NEGATIVE, CALM)).rejects.toMatchObject({ code: 'TB_INSTRUMENT_ERROR' });
    expect(moves.at(-1)).toEqual([]);
    await router.connect(NEGATIVE, CALM);
    expect(await router.drainErrors(CALM)).toEqual([]);
  });

  it('is refused where a slot is empty that the bench file fills', async () => {
    const [label, driver, model, wiring] = family;
    const more = { ...wiring, mainframes: [{ node: 1, cards: 3 }] };
    const { matrix } = await connected([label, driver, model, wiring]);
    const server = await serveTcp(matrix);
    closers.push(() => server.close());
    const link = await openTestLink(server.resource);
    closers.push(() => link.close());
    await expect(KeithleyMatrix.open(link, 'router', driver, more, () => {}, CALM)).rejects.toMatchObject({
      code: 'TB_BENCH_CANNOT_REALISE',
    });
  });

  it('has no crosspoint beyond its lines and channels', async () => {
    const { router } = await connected(family);
    expect(router.canConnect(at('row', 10, 'row'))).toBe(false);
    expect(router.canConnect(at('column', 0, 'columnB'))).toBe(false);
    await expect(router.connect([at('column', 0, 'columnB')], CALM)).rejects.toMatchObject({
      code: 'TB_BENCH_CANNOT_REALISE',
    });
  });
});

describe('the wiring of a matrix', () => {
  it('gives every crosspoint a name of its own, and the name its crosspoint', () => {
    const wiring = fc.record({
      frames: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
      columnsPerCard: fc.integer({ min: 1, max: 28 }),
      share: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    });
    fc.assert(
      fc.property(wiring, ({ frames, columnsPerCard, share }) => {
        const total = frames.reduce((sum, cards) => sum + cards * columnsPerCard, 0);
        const rows = Math.max(1, Math.floor(share * total));
        const made: MatrixWiring = {
          mainframes: frames.map((cards, i) => ({ node: i + 1, cards })),
          columnsPerCard,
          lines: { rows, columns: total - rows },
          channels: { columnA: 'A', row: 'B', guard: 'C' },
        };
        const names = new Set<string>();
        const lines = [
          ...Array.from({ length: rows }, (_, index) => ({ kind: 'row' as const, index })),
          ...Array.from({ length: total - rows }, (_, index) => ({ kind: 'column' as const, index })),
        ];
        for (const line of lines) {
          const crosspoint = { ...line, channel: 'guard' as const };
          const point = matrixPoint(made, crosspoint);
          expect(point.name).toMatch(/^[1-6]C\d\d$/);
          names.add(`${point.node} ${point.name}`);
          expect(crosspointAt(made, point)).toEqual(crosspoint);
        }
        expect(names.size).toBe(total);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a bench file with a matrix', () => {
  const facts = {
    resources: Object.fromEntries(
      ['smu', 'enable', 'router', 'supplies', 'prober'].map((name) => [name, 'TCPIP0::127.0.0.1::5025::SOCKET']),
    ) as Record<'smu' | 'enable' | 'router' | 'supplies' | 'prober', string>,
    geometry: { rows: 100, columns: 200, columnsPerEnableLine: 2 },
    waferId: 'W1',
    dies: 'default36',
    apToP: 'positive',
    ceilingVolts: 0.8,
  } as const;
  const parse = (mainframes: string, channels = '{columnA: A, columnB: B, row: C}') =>
    parseBenchFile(
      simulatedBenchYaml({
        ...facts,
        router: {
          driver: 'keithley-707b',
          options: [`mainframes: ${mainframes}`, 'lines: {rows: 100, columns: 200}', `channels: ${channels}`],
        },
      }),
      'bench.yaml',
    );

  it('says how many mainframes the lines need', () => {
    const four = '[{node: 1, cards: 6}, {node: 2, cards: 6}, {node: 3, cards: 6}, {node: 4, cards: 6}]';
    expect(() => parse(four)).toThrow(/need 25 cards of 12 columns, that is 5 mainframes of 6 slots; 24 cards in 4/);
    const { router } = parse(four.replace(']', ', {node: 5, cards: 1}]')).instruments;
    expect(router).toMatchObject({ driver: 'keithley-707b', columnsPerCard: 12, settleSeconds: 1e-3 });
  });

  it('refuses rows that the card has not, or that two channels share, and nodes that are one', () => {
    const five =
      '[{node: 1, cards: 6}, {node: 2, cards: 6}, {node: 3, cards: 6}, {node: 4, cards: 6}, {node: 5, cards: 6}]';
    expect(() => parse(five, '{columnA: A, columnB: A, row: C}')).toThrow(/cannot share a row/);
    expect(() => parse(five, '{columnA: A, columnB: B, row: Q}')).toThrow(/TB_BENCH_FILE_INVALID|row/);
    expect(() => parse(five.replace('node: 2', 'node: 1'))).toThrow(/cannot be one node/);
  });
});
