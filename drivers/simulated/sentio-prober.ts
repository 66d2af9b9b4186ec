import type { DieSite } from '../../wafer/die.ts';
import { type ChuckFaults, ChuckStage } from './chuck-stage.ts';
import { LineInstrument } from './line-instrument.ts';
import type { ProbeStation } from './probe-station.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** Heights above the axis' zero, micrometres. */
const CONTACT = 10_000;
const SEPARATION = 9_700;
const HOVER_GAP = 50;
/** Motion times: the middle of what such stages need. */
const SECONDS = { query: 2e-3, step: 0.5, z: 0.3 } as const;

/** Error numbers and texts of the remote command reference. */
const ERRORS = {
  noModule: [3, 'Module does not exist.'],
  unknown: [4, 'Invalid command.'],
  format: [5, 'Format error.'],
  parameter: [6, 'Invalid parameter.'],
  count: [7, 'Invalid number of parameters.'],
  bounds: [8, 'Parameter out of bounds.'],
  endOfRoute: [11, 'End of route.'],
  notSupported: [13, 'Not supported.'],
  contactNotSet: [23, 'Contact height not set.'],
  wrongZ: [38, 'Stepping at wrong z height.'],
  vacuum: [68, 'Vacuum failure.'],
} as const;

/** Status bit of a reply: the route ends here. */
const END_OF_ROUTE = 1 << 10;

class SentioError extends Error {
  readonly reply: string;
  constructor(kind: keyof typeof ERRORS) {
    const [code, text] = ERRORS[kind];
    super(text);
    this.reply = `${code},0,${text}`;
  }
}

export interface SentioFaults extends ChuckFaults {
  vacuum: boolean;
  /** A chuck without temperature control. */
  thermalChuck: boolean;
}

/**
 * MPI SENTIO with its native remote commands: "code,id,text". The reply to a motion comes when it has ended. Not covered:
 * asynchronous commands, subsites, bins, cassettes, vision, other modules than the wafer map.
 */
export class SimulatedSentioProber extends LineInstrument {
  identity = 'MPI Corporation,TS3500-SE,SIM0004,25.2.0';
  waferId: string;
  readonly faults: SentioFaults = { dieShift: null, contactSet: true, vacuum: true, thermalChuck: true };
  private readonly station: ProbeStation;
  private readonly clock: SimulatedClock;
  private readonly stage: ChuckStage;
  private overtravelGap = 50;
  private overtravel = false;
  private steppingMode = 'StepToSeparation';

  constructor(station: ProbeStation, clock: SimulatedClock, dies: readonly DieSite[], waferId: string) {
    super();
    this.station = station;
    this.clock = clock;
    this.waferId = waferId;
    this.stage = new ChuckStage(station, clock, dies, { contact: CONTACT, start: SEPARATION }, this.faults);
  }

  get state(): { z: number; die: { x: number; y: number } | null; touching: boolean } {
    return { z: this.stage.z, die: this.stage.die, touching: this.stage.touching };
  }

