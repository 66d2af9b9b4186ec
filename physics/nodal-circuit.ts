import type { ArrayElements } from './array-elements.ts';
import { solveDense } from './dense-solve.ts';
import { LEAKAGE_SIEMENS } from './drive.ts';
import { LimitedSource, walkToCorner } from './limited-source.ts';
import { type PadRails, padAmps, padSiemens } from './pad-diode.ts';

/** A source channel: voltage with current limit. Off means high impedance: lines routed to it float together. */
export interface ChannelDrive {
  readonly on: boolean;
  readonly volts: number;
  readonly limitAmps: number;
}

/** One closed contact between a channel and a line. Lines: 0 … rows − 1 rows, then the enabled columns, then others. */
export interface Contact {
  readonly channel: number;
  readonly line: number;
  readonly siemens: number;
}

export interface NodalDrive extends PadRails {
  readonly channels: readonly ChannelDrive[];
  readonly contacts: readonly Contact[];
  /** Number of further lines in `contacts` whose cells are not enabled: they carry their pad's diodes only. */
  readonly idleLines: number;
  /** Faults: paths between two lines, or from a line to ground. */
  readonly paths?: readonly FaultyPath[];
}

export interface FaultyPath {
  readonly line: number;
  /** The line at the other end, or null for ground. */
  readonly other: number | null;
  readonly siemens: number;
}

export interface ChannelResult {
  readonly volts: number;
  readonly amps: number;
  readonly inCompliance: boolean;
}

const MAX_ITERATIONS = 300;
const STEP_TOLERANCE_VOLTS = 1e-13;
/** Lines joined by a faulty path may float together: 1 TΩ to ground keeps them defined. */
const PATH_LEAKAGE_SIEMENS = 1e-12;
/** Output conductance of a channel: 10 nΩ, so ideal beside anything it drives. */
const SOURCE_SIEMENS = 1e8;

/**
 * Any connection of channels to rows and columns: dense nodal analysis with Newton's method, every line and channel a
 * node. The voltage of a channel is kept as its difference from the programmed level, so that an almost ideal source
 * costs no precision. Same physics and omissions as `PairCircuit`, some hundred times slower.
 */
export class NodalCircuit {
  readonly #elements: ArrayElements;
  /** Voltage across each junction after `solve`. */
  readonly junctionVolts: Float64Array;
  lineVolts = new Float64Array(0);
  channels: ChannelResult[] = [];

  constructor(elements: ArrayElements) {
    this.#elements = elements;
    this.junctionVolts = new Float64Array(elements.rows * elements.columns);
  }

  solve(drive: NodalDrive): void {
    const lines = this.#elements.rows + this.#elements.columns + drive.idleLines;
    const sources = drive.channels.map(({ on, limitAmps }) => {
      const source = new LimitedSource();
      source.set(on ? SOURCE_SIEMENS : 0, 0, limitAmps);
      return source;
    });
    const volts = startVolts(drive, lines);
    this.#newton(drive, sources, volts, lines);
    this.lineVolts = volts.slice(0, lines);
    this.channels = sources.map((source, c) => this.#result(drive, source, c, volts, lines));
    this.#readJunctions(volts);
  }

  #newton(drive: NodalDrive, sources: readonly LimitedSource[], volts: Float64Array, lines: number): void {
    const size = lines + sources.length;
    for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
      const matrix = new Float64Array(size * size);
      const step = new Float64Array(size);
      this.#stampElements(matrix, step, volts, size);
      stampPads(drive, this.#elements, matrix, step, volts, size);
      stampPaths(drive.paths ?? [], matrix, step, volts, size);
      stampChannels(drive, sources, matrix, step, volts, lines, size);
      // A line or channel that nothing is connected to stays where it is.
      for (let node = 0; node < size; node++) if (matrix[node * size + node] === 0) matrix[node * size + node] = 1;
      solveDense(matrix, step, size);
      const largest = step.reduce((most, change) => Math.max(most, Math.abs(change)), 0);
      const fraction = walkToCorner(
        sources,
        (c) => volts[lines + c],
        (c) => step[lines + c],
        largest,
      );
      for (let node = 0; node < size; node++) volts[node] += fraction * step[node];
      if (fraction === 1 && largest < STEP_TOLERANCE_VOLTS) return;
    }
  }

