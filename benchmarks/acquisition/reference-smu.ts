import type { ClientLink, ClientSession, WireInstrument } from '../../drivers/simulated/instrument-link.ts';
import { LineSplitter } from '../../drivers/simulated/line-splitter.ts';
import { preciseWait } from './precise-wait.ts';
import type { ReferenceLines } from './reference-lines.ts';

const R_P = 18e3;
const R_AP = 40e3;
const SWITCH_VOLTS = 0.5;
/** Buffer overhead, "#0" and a line feed around the floats of a channel. */
const LINE_BYTES = 65_536;

interface Stored {
  readonly settings: readonly number[];
  readonly levels: number[];
  readonly keep: number[];
}

/**
 * Answers the lines that the driver of the Keithley 2600 family sends, from tables: no language, no physics, nothing
 * that costs time but the time it was told to take. All cells are alike but for a factor that names the cell, so that
 * readings on a wrong cell would show.
 */
export class ReferenceSmu implements WireInstrument {
  readonly #lines: ReferenceLines;
  readonly #sweepSeconds: number;
  readonly #segments = new Map<number, Stored>();
  readonly #settings = new Map<string, string>();
  #segmentCount = 0;
  #branches: number[] = [];
  #inScript = false;
  /** Token of the latest run. */
  #ended = '';
  #loop: { volts: Float32Array; base: Float32Array; branch: number } | null = null;

  constructor(lines: ReferenceLines, sweepSeconds: number) {
    this.#lines = lines;
    this.#sweepSeconds = sweepSeconds;
  }

  attach(link: ClientLink): ClientSession {
    const splitter = new LineSplitter(LINE_BYTES, (line) => {
      const run = /^tb\.run\("(\d+)"/.exec(line ?? '');
      if (run !== null) {
        this.#run(run[1], link);
        return;
      }
      const reply = this.#reply(line ?? '');
      if (typeof reply === 'string') link.send(Buffer.from(`${reply}\n`, 'latin1'));
      else if (reply !== null) link.send(reply);
    });
    return { receive: (bytes) => splitter.push(bytes), detached: () => {} };
  }

  #reply(line: string): string | Buffer | null {
    if (this.#inScript || line === 'loadandrunscript') {
      this.#inScript = line !== 'endscript';
      return null;
    }
    const end = /^print\(string\.format\("TBEND %s %d", "(\d+)"/.exec(line);
    // The end mark of a run leaves with its data.
    if (end !== null) return this.#ended === end[1] ? null : `TBEND ${end[1]} 0`;
    if (line.startsWith('tb.')) return this.#script(line);
    const printed = /^print\((.*)\)$/.exec(line);
    if (printed !== null) return this.#printed(printed[1]);
    if (line === '*IDN?') return 'Keithley Instruments Inc., Model 2636B, 0000001, 1.0.0';
    if (line.startsWith('printnumber(')) {
      const values = line.slice('printnumber('.length, -1).split(',').map(Number);
      return block(Float32Array.from(values));
    }
    for (const [, name, value] of line.matchAll(/(\S+) = (\S+)/g)) this.#settings.set(name, value);
    return null;
  }

  #script(line: string): string | null {
    const numbers = (line.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi) ?? []).map(Number);
    const [id] = numbers;
    if (line.startsWith('tb.segment(')) {
      this.#segments.set(id, { settings: numbers.slice(1), levels: [], keep: [] });
      this.#loop = null;
    } else if (line.startsWith('tb.points(')) this.#segments.get(id)?.levels.push(...numbers.slice(2));
    else if (line.startsWith('tb.keep(')) this.#segments.get(id)?.keep.push(...numbers.slice(2));
    else if (line.startsWith('tb.check(')) return this.#check(id);
    else if (line.startsWith('tb.b[')) this.#branches[id - 1] = Number(/below = ([^,]+)/.exec(line)?.[1]);
    else if (line.startsWith('tb.b =')) this.#branches = [];
    else if (line.startsWith('tb.segments')) this.#segmentCount = id;
    else if (line.startsWith('tb.reset(')) this.#settings.set('reset', `${numbers[0]} ${numbers[1]}`);
    else if (line.startsWith('tb.spot(')) return this.#spot(line);
    return null;
  }

