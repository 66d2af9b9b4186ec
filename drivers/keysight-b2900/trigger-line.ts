import type { ReadBack } from '../scpi-source/read-back.ts';

/** Commands and what must read back of them. */
export interface TriggerSetUp {
  readonly commands: readonly string[];
  readonly readBacks: readonly ReadBack[];
}

/** Time of a point beside settling and integration: every channel must wait for its next trigger by then. An estimate. */
const POINT_SECONDS = 2e-3;

/** From one step of the columns to the next. */
export function pointInterval(settleSeconds: number, nplc: number, lineHertz: number): number {
  return settleSeconds + nplc / lineHertz + POINT_SECONDS;
}

/**
 * The columns step by their own timer, both by the same start; each step of channel 1 leaves as a pulse on the digital
 * line when it is done, so that the row steps after them.
 */
export function columnsTrigger(line: number): TriggerSetUp {
  const pin = `:SOUR:DIG:EXT${line}`;
  return {
    commands: [
      `${pin}:FUNC TOUT`,
      `${pin}:POL NEG`,
      `${pin}:TOUT:TYPE EDGE`,
      `${pin}:TOUT:POS AFT`,
      ':SOUR1:TOUT ON',
      `:SOUR1:TOUT:SIGN EXT${line}`,
      ':TRIG1:ALL:SOUR TIM',
      ':TRIG2:ALL:SOUR TIM',
    ],
    readBacks: [
      { question: `${pin}:FUNC?`, expected: 'TOUT' },
      { question: ':SOUR1:TOUT?', expected: 1 },
      { question: ':SOUR1:TOUT:SIGN?', expected: `EXT${line}` },
      ...layersRead(1, 'TIM'),
      ...layersRead(2, 'TIM'),
    ],
  };
}

/** The row sources and measures at each pulse, by nothing else. */
export function rowTrigger(line: number, channel: 1 | 2): TriggerSetUp {
  const pin = `:SOUR:DIG:EXT${line}`;
  return {
    commands: [`${pin}:FUNC TINP`, `${pin}:POL NEG`, `:TRIG${channel}:ALL:SOUR EXT${line}`],
    readBacks: [{ question: `${pin}:FUNC?`, expected: 'TINP' }, ...layersRead(channel, `EXT${line}`)],
  };
}

function layersRead(channel: 1 | 2, source: string): ReadBack[] {
  return ['TRAN', 'ACQ'].map((layer) => ({ question: `:TRIG${channel}:${layer}:SOUR?`, expected: source }));
}
