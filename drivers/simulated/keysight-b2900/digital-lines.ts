import type { SimulatedClock } from '../simulated-clock.ts';

export const LINES = 14;
export const PIN_FUNCTIONS = ['DIO', 'DINPut', 'TINPut', 'TOUTput', 'HVOL'] as const;
export const EXT_SIGNALS = Array.from({ length: LINES }, (_, i): `EXT${number}` => `EXT${i + 1}`);

/** From the edge at one instrument to the reaction of the other. */
const LATENCY_SECONDS = 1e-5;

export interface Pin {
  mode: (typeof PIN_FUNCTIONS)[number];
  polarity: 'POSitive' | 'NEGative';
  edgeType: 'EDGE' | 'LEVel';
  edgePlace: 'BEFore' | 'AFTer' | 'BOTH';
  widthSeconds: number;
}

/** The digital connectors of several instruments, joined pin by pin. */
export class DigitalCable {
  /** Pulses do not arrive any more. */
  cut = false;
  readonly #clock: SimulatedClock;
  readonly #ends: DigitalLines[] = [];

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  join(end: DigitalLines): void {
    this.#ends.push(end);
    end.cable = this;
  }

  pulse(from: DigitalLines, line: number): void {
    if (this.cut) return;
    this.#clock.after(LATENCY_SECONDS, () => {
      for (const end of this.#ends) if (end !== from) end.receive(line);
    });
  }
}

/** The digital connector of one instrument: what its pins do, as far as they carry triggers. */
export class DigitalLines {
  cable: DigitalCable | null = null;
  readonly #pins = new Map<number, Pin>();
  readonly #onTrigger: (signal: string) => void;

  /** `onTrigger` hears of every pulse that comes in on a pin set to be a trigger input. */
  constructor(onTrigger: (signal: string) => void) {
    this.#onTrigger = onTrigger;
  }

  pin(line: number): Pin {
    const present = this.#pins.get(line);
    if (present !== undefined) return present;
    const fresh: Pin = {
      mode: 'DIO',
      polarity: 'NEGative',
      edgeType: 'EDGE',
      edgePlace: 'BEFore',
      widthSeconds: 1e-4,
    };
    this.#pins.set(line, fresh);
    return fresh;
  }

  reset(): void {
    this.#pins.clear();
  }

  /** A trigger output of the instrument is led to this signal; it leaves only by a pin set to be one. */
  send(signal: string): void {
    const line = Number(/^EXT(\d+)$/.exec(signal)?.[1] ?? Number.NaN);
    if (this.#pins.get(line)?.mode === 'TOUTput') this.cable?.pulse(this, line);
  }

  receive(line: number): void {
    if (this.#pins.get(line)?.mode === 'TINPut') this.#onTrigger(`EXT${line}`);
  }
}
