import type { DieSite } from '../../wafer/die.ts';
import type { ProbeStation } from './probe-station.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export interface ChuckFaults {
  /** The chuck goes to, and reports, a die this far from the one asked for. */
  dieShift: { readonly x: number; readonly y: number } | null;
  /** A contact height was taught. */
  contactSet: boolean;
}

/** Chuck and wafer map of a prober, whatever commands it speaks. Heights in micrometres above the stage's zero. */
export class ChuckStage {
  readonly dies: readonly DieSite[];
  readonly contactHeight: number;
  readonly faults: ChuckFaults;
  z: number;
  /** Place in the route; null before the first step. */
  place: number | null = null;
  position: { x: number; y: number };
  moving = false;
  private readonly station: ProbeStation;
  private readonly clock: SimulatedClock;
  private touchdownsBefore = 0;

  constructor(
    station: ProbeStation,
    clock: SimulatedClock,
    dies: readonly DieSite[],
    heights: { readonly contact: number; readonly start: number },
    faults: ChuckFaults,
  ) {
    this.station = station;
    this.clock = clock;
    this.dies = dies;
    this.contactHeight = heights.contact;
    this.z = heights.start;
    this.faults = faults;
    this.position = { x: dies[0].x, y: dies[0].y };
  }

  get touching(): boolean {
    return this.z >= this.contactHeight;
  }

  /** The die that the prober believes to be under the needles. */
  get die(): { x: number; y: number } | null {
    return this.place === null ? null : this.position;
  }

  get touchdowns(): number {
    return this.station.touchdowns - this.touchdownsBefore;
  }

  resetTouchdowns(): void {
    this.touchdownsBefore = this.station.touchdowns;
  }

  /** Place in the route, or -1. */
  placeOf(x: number, y: number): number {
    return this.dies.findIndex((die) => die.x === x && die.y === y);
  }

  async raiseTo(z: number, seconds: number): Promise<void> {
    await this.motion(seconds, () => {
      this.z = z;
      if (this.touching) this.station.setHeight('contact', z - this.contactHeight);
      else this.station.setHeight('separation', 0);
    });
  }

  async goTo(place: number, seconds: number): Promise<void> {
    const { x, y } = this.dies[place];
    const shift = this.faults.dieShift ?? { x: 0, y: 0 };
    await this.motion(seconds, () => {
      this.place = place;
      this.position = { x: x + shift.x, y: y + shift.y };
      this.station.moveChuck(this.position.x, this.position.y);
    });
  }

  private async motion(seconds: number, arrive: () => void): Promise<void> {
    this.moving = true;
    await this.clock.spend(seconds);
    this.moving = false;
    this.clock.touch();
    arrive();
  }
}