  protected async take(line: string): Promise<string | null> {
    const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === '') return null;
    await this.clock.spend(SECONDS.query);
    if (name === '*IDN?') return this.identity;
    // Choosing the command set and giving it back have no reply.
    if (name === '*RCS' || name === '*LOCAL') return null;
    const parameters = rest === '' ? [] : rest.split(',').map((parameter) => parameter.trim());
    try {
      const reply = await this.execute(name.toLowerCase(), parameters);
      return typeof reply === 'string' ? `0,0,${reply}` : `${reply.status},0,${reply.text}`;
    } catch (error) {
      if (!(error instanceof SentioError)) throw error;
      return error.reply;
    }
  }

  private execute(name: string, parameters: readonly string[]): Reply | Promise<Reply> {
    const query = this.queries(name, parameters);
    if (query !== null) return query;
    switch (name) {
      case 'map:step_first_die':
        return this.stepTo(0);
      case 'map:step_next_die':
        return this.stepTo((this.stage.place ?? -1) + 1);
      case 'map:step_previous_die':
        return this.stepTo((this.stage.place ?? 0) - 1);
      case 'map:step_die':
        return this.stepToDie(parameters);
      case 'map:step_die_seq':
        return this.stepTo(integer(parameters[0]));
      case 'move_chuck_contact':
        return this.moveToContact();
      case 'move_chuck_separation':
        return this.raiseTo(SEPARATION);
      case 'move_chuck_hover':
        return this.raiseTo(CONTACT - HOVER_GAP);
      default:
        return this.setting(name, parameters);
    }
  }

  private queries(name: string, parameters: readonly string[]): string | null {
    const { station, faults, stage } = this;
    switch (name) {
      case 'get_chuck_z':
        return this.height(parameters[0] ?? 'Z').toFixed(1);
      case 'get_chuck_site_heights':
        return `${faults.contactSet ? CONTACT : 0},${SEPARATION},${this.overtravelGap},${HOVER_GAP}`;
      case 'get_chuck_site_status':
        return `1,${faults.contactSet ? 1 : 0},${this.overtravel ? 1 : 0},${faults.vacuum ? 1 : 0}`;
      case 'map:die:get_current_index':
        if (stage.die === null) throw new SentioError('bounds');
        return `${stage.place},${stage.die.x},${stage.die.y}`;
      case 'map:get_num_dies':
        return String(stage.dies.length);
      case 'setup:contact_counter:get':
        return String(stage.touchdowns);
      case 'loader:query_wafer_id':
        if (parameters[0] !== 'chuck') throw new SentioError('parameter');
        return this.waferId;
      case 'get_chuck_temp':
        if (!faults.thermalChuck) throw new SentioError('notSupported');
        return station.chuckCelsius.toFixed(1);
      case 'status:get_version':
        return 'Version: 25.2.0';
      case 'status:get_machine_status':
        return `Ready,IsInitialized,${stage.touching ? 'InContact' : 'NotInContact'}`;
      default:
        return null;
    }
  }

  private setting(name: string, parameters: readonly string[]): string {
    switch (name) {
      case 'set_chuck_overtravel_gap':
        this.overtravelGap = bounded(parameters[0], 0, 200);
        return String(this.overtravelGap);
      case 'enable_chuck_overtravel':
        if (!/^(true|false)$/i.test(parameters[0] ?? '')) throw new SentioError('parameter');
        this.overtravel = /^true$/i.test(parameters[0]);
        return 'OK';
      case 'set_stepping_contact_mode':
        if (!['BackToContact', 'StepToSeparation', 'LockContact'].includes(parameters[0])) {
          throw new SentioError('parameter');
        }
        this.steppingMode = parameters[0];
        return 'OK';
      case 'setup:contact_counter:reset':
        this.stage.resetTouchdowns();
        return 'OK';
      case 'select_module':
        if (!/^wafermap$/i.test(parameters[0] ?? '')) throw new SentioError('noModule');
        return 'OK';
      default:
        throw new SentioError('unknown');
    }
  }

  private height(reference: string): number {
    switch (reference.toUpperCase()[0]) {
      case 'Z':
        return this.stage.z;
      case 'C':
        return this.stage.z - CONTACT;
      case 'S':
        return this.stage.z - SEPARATION;
      default:
        throw new SentioError('parameter');
    }
  }

  private stepToDie(parameters: readonly string[]): Promise<Reply> {
    if (parameters.length < 2 || parameters.length > 3) throw new SentioError('count');
    const [x, y] = parameters.map(integer);
    const place = this.stage.placeOf(x, y);
    if (place === -1) throw new SentioError('bounds');
    return this.stepTo(place);
  }

  /** The last die of the route is reached with the end-of-route status; a step beyond it is error 11. */
  private async stepTo(place: number): Promise<Reply> {
    const { stage, steppingMode } = this;
    if (place >= stage.dies.length) throw new SentioError('endOfRoute');
    if (place < 0) throw new SentioError('bounds');
    const touched = stage.touching;
    if (touched && steppingMode === 'LockContact') throw new SentioError('wrongZ');
    if (touched) await this.raiseTo(SEPARATION);
    await stage.goTo(place, SECONDS.step);
    if (touched && steppingMode === 'BackToContact') await this.moveToContact();
    const text = `${stage.position.x},${stage.position.y},0`;
    return { status: place === stage.dies.length - 1 ? END_OF_ROUTE : 0, text };
  }

  private moveToContact(): Promise<string> {
    if (!this.faults.contactSet) throw new SentioError('contactNotSet');
    if (!this.faults.vacuum) throw new SentioError('vacuum');
    return this.raiseTo(CONTACT + (this.overtravel ? this.overtravelGap : 0));
  }

  private async raiseTo(z: number): Promise<string> {
    await this.stage.raiseTo(z, SECONDS.z);
    return z.toFixed(1);
  }
}

type Reply = string | { readonly status: number; readonly text: string };

function integer(text: string | undefined): number {
  if (text === undefined) throw new SentioError('count');
  if (!/^-?\d+$/.test(text)) throw new SentioError('format');
  return Number(text);
}

function bounded(text: string | undefined, low: number, high: number): number {
  const value = text === undefined ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new SentioError('format');
  if (value < low || value > high) throw new SentioError('bounds');
  return value;
}
