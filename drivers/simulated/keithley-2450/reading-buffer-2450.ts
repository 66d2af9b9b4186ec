import { ScpiError } from '../scpi/scpi-error.ts';
import type { SmuReading } from '../scpi/smu-front-end.ts';
import { DEFAULT_BUFFER_POINTS, SOURCE_STATUS_2450 } from './model-2450.ts';

export const BUFFER_ELEMENTS = ['READing', 'SOURce', 'RELative', 'SOURSTATus', 'STATus', 'TSTamp', 'UNIT'] as const;
export type BufferElement = (typeof BUFFER_ELEMENTS)[number];

/** A reading of the selected function with what was sourced. */
export interface BufferedReading {
  readonly value: number;
  readonly source: number;
  readonly seconds: number;
  readonly sourceStatus: number;
}

export interface ReadBack {
  readonly measures: 'VOLTage' | 'CURRent' | 'RESistance';
  readonly sourcesVolts: boolean;
  /** The sourced quantity is measured, not repeated from its setting. */
  readonly readBack: boolean;
  readonly remoteSense: boolean;
}

export function bufferedReading(reading: SmuReading, context: ReadBack): BufferedReading {
  const { volts, amps, source, seconds, compliance } = reading;
  const { measures, sourcesVolts, readBack, remoteSense } = context;
  const ohms = Math.abs(volts) > 1e37 || Math.abs(amps) > 1e37 || amps === 0 ? 9.9e37 : volts / amps;
  const sourceStatus =
    SOURCE_STATUS_2450.outputOn |
    (readBack ? SOURCE_STATUS_2450.readBack : 0) |
    (compliance === 'none' ? 0 : SOURCE_STATUS_2450.limited) |
    (remoteSense ? SOURCE_STATUS_2450.remoteSense : 0);
  return {
    value: { VOLTage: volts, CURRent: amps, RESistance: ohms }[measures],
    source: readBack ? (sourcesVolts ? volts : amps) : source,
    seconds,
    sourceStatus,
  };
}

/** One reading buffer: fills and then stays full, or begins anew where it is continuous. */
export class Buffer2450 {
  readings: BufferedReading[] = [];
  capacity = DEFAULT_BUFFER_POINTS;
  fill: 'CONTinuous' | 'ONCE' = 'CONTinuous';

  store(reading: BufferedReading): void {
    if (this.readings.length >= this.capacity) {
      if (this.fill === 'ONCE') return;
      this.readings.shift();
    }
    this.readings.push(reading);
  }

  /** Readings first…last, from 1. */
  slice(first: number, last: number): readonly BufferedReading[] {
    if (!(first >= 1 && last >= first && last <= this.readings.length)) throw new ScpiError(-222);
    return this.readings.slice(first - 1, last);
  }
}

export function elementValue(reading: BufferedReading, element: BufferElement, startSeconds: number): number {
  switch (element) {
    case 'READing':
      return reading.value;
    case 'SOURce':
      return reading.source;
    case 'RELative':
      return reading.seconds - startSeconds;
    case 'SOURSTATus':
      return reading.sourceStatus;
    case 'STATus':
      return 0;
    default:
      throw new ScpiError(-224);
  }
}
