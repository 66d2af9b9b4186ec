/** Bits of the standard event status register (IEEE 488.2, 11.5.1). */
export const STANDARD_EVENT = {
  operationComplete: 0x01,
  queryError: 0x04,
  deviceError: 0x08,
  executionError: 0x10,
  commandError: 0x20,
  powerOn: 0x80,
} as const;

/** Which bit of the standard event register an error code sets (SCPI-1999 volume 2, 21.8). */
export function eventOf(code: number): number {
  if (code <= -400 && code > -500) return STANDARD_EVENT.queryError;
  if (code <= -200 && code > -300) return STANDARD_EVENT.executionError;
  if (code <= -100 && code > -200) return STANDARD_EVENT.commandError;
  return STANDARD_EVENT.deviceError;
}

/** One SCPI register set: a condition that follows the instrument, events latched on its rising bits, an enable mask. */
export class RegisterSet {
  private present = 0;
  private latched = 0;
  enable = 0;

  get condition(): number {
    return this.present;
  }

  get summary(): boolean {
    return (this.latched & this.enable) !== 0;
  }

  set(bit: number, on: boolean): void {
    const before = this.present;
    this.present = on ? before | bit : before & ~bit;
    this.latched |= this.present & ~before;
  }

  /** Latches an event that has no lasting condition. */
  pulse(bit: number): void {
    this.latched |= bit;
  }

  takeEvent(): number {
    const event = this.latched;
    this.latched = 0;
    return event;
  }

  clearEvent(): void {
    this.latched = 0;
  }
}

/** Bits of the status byte that every SCPI instrument shares. */
export const STATUS_BYTE = {
  measurement: 0x01,
  errorAvailable: 0x04,
  questionable: 0x08,
  messageAvailable: 0x10,
  standardEvent: 0x20,
  requestService: 0x40,
  operation: 0x80,
} as const;

/** Status byte, standard event register and the SCPI register sets of one instrument. */
export class StatusRegisters {
  readonly operation = new RegisterSet();
  readonly questionable = new RegisterSet();
  /** Keithley's measurement event register; others leave it at 0. */
  readonly measurement = new RegisterSet();
  standardEnable = 0;
  serviceEnable = 0;
  private standard: number = STANDARD_EVENT.powerOn;

  raise(bit: number): void {
    this.standard |= bit;
  }

  takeStandardEvent(): number {
    const event = this.standard;
    this.standard = 0;
    return event;
  }

  /** *CLS: events, not conditions, masks or settings. */
  clear(): void {
    this.standard = 0;
    for (const set of this.sets()) set.clearEvent();
  }

  /** STATus:PRESet: the SCPI masks to 0; *ESE and *SRE stay. */
  preset(): void {
    for (const set of this.sets()) set.enable = 0;
  }

  statusByte(errorAvailable: boolean, messageAvailable: boolean): number {
    const summary =
      (this.measurement.summary ? STATUS_BYTE.measurement : 0) |
      (errorAvailable ? STATUS_BYTE.errorAvailable : 0) |
      (this.questionable.summary ? STATUS_BYTE.questionable : 0) |
      (messageAvailable ? STATUS_BYTE.messageAvailable : 0) |
      ((this.standard & this.standardEnable) !== 0 ? STATUS_BYTE.standardEvent : 0) |
      (this.operation.summary ? STATUS_BYTE.operation : 0);
    return summary | ((summary & this.serviceEnable) !== 0 ? STATUS_BYTE.requestService : 0);
  }

  private sets(): readonly RegisterSet[] {
    return [this.operation, this.questionable, this.measurement];
  }
}
