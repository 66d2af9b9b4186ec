import type { SmuReading } from '../scpi/smu-front-end.ts';
import { STATUS_2400 } from './model-2400.ts';

export const ELEMENTS = ['VOLTage', 'CURRent', 'RESistance', 'TIME', 'STATus'] as const;
export type Element = (typeof ELEMENTS)[number];

export const NOT_A_NUMBER = 9.91e37;
const OVER_RANGE = 9.9e37;

/** What was measured when a reading was taken, and how. */
export interface ReadingContext {
  readonly measures: ReadonlySet<'VOLTage' | 'CURRent' | 'RESistance'>;
  readonly sourcesVolts: boolean;
  readonly frontTerminals: boolean;
  readonly remoteSense: boolean;
}

export type StoredReading = Readonly<Record<Element, number>>;

/** A reading as the elements of a reply. What is not measured but sourced is the programmed value; the rest has none. */
export function storedReading(reading: SmuReading, context: ReadingContext): StoredReading {
  const { measures, sourcesVolts } = context;
  const volts = measures.has('VOLTage') ? reading.volts : sourcesVolts ? reading.source : NOT_A_NUMBER;
  const amps = measures.has('CURRent') ? reading.amps : sourcesVolts ? NOT_A_NUMBER : reading.source;
  return {
    VOLTage: volts,
    CURRent: amps,
    RESistance: measures.has('RESistance') ? ohms(reading) : NOT_A_NUMBER,
    TIME: reading.seconds,
    STATus: statusWord(reading, context),
  };
}

function ohms({ volts, amps }: SmuReading): number {
  if (volts > 1e37 || amps > 1e37 || amps === 0) return OVER_RANGE;
  return volts / amps;
}

function statusWord(reading: SmuReading, { measures, ...context }: ReadingContext): number {
  const bits: readonly (readonly [boolean, number])[] = [
    [reading.overRange, STATUS_2400.overflow],
    [context.frontTerminals, STATUS_2400.frontTerminals],
    [reading.compliance === 'limit', STATUS_2400.compliance],
    [reading.compliance === 'range', STATUS_2400.rangeCompliance],
    [measures.has('VOLTage'), STATUS_2400.voltsMeasured],
    [measures.has('CURRent'), STATUS_2400.ampsMeasured],
    [measures.has('RESistance'), STATUS_2400.ohmsMeasured],
    [context.sourcesVolts, STATUS_2400.voltsSourced],
    [!context.sourcesVolts, STATUS_2400.ampsSourced],
    [context.remoteSense, STATUS_2400.remoteSense],
  ];
  return bits.reduce((word, [set, bit]) => (set ? word | bit : word), 0);
}
