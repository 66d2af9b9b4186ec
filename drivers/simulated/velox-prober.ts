import type { DieSite } from '../../wafer/die.ts';
import { type ChuckFaults, ChuckStage } from './chuck-stage.ts';
import { LineInstrument } from './line-instrument.ts';
import type { ProbeStation } from './probe-station.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** Chuck heights in micrometres above the stage's zero. */
const HEIGHTS = { contact: 10_000, overtravel: 100, align: 9_950, separation: 9_700, transfer: 5_000, searchGap: 20 };
/** Die pitch, for positions in micrometres. */
const INDEX = { x: 8_000, y: 6_000 };
/** Motion times: the middle of what such stages need. */
const SECONDS = { query: 2e-3, step: 0.5, contact: 0.3, z: 0.1 } as const;

/** Error numbers other than 703 are not published; these are this simulator's own. */
const ERRORS = {
  unknownCommand: [1, 'Unknown command.'],
  parameter: [2, 'Invalid parameter.'],
  interlock: [10, 'Chuck movement not allowed: chuck is in contact.'],
  contactNotSet: [11, 'Contact height is not set.'],
  overtravel: [12, 'Height is beyond the overtravel limit.'],
  noSuchDie: [20, 'The die is not in the wafer map.'],
  endOfWafer: [703, 'End of wafer.'],
} as const;

class ProberError extends Error {
  readonly reply: string;
  constructor(kind: keyof typeof ERRORS) {
    const [code, text] = ERRORS[kind];
    super(text);
    this.reply = `${code}: ${text}`;
  }
}

type Height = 'contact' | 'overtravel' | 'align' | 'separation' | 'transfer' | 'between';
const PRESET_LETTERS: Readonly<Record<Height, string>> = {
  contact: 'C',
  overtravel: 'O',
  align: 'A',
  separation: 'S',
  transfer: 'T',
  between: 'N',
};

/**
 * FormFactor Velox with the ProberBench commands in text framing: `0: values` or `<number>: message`. The reply to a
 * motion comes when it has ended. Die coordinates are those of the wafer map; home is its first die.
 */
export class SimulatedVeloxProber extends LineInstrument {
  identity = 'FormFactor,Velox,SIM0003,3.4.0';
  waferId: string;
  private readonly station: ProbeStation;
  private readonly clock: SimulatedClock;
  private readonly stage: ChuckStage;
  private mode = { overtravel: 1, autoZ: 0, interlock: 1, contactSearch: 0, edge: 0, quiet: 0 };

  constructor(station: ProbeStation, clock: SimulatedClock, dies: readonly DieSite[], waferId: string) {
    super();
    this.station = station;
    this.clock = clock;
    this.waferId = waferId;
    const heights = { contact: HEIGHTS.contact, start: HEIGHTS.separation };
    this.stage = new ChuckStage(station, clock, dies, heights, { dieShift: null, contactSet: true });
  }

  get faults(): ChuckFaults {
    return this.stage.faults;
  }

  get state(): { height: Height; z: number; die: { x: number; y: number } | null; waferId: string } {
    return { height: this.height(), z: this.stage.z, die: this.stage.die, waferId: this.waferId };
  }

