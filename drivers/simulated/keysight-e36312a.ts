import type { SupplyName } from '../../wafer/pad-map.ts';
import { LineInstrument } from './line-instrument.ts';
import type { ProbeStation } from './probe-station.ts';
import type { SimulatedClock } from './simulated-clock.ts';

interface Output {
  readonly name: SupplyName;
  readonly maxVolts: number;
  readonly maxAmps: number;
  on: boolean;
  volts: number;
  amps: number;
}

/** Time to execute a command; a measurement takes longer. Estimates. */
const COMMAND_SECONDS = 5e-4;
const MEASURE_SECONDS = 2e-2;
/** Programming up or down settles within this time. */
const SETTLE_SECONDS = 1e-2;

const ERROR_QUEUE_LENGTH = 20;

class ScpiError extends Error {
  readonly entry: string;
  constructor(entry: string) {
    super(entry);
    this.entry = entry;
  }
}
const UNDEFINED_HEADER = '-113,"Undefined header"';
const MISSING_PARAMETER = '-109,"Missing parameter"';
const DATA_TYPE = '-104,"Data type error"';
const OUT_OF_RANGE = '-222,"Data out of range"';
const INVALID_CHANNEL = '-224,"Illegal parameter value"';
const QUEUE_OVERFLOW = '-350,"Error queue overflow"';

/** SCPI keywords in long form, the short form in capitals. */
const HEADERS = {
  volt: 'VOLTage',
  curr: 'CURRent',
  outp: 'OUTPut',
  measVolt: 'MEASure:VOLTage',
  measCurr: 'MEASure:CURRent',
  error: 'SYSTem:ERRor',
  select: 'INSTrument:NSELect',
} as const;

/**
 * Three-output supply after Keysight's E36312A: output 1 is vdd, 2 vss, 3 substrate. Modelled on the family's SCPI
 * commands as far as a bench of this kind uses them; an output that limits lowers its voltage.
 */
export class SimulatedKeysightE36312a extends LineInstrument {
  identity = 'Keysight Technologies,E36312A,MY00000003,2.1.0-1.0.4-1.12';
  private readonly station: ProbeStation;
  private readonly clock: SimulatedClock;
  private readonly errors: string[] = [];
  private selected = 1;
  private readonly outputs: readonly Output[] = [
    { name: 'vdd', maxVolts: 6.18, maxAmps: 5.15, on: false, volts: 0, amps: 5 },
    { name: 'vss', maxVolts: 25.75, maxAmps: 1.03, on: false, volts: 0, amps: 1 },
    { name: 'substrate', maxVolts: 25.75, maxAmps: 1.03, on: false, volts: 0, amps: 1 },
  ];

  constructor(station: ProbeStation, clock: SimulatedClock) {
    super();
    this.station = station;
    this.clock = clock;
  }

  get state(): Readonly<Record<SupplyName, { on: boolean; volts: number; limitAmps: number }>> {
    const [vdd, vss, substrate] = this.outputs.map(({ on, volts, amps }) => ({ on, volts, limitAmps: amps }));
    return { vdd, vss, substrate };
  }

  queueError(entry: string): void {
    if (this.errors.length < ERROR_QUEUE_LENGTH) this.errors.push(entry);
    else this.errors[ERROR_QUEUE_LENGTH - 1] = QUEUE_OVERFLOW;
  }

  protected async take(line: string): Promise<string | null> {
    const replies: string[] = [];
    for (const unit of line.split(';')) {
      const command = unit.trim().replace(/^:/, '');
      if (command === '') continue;
      await this.clock.spend(COMMAND_SECONDS);
      try {
        const reply = await this.execute(command);
        if (reply !== null) replies.push(reply);
      } catch (error) {
        if (!(error instanceof ScpiError)) throw error;
        this.queueError(error.entry);
      }
    }
    return replies.length > 0 ? replies.join(';') : null;
  }

  private async execute(command: string): Promise<string | null> {
    const [, header, query, rest] = /^([*A-Za-z0-9:]+)(\??)\s*(.*)$/.exec(command) ?? [];
    if (header === undefined) throw new ScpiError(UNDEFINED_HEADER);
    if (header.startsWith('*')) return this.common(`${header.toUpperCase()}${query}`);
    const condition = /^STAT(?:US)?:QUES(?:TIONABLE)?:INST(?:RUMENT)?:ISUM(?:MARY)?([123]):COND(?:ITION)?$/i.exec(
      header,
    );
    if (condition !== null && query === '?') return String(this.mode(this.outputs[Number(condition[1]) - 1]));
    const name = (Object.keys(HEADERS) as (keyof typeof HEADERS)[]).find((key) => matches(HEADERS[key], header));
    if (name === undefined) throw new ScpiError(UNDEFINED_HEADER);
    return query === '?' ? this.query(name, rest) : this.set(name, rest);
  }

