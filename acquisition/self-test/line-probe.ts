import type { Bench, Crosspoint, SourceChannel } from '../../drivers/capabilities.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** Lines to route, each on the channel of its kind. */
export interface Route {
  readonly row?: number;
  /** An even column on channel columnA. */
  readonly a?: number;
  /** An odd column on channel columnB. */
  readonly b?: number;
}

export type Amps = Readonly<Record<SourceChannel, number>> & { readonly compliance: boolean };
export type Levels = Readonly<Record<SourceChannel, number>>;

/** Below every switching voltage, whatever the dwell. */
export const PROBE_VOLTS = 0.05;
const PROBE_LIMIT_AMPS = 1e-4;
const PROBE_NPLC = 0.1;
const WRITE_NPLC = 0.01;

/** A route that the router itself refuses or reads back otherwise. */
export class RefusedRoute extends Error {
  readonly crosspoints: readonly Crosspoint[];

  constructor(crosspoints: readonly Crosspoint[], cause: TunnelbenchError) {
    super(cause.message, { cause });
    this.crosspoints = crosspoints;
  }
}

/**
 * Enables, routes and reads, one thing after the other, each acknowledged. The source is at 0 V whenever something moves:
 * a spot reading ends there.
 */
export class LineProbe {
  readonly #bench: Bench;
  readonly #signal: AbortSignal;
  /** Undefined: unknown. */
  #enabled: number | null | undefined;
  #route = '';
  /** What the open bench reads at a probe reading: the instrument's own offset, taken off every reading. */
  #zero: Levels = { columnA: 0, columnB: 0, row: 0 };
  cellsWritten = 0;

  constructor(bench: Bench, signal: AbortSignal) {
    this.#bench = bench;
    this.#signal = signal;
  }

  /** Forgets what is set, e.g. after a die was powered down. */
  forget(): void {
    this.#enabled = undefined;
    this.#route = '';
  }

  useZero(zero: Levels): void {
    this.#zero = zero;
  }

  /** Throws RefusedRoute. The enable line is low while relays move from one line to another. */
  async place(enabled: number | null, route: Route): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#enabled !== enabled) {
      this.#enabled = undefined;
      await this.#bench.enableLines.enable(enabled, this.#signal);
      this.#enabled = enabled;
    }
    const crosspoints = crosspointsOf(route);
    const text = JSON.stringify(crosspoints);
    if (this.#route === text) return;
    this.#route = '';
    try {
      await this.#bench.router.connect(crosspoints, this.#signal);
    } catch (error) {
      const refused = error instanceof TunnelbenchError && REFUSALS.has(error.code);
      if (!refused) throw error;
      throw new RefusedRoute(crosspoints, error);
    }
    this.#route = text;
  }

  /** Currents under chosen levels, the open bench's own taken off. */
  async amps(levels: Partial<Levels>): Promise<Amps> {
    const full = { columnA: 0, columnB: 0, row: 0, ...levels };
    const spot = await this.#bench.source.spot(full, PROBE_LIMIT_AMPS, PROBE_NPLC, this.#signal);
    return {
      columnA: spot.columnA.amps - this.#zero.columnA,
      columnB: spot.columnB.amps - this.#zero.columnB,
      row: spot.row.amps - this.#zero.row,
      compliance: spot.columnA.compliance || spot.columnB.compliance || spot.row.compliance,
    };
  }

  /** Conductance from each column to the row, siemens, from one reading at each polarity. */
  async siemens(): Promise<{ readonly a: number; readonly b: number }> {
    const up = await this.amps({ columnA: PROBE_VOLTS, columnB: PROBE_VOLTS });
    const down = await this.amps({ row: PROBE_VOLTS });
    const slope = (one: number, other: number) => (one - other) / (2 * PROBE_VOLTS);
    return { a: slope(up.columnA, down.columnA), b: slope(up.columnB, down.columnB) };
  }

  /** One write pulse; false when a channel was in its limit, so that the pulse had another height than asked for. */
  async pulse(levels: Levels, limitAmps: number, cells: number): Promise<boolean> {
    const spot = await this.#bench.source.spot(levels, limitAmps, WRITE_NPLC, this.#signal);
    this.cellsWritten += cells;
    return !(spot.columnA.compliance || spot.columnB.compliance || spot.row.compliance);
  }
}

const REFUSALS = new Set(['TB_INSTRUMENT_ERROR', 'TB_ROUTE_NOT_CONFIRMED']);

function crosspointsOf({ row, a, b }: Route): Crosspoint[] {
  return [
    ...(row === undefined ? [] : [{ kind: 'row', index: row, channel: 'row' } as const]),
    ...(a === undefined ? [] : [{ kind: 'column', index: a, channel: 'columnA' } as const]),
    ...(b === undefined ? [] : [{ kind: 'column', index: b, channel: 'columnB' } as const]),
  ];
}
