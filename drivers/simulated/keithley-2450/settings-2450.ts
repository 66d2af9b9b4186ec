import type { DataFormat } from '../scpi/data-format.ts';
import type { SmuFrontEnd } from '../scpi/smu-front-end.ts';
import type { ChannelLists } from '../scpi/source-commands.ts';
import { SourceList } from '../scpi/source-list.ts';
import { LIST_LIMITS } from './model-2450.ts';
import type { Buffer2450 } from './reading-buffer-2450.ts';

/** A sweep as the sweep commands build it into the trigger model. */
export interface BuiltSweep {
  readonly levels: readonly number[];
  readonly delaySeconds: number;
  readonly buffer: Buffer2450;
}

/** Everything that *RST sets back, beside the channel's own settings. */
export interface Settings2450 {
  readonly lists: ChannelLists;
  measures: 'VOLTage' | 'CURRent' | 'RESistance';
  measureCount: number;
  readonly readBack: { VOLTage: boolean; CURRent: boolean };
  readonly offState: { VOLTage: OffState; CURRent: OffState };
  readonly format: DataFormat;
  sweep: BuiltSweep | null;
  terminals: 'FRONt' | 'REAR';
}

export const OFF_STATES = ['NORMal', 'ZERO', 'HIMPedance', 'GUARd'] as const;
export type OffState = (typeof OFF_STATES)[number];

export function setOf2450(): Settings2450 {
  return {
    lists: {
      volts: new SourceList({ ...LIST_LIMITS, largest: 210 }, 'V'),
      amps: new SourceList({ ...LIST_LIMITS, largest: 1.05 }, 'A'),
    },
    measures: 'CURRent',
    measureCount: 1,
    readBack: { VOLTage: true, CURRent: true },
    offState: { VOLTage: 'NORMal', CURRent: 'NORMal' },
    format: { type: 'ASCii', order: 'SWAPped' },
    sweep: null,
    terminals: 'FRONt',
  };
}

/** What the commands act upon. */
export interface Instrument2450 {
  readonly smu: SmuFrontEnd;
  readonly settings: Settings2450;
  /** The buffer of that name; -224 when there is none. */
  buffer(name: string): Buffer2450;
  makeBuffer(name: string, points: number): void;
  setOutput(on: boolean): void;
  initiate(): void;
  /** One measurement (or as many as the count says) into the buffer. */
  measureInto(buffer: Buffer2450): Promise<boolean>;
  abort(): void;
}