  private common(command: string): string | null {
    switch (command) {
      case '*IDN?':
        return this.identity;
      case '*RST':
        this.reset();
        return null;
      case '*CLS':
        this.errors.length = 0;
        return null;
      case '*OPC?':
        return '1';
      case '*TST?':
      case '*ESR?':
        return '0';
      case '*STB?':
        return this.errors.length > 0 ? '4' : '0';
      case '*OPC':
      case '*WAI':
        return null;
      default:
        throw new ScpiError(UNDEFINED_HEADER);
    }
  }

  private reset(): void {
    for (const output of this.outputs) {
      output.on = false;
      output.volts = 0;
      output.amps = output.maxAmps / 1.03;
      this.apply(output);
    }
  }

  private async query(name: keyof typeof HEADERS, rest: string): Promise<string> {
    if (name === 'error') return this.errors.shift() ?? '+0,"No error"';
    if (name === 'select') return String(this.selected);
    const outputs = this.channels(rest);
    if (name === 'measVolt' || name === 'measCurr') await this.clock.spend(MEASURE_SECONDS);
    return outputs.map((output) => this.value(name, output)).join(',');
  }

  private value(name: keyof typeof HEADERS, output: Output): string {
    switch (name) {
      case 'volt':
        return scientific(output.volts);
      case 'curr':
        return scientific(output.amps);
      case 'outp':
        return output.on ? '1' : '0';
      default: {
        this.clock.touch();
        const terminal = this.station.senseSupply(output.name);
        const [value, step] = name === 'measVolt' ? [terminal.volts, 1e-4] : [terminal.amps, 1e-6];
        return scientific(Math.round((output.on ? value : 0) / step) * step);
      }
    }
  }

  private async set(name: keyof typeof HEADERS, rest: string): Promise<null> {
    if (rest === '') throw new ScpiError(MISSING_PARAMETER);
    const value = rest.split(',')[0].trim();
    if (name === 'select') {
      this.selected = this.channelNumber(value);
      return null;
    }
    const outputs = this.channels(rest.slice(rest.indexOf(',') === -1 ? rest.length : rest.indexOf(',') + 1));
    switch (name) {
      case 'volt':
        for (const output of outputs) output.volts = bounded(value, output.maxVolts);
        break;
      case 'curr':
        for (const output of outputs) output.amps = bounded(value, output.maxAmps);
        break;
      case 'outp':
        for (const output of outputs) output.on = onOff(value);
        break;
      default:
        throw new ScpiError(UNDEFINED_HEADER);
    }
    for (const output of outputs) this.apply(output);
    await this.clock.spend(SETTLE_SECONDS);
    return null;
  }

  private apply({ name, on, volts, amps }: Output): void {
    this.clock.touch();
    this.station.setSupply(name, on, volts, amps);
  }

  /** 0 off, 1 constant current, 2 constant voltage. */
  private mode(output: Output): number {
    if (!output.on) return 0;
    this.clock.touch();
    return this.station.senseSupply(output.name).inCompliance ? 1 : 2;
  }

  /** `(@1)`, `(@1,3)`, `(@1:3)`; without a list the selected output. */
  private channels(text: string): Output[] {
    if (text.trim() === '') return [this.outputs[this.selected - 1]];
    const match = /^\(@([\d,:\s]+)\)$/.exec(text.trim());
    if (match === null) throw new ScpiError(DATA_TYPE);
    return match[1].split(',').flatMap((part) => {
      const [first, last = first] = part.split(':').map((number) => this.channelNumber(number.trim()));
      return this.outputs.slice(first - 1, last);
    });
  }

  private channelNumber(text: string): number {
    if (!/^[123]$/.test(text)) throw new ScpiError(INVALID_CHANNEL);
    return Number(text);
  }
}

/** Each keyword in its short or its long form. */
function matches(long: string, header: string): boolean {
  const given = header.toUpperCase().split(':');
  const wanted = long.split(':');
  if (given.length !== wanted.length) return false;
  return wanted.every((word, i) => given[i] === word.toUpperCase() || given[i] === word.replace(/[a-z]/g, ''));
}

function bounded(text: string, most: number): number {
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new ScpiError(DATA_TYPE);
  if (value < 0 || value > most) throw new ScpiError(OUT_OF_RANGE);
  return value;
}

function onOff(text: string): boolean {
  if (/^(ON|1)$/i.test(text)) return true;
  if (/^(OFF|0)$/i.test(text)) return false;
  throw new ScpiError(DATA_TYPE);
}

/** "+1.80000000E+00". */
function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(8).split('e');
  const size = exponent.slice(1).padStart(2, '0');
  return `${value < 0 ? '' : '+'}${mantissa}E${exponent[0]}${size}`;
}