  #stampElements(matrix: Float64Array, right: Float64Array, volts: Float64Array, size: number): void {
    const elements = this.#elements;
    for (let row = 0; row < elements.rows; row++) {
      for (let place = 0; place < elements.columns; place++) {
        const column = elements.rows + place;
        elements.evaluate(row * elements.columns + place, volts[column] - volts[row]);
        right[column] -= elements.amps;
        right[row] += elements.amps;
        stampConductance(matrix, size, column, row, elements.slope);
      }
    }
  }

  #result(
    drive: NodalDrive,
    source: LimitedSource,
    channel: number,
    volts: Float64Array,
    lines: number,
  ): ChannelResult {
    const { on, volts: level } = drive.channels[channel];
    if (!on) return { volts: 0, amps: 0, inCompliance: false };
    if (source.mode !== 0) {
      return { volts: level + volts[lines + channel], amps: source.mode * source.limitAmps, inCompliance: true };
    }
    const own = drive.contacts.filter((contact) => contact.channel === channel && contact.siemens > 0);
    const faulty = new Set(drive.paths?.flatMap(({ line, other }) => [line, other]));
    const alone = own.every(
      ({ line }) => !faulty.has(line) && drive.contacts.every((c) => c.line !== line || c.channel === channel),
    );
    // What leaves the lines is more precise than the drop over the contacts, where no other channel feeds them.
    const amps = alone
      ? [...new Set(own.map(({ line }) => line))].reduce((sum, line) => sum + this.#leaving(drive, line, volts), 0)
      : source.amps(volts[lines + channel]);
    return { volts: level, amps, inCompliance: false };
  }

  /** Current that leaves a line through its cells, pad diodes and leakage. */
  #leaving(drive: NodalDrive, line: number, volts: Float64Array): number {
    const { rows, columns } = this.#elements;
    let amps = padAmps(volts[line], drive) + LEAKAGE_SIEMENS * volts[line];
    if (line < rows) {
      for (let place = 0; place < columns; place++) {
        this.#elements.evaluate(line * columns + place, volts[rows + place] - volts[line]);
        amps -= this.#elements.amps;
      }
    } else if (line < rows + columns) {
      for (let row = 0; row < rows; row++) {
        this.#elements.evaluate(row * columns + line - rows, volts[line] - volts[row]);
        amps += this.#elements.amps;
      }
    }
    return amps;
  }

  #readJunctions(volts: Float64Array): void {
    const { rows, columns } = this.#elements;
    for (let element = 0; element < rows * columns; element++) {
      const row = Math.floor(element / columns);
      this.#elements.evaluate(element, volts[rows + (element % columns)] - volts[row]);
      this.junctionVolts[element] = this.#elements.junctionVolts;
    }
  }
}

/** Channels and the lines connected to them at the channel's level, everything else at 0 V. */
function startVolts(drive: NodalDrive, lines: number): Float64Array {
  const volts = new Float64Array(lines + drive.channels.length);
  for (const { channel, line, siemens } of drive.contacts) {
    if (drive.channels[channel].on && siemens > 0) volts[line] = drive.channels[channel].volts;
  }
  return volts;
}

/** Diodes and leakage of the connected lines and of the enabled columns. */
function stampPads(
  drive: NodalDrive,
  elements: ArrayElements,
  matrix: Float64Array,
  right: Float64Array,
  volts: Float64Array,
  size: number,
): void {
  const padded = new Set(drive.contacts.map(({ line }) => line));
  for (let place = 0; place < elements.columns; place++) padded.add(elements.rows + place);
  for (const line of padded) {
    right[line] -= padAmps(volts[line], drive) + LEAKAGE_SIEMENS * volts[line];
    matrix[line * size + line] += padSiemens(volts[line], drive) + LEAKAGE_SIEMENS;
  }
}

function stampPaths(
  paths: readonly FaultyPath[],
  matrix: Float64Array,
  right: Float64Array,
  volts: Float64Array,
  size: number,
): void {
  for (const { line, other, siemens } of paths) {
    right[line] -= PATH_LEAKAGE_SIEMENS * volts[line];
    matrix[line * size + line] += PATH_LEAKAGE_SIEMENS;
    const amps = siemens * (volts[line] - (other === null ? 0 : volts[other]));
    right[line] -= amps;
    if (other === null) matrix[line * size + line] += siemens;
    else {
      right[other] += amps;
      stampConductance(matrix, size, line, other, siemens);
    }
  }
}

function stampChannels(
  drive: NodalDrive,
  sources: readonly LimitedSource[],
  matrix: Float64Array,
  right: Float64Array,
  volts: Float64Array,
  lines: number,
  size: number,
): void {
  for (const { channel, line, siemens } of drive.contacts) {
    const node = lines + channel;
    const { on, volts: level } = drive.channels[channel];
    const amps = siemens * ((on ? level : 0) + volts[node] - volts[line]);
    right[node] -= amps;
    right[line] += amps;
    stampConductance(matrix, size, node, line, siemens);
  }
  sources.forEach((source, channel) => {
    const node = lines + channel;
    right[node] += source.amps(volts[node]);
    matrix[node * size + node] += source.slope;
  });
}

function stampConductance(matrix: Float64Array, size: number, one: number, other: number, siemens: number): void {
  matrix[one * size + one] += siemens;
  matrix[other * size + other] += siemens;
  matrix[one * size + other] -= siemens;
  matrix[other * size + one] -= siemens;
}