  protected async take(line: string): Promise<string | null> {
    const words = Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain);
    const [name, ...args] = words;
    if (name === undefined) return null;
    await this.clock.spend(SECONDS.query);
    if (name === '*IDN?') return this.identity;
    try {
      return `0: ${await this.execute(name, args)}`.trimEnd();
    } catch (error) {
      if (!(error instanceof ProberError)) throw error;
      return error.reply;
    }
  }

  private execute(name: string, args: readonly string[]): string | Promise<string> {
    const query = this.queries(name, args);
    if (query !== null) return query;
    switch (name) {
      case 'SetChuckMode':
        return this.setMode(args);
      case 'SetWaferID':
        this.waferId = args.join(' ');
        return '';
      case 'ResetContactCount':
        this.stage.resetTouchdowns();
        return '';
      case 'StopAllMovements':
        return '';
      case 'StepFirstDie':
        return this.stepToPlace(0);
      case 'StepNextDie':
        return args.length === 0 ? this.stepToPlace((this.stage.place ?? -1) + 1) : this.stepToDie(args);
      case 'StepToDie':
        return this.stepToPlace(integer(args[0]) - 1);
      case 'MoveChuckContact':
        return this.moveToContact();
      case 'MoveChuckAlign':
        return this.raiseTo(HEIGHTS.align, SECONDS.contact);
      case 'MoveChuckSeparation':
        return this.raiseTo(HEIGHTS.separation, SECONDS.contact);
      case 'MoveChuckZ':
        return this.moveZTo(args);
      default:
        throw new ProberError('unknownCommand');
    }
  }

  private queries(name: string, args: readonly string[]): string | null {
    const { station, stage } = this;
    switch (name) {
      case 'EchoData':
        return args.join(' ');
      case 'ReportSoftwareVersion':
        return '"Velox 3.4.0 (simulated)"';
      case 'IsAppRegistered':
        return args[0] === 'WaferMap' ? '1' : '0';
      case 'ReadProberStatus':
        return `${stage.moving ? 1 : 0} ${stage.touching ? 1 : 0} R 0`;
      case 'ReadChuckStatus':
        return this.chuckStatus();
      case 'ReadChuckPosition':
        return this.chuckPosition(args[1] ?? 'H');
      case 'ReadChuckHeights':
        return this.chuckHeights();
      case 'ReadMapPosition2':
        return this.mapPosition();
      case 'GetWaferID':
        return /\s/.test(this.waferId) ? `"${this.waferId}"` : this.waferId;
      case 'GetHeaterTemp':
        return `${station.chuckCelsius.toFixed(1)} C`;
      case 'ReadContactCount':
        return String(stage.touchdowns);
      case 'GetNumSelectedDies':
        return String(stage.dies.length);
      case 'GetSelectedDieCoords':
        return this.dieCoordinates(args);
      default:
        return null;
    }
  }

  /** FlagsInit FlagsMode FlagsLimit FlagsMoving Comp IsVacuumOn PresetHeight LoadPos IsLiftDown Camera IsQuiet. */
  private chuckStatus(): string {
    const { mode } = this;
    const flags =
      mode.overtravel +
      mode.autoZ * 2 +
      mode.interlock * 4 +
      mode.contactSearch * 8 +
      (this.faults.contactSet ? 16 : 0) +
      mode.edge * 32 +
      mode.quiet * 64;
    return `15 ${flags} 0 ${this.stage.moving ? 4 : 0} T 1 ${PRESET_LETTERS[this.height()]} 0 1 0 0`;
  }

  private chuckPosition(reference: string): string {
    const { position, dies, z } = this.stage;
    const [x, y] = [position.x * INDEX.x, position.y * INDEX.y];
    if (reference === 'Z') return `${x} ${y} ${z}`;
    return `${x - dies[0].x * INDEX.x} ${y - dies[0].y * INDEX.y} ${z}`;
  }

  private chuckHeights(): string {
    const contact = this.faults.contactSet ? HEIGHTS.contact : -1;
    const { overtravel, align, separation, searchGap } = HEIGHTS;
    return `${contact} ${overtravel} ${HEIGHTS.contact - align} ${HEIGHTS.contact - separation} ${searchGap}`;
  }

  private mapPosition(): string {
    const { position, dies, place } = this.stage;
    const { x, y } = position;
    const offset = `${(x - dies[0].x) * INDEX.x} ${(y - dies[0].y) * INDEX.y}`;
    return `${x} ${y} ${offset} 0 0 ${(place ?? 0) + 1} ${dies.length} 0 0`;
  }

  private dieCoordinates(args: readonly string[]): string {
    const die = this.stage.dies[integer(args[0]) - 1];
    if (die === undefined) throw new ProberError('parameter');
    return `${die.x} ${die.y}`;
  }

  private setMode(args: readonly string[]): string {
    const keys = ['overtravel', 'autoZ', 'interlock', 'contactSearch', 'edge', 'quiet'] as const;
    const values = args.map(integer);
    if (values.length > keys.length || values.some((value) => value < 0 || value > 2)) {
      throw new ProberError('parameter');
    }
    values.forEach((value, i) => {
      if (value !== 2) this.mode[keys[i]] = value;
    });
    return keys.map((key) => this.mode[key]).join(' ');
  }

  private stepToDie(args: readonly string[]): Promise<string> {
    const place = this.stage.placeOf(integer(args[0]), integer(args[1]));
    if (place === -1) throw new ProberError('noSuchDie');
    return this.stepToPlace(place);
  }

  private async stepToPlace(place: number): Promise<string> {
    const { stage, mode } = this;
    if (place >= stage.dies.length) throw new ProberError('endOfWafer');
    if (place < 0) throw new ProberError('parameter');
    const raised = stage.touching;
    if (raised && mode.autoZ === 1) await stage.raiseTo(HEIGHTS.separation, SECONDS.contact);
    else if (raised && mode.interlock === 1) throw new ProberError('interlock');
    await stage.goTo(place, SECONDS.step);
    if (raised && mode.autoZ === 1) await this.moveToContact();
    return `${stage.position.x} ${stage.position.y} 0 0`;
  }

  private moveToContact(): Promise<string> {
    if (!this.faults.contactSet) throw new ProberError('contactNotSet');
    return this.raiseTo(HEIGHTS.contact, SECONDS.contact);
  }

  /** MoveChuckZ Height PosRef Unit Velocity; references Z (zero) and R (relative), unit Y (micrometres). */
  private moveZTo([height, reference = 'Z', unit = 'Y']: readonly string[]): Promise<string> {
    const value = Number(height);
    if (!Number.isFinite(value) || unit !== 'Y' || !['Z', 'R'].includes(reference)) throw new ProberError('parameter');
    const target = reference === 'Z' ? value : this.stage.z + value;
    const overtravel = this.mode.overtravel === 1 ? HEIGHTS.overtravel : 0;
    if (target > HEIGHTS.contact && !this.faults.contactSet) throw new ProberError('contactNotSet');
    if (target > HEIGHTS.contact + overtravel) throw new ProberError('overtravel');
    return this.raiseTo(target, SECONDS.z);
  }

  private async raiseTo(z: number, seconds: number): Promise<string> {
    await this.stage.raiseTo(z, seconds);
    return '';
  }

  private height(): Height {
    const { contact, align, separation, transfer } = HEIGHTS;
    const { z } = this.stage;
    if (z > contact) return 'overtravel';
    if (z === contact) return 'contact';
    if (z === align) return 'align';
    if (z === separation) return 'separation';
    return z === transfer ? 'transfer' : 'between';
  }
}

function integer(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text)) throw new ProberError('parameter');
  return Number(text);
}