  #check(id: number): string {
    const { settings, levels, keep } = this.#segments.get(id) as Stored;
    const sum = levels.reduce((total, volts) => total + Math.abs(volts), 0);
    const weighted = levels.reduce((total, volts, i) => total + (i + 1) * volts, 0);
    const kept = keep.reduce((total, place, i) => total + (i + 1) * place, 0);
    return [levels.length, sum, weighted, keep.length, kept, ...settings].join(' ');
  }

  #spot(line: string): string {
    const [, token, a, b, r] = /^tb\.spot\("(\d+)", ([^,]+), ([^,]+), ([^,]+),/.exec(line) ?? [];
    const siemens = this.#lines.route === 'NONE' ? 0 : 1 / R_AP;
    const [ia, ib] = [(Number(a) - Number(r)) * siemens, (Number(b) - Number(r)) * siemens];
    return `TBSPOT ${token} ${a} ${ia} 0 ${b} ${ib} 0 ${r} ${-ia - ib} 0`;
  }

  #printed(expression: string): string {
    const mark = /^"(\w+)"$/.exec(expression);
    if (mark !== null) return mark[1];
    if (expression === 'tsplink.state') return 'online';
    if (expression === 'errorqueue.next()') return '0\tQueue Is Empty\t0\t0';
    if (expression.includes(' == ')) return 'true';
    if (!expression.startsWith('string.format')) return 'reference';
    return expression
      .slice(expression.indexOf(', ') + 2, -1)
      .split(', ')
      .map((name) => this.#value(name))
      .join(' ');
  }

  #value(name: string): number {
    const [range = 0, limit = 0] = (this.#settings.get('reset') ?? '').split(' ').map(Number);
    if (name === 'localnode.linefreq') return 50;
    if (name.endsWith('.output')) return this.#settings.get(name)?.endsWith('OUTPUT_ON') ? 1 : 0;
    if (name.endsWith('.limiti')) return limit;
    if (name.endsWith('.rangev')) return range;
    return 0;
  }

  #run(token: string, link: ClientLink): void {
    const loop = this.#loop ?? this.#table();
    this.#loop = loop;
    const points = loop.volts.length;
    const row = Number(/R(\d+)=/.exec(this.#lines.route)?.[1] ?? 0);
    const column = Number(/C(\d+)=/.exec(this.#lines.route)?.[1] ?? 0);
    const idle = `TBIDLE ${token} loop ${loop.branch} ${loop.branch} ${points} ${points} ${points} ${this.#sweepSeconds}\n`;
    const data = [cellFactor(row, column), cellFactor(row, column + 1)].map((factor) => channel(loop, factor));
    const rows = new Float32Array(3 * points);
    for (let i = 0; i < points; i++) rows[3 * i + 1] = -data[0][3 * i + 1] - data[1][3 * i + 1];
    const bytes = Buffer.concat([
      Buffer.from(idle, 'latin1'),
      ...[...data, rows].map(block),
      Buffer.from(`TBEND ${token} 0\n`, 'latin1'),
    ]);
    this.#ended = token;
    preciseWait(this.#sweepSeconds, () => link.send(bytes));
  }

  /** The whole sweep of an ideal cell found in P, worked out once per programme. */
  #table(): { volts: Float32Array; base: Float32Array; branch: number } {
    const ids = [1, ...Array.from({ length: this.#segmentCount - 2 }, (_, i) => i + 3)];
    const volts = Float32Array.from(ids.flatMap((id) => (this.#segments.get(id) as Stored).levels));
    const base = new Float32Array(volts.length);
    let ohms = R_P;
    for (const [i, level] of volts.entries()) {
      if (level >= SWITCH_VOLTS) ohms = R_P;
      if (level <= -SWITCH_VOLTS) ohms = R_AP;
      base[i] = level / ohms;
    }
    const branch = this.#branches.findIndex((below) => R_P < below) + 1;
    return { volts, base, branch };
  }
}

/** By which the currents of a cell differ from those of an ideal one. */
export function cellFactor(row: number, column: number): number {
  return 1 - ((row * 37 + column) % 200) * 1e-4;
}

function channel({ volts, base }: { volts: Float32Array; base: Float32Array }, factor: number): Float32Array {
  const values = new Float32Array(3 * volts.length);
  for (let i = 0; i < volts.length; i++) {
    values[3 * i] = volts[i];
    values[3 * i + 1] = base[i] * factor;
  }
  return values;
}

function block(values: Float32Array): Buffer {
  return Buffer.concat([Buffer.from('#0', 'latin1'), Buffer.from(values.buffer), Buffer.from('\n', 'latin1')]);
}
