import { DEFAULT_DAMPING_SECONDS, pulseProbability } from '../../physics/pulse-switching.ts';
import { type SeededStream, seededStream } from '../seeded-stream.ts';
import type { CellStates } from './cell-array.ts';
import type { JunctionLaw, SwitchingOfDie } from './cell-switching.ts';
import type { JunctionPort, JunctionPulse, PulseReport } from './junction-port.ts';

/** The junctions of a measured die as its fitted law has them: for forecasts and comparisons. Reads are exact. */
export class SimulatedJunctions implements JunctionPort {
  readonly pulseSeconds: number;
  /** Pulses each cell has had. */
  readonly pulses: Uint32Array;
  /** Pairs routed for pulses and read afterwards; pairs only read. */
  visits = 0;
  pairsRead = 0;
  readonly #states: CellStates;
  readonly #switching: SwitchingOfDie;
  readonly #parallel: Uint8Array;
  readonly #stream: SeededStream;

  constructor(states: CellStates, switching: SwitchingOfDie, pulseSeconds: number, key: readonly number[]) {
    this.pulseSeconds = pulseSeconds;
    this.#states = states;
    this.#switching = switching;
    this.#stream = seededStream(...key);
    this.pulses = new Uint32Array(states.siemensP.length);
    this.#parallel = Uint8Array.from(this.pulses, () => (this.#stream.uniform() < 0.5 ? 1 : 0));
  }

  async pulse(pulses: readonly JunctionPulse[], found: (cell: number, siemens: number) => void): Promise<PulseReport> {
    this.visits += new Set(pulses.map(({ cell }) => cell >> 1)).size;
    for (const pulse of pulses) {
      this.#one(pulse);
      found(pulse.cell, this.#siemens(pulse.cell));
    }
    return { limited: 0, halfSelects: pulses.length };
  }

  async read(cells: readonly number[], found: (cell: number, siemens: number) => void): Promise<void> {
    this.pairsRead += new Set(cells.map((cell) => cell >> 1)).size;
    for (const cell of cells) found(cell, this.#siemens(cell));
  }

  #one({ cell, towards, volts }: JunctionPulse): void {
    this.pulses[cell] += 1;
    const target = towards === 'P' ? 1 : 0;
    if (this.#parallel[cell] === target) return;
    const { delta, vC0, offsetVolts }: JunctionLaw = this.#switching.junctions.get(cell) ?? this.#switching.median;
    const drive = volts - (towards === 'P' ? offsetVolts : -offsetVolts);
    const law = { delta, vC0, exponent: this.#switching.exponent, dampingSeconds: DEFAULT_DAMPING_SECONDS };
    if (this.#stream.uniform() < pulseProbability(drive, this.pulseSeconds, law)) this.#parallel[cell] = target;
  }

  #siemens(cell: number): number {
    return this.#parallel[cell] === 1 ? this.#states.siemensP[cell] : this.#states.siemensAp[cell];
  }
}
