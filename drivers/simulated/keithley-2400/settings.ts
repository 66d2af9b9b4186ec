import type { DataFormat } from '../scpi/data-format.ts';
import type { ChannelLists } from '../scpi/source-commands.ts';
import { SourceList } from '../scpi/source-list.ts';
import { MOST_POINTS } from './model-2400.ts';
import { ELEMENTS, type Element } from './stored-reading.ts';

export type SourceMode = 'FIXed' | 'SWEep' | 'LIST';

/** Everything that *RST sets back, beside the channel's own settings. */
export interface Settings2400 {
  mode: SourceMode;
  readonly sweep: {
    startVolts: number;
    stopVolts: number;
    stepVolts: number;
    startAmps: number;
    stopAmps: number;
    stepAmps: number;
  };
  spacing: 'LINear' | 'LOGarithmic';
  direction: 'UP' | 'DOWN';
  ranging: 'BEST' | 'AUTO' | 'FIXed';
  sweepPoints: number;
  readonly lists: ChannelLists;
  autoClear: boolean;
  sourceDelayAuto: boolean;
  concurrent: boolean;
  measures: Set<'VOLTage' | 'CURRent' | 'RESistance'>;
  ohmsMode: 'MANual' | 'AUTO';
  terminals: 'FRONt' | 'REAR';
  offState: 'HIMPedance' | 'NORMal' | 'ZERO' | 'GUARd';
  outputEnable: boolean;
  displayOn: boolean;
  armCount: number;
  armSource: 'IMMediate' | 'TIMer' | 'BUS';
  armTimerSeconds: number;
  triggerCount: number;
  triggerDelaySeconds: number;
  readonly format: DataFormat;
  elements: ReadonlySet<Element>;
  tracePoints: number;
  traceFills: boolean;
  statistic: 'MEAN' | 'SDEViation' | 'MAXimum' | 'MINimum' | 'PKPK';
}

export function setOf2400(): Settings2400 {
  const limits = { perCommand: 100, total: MOST_POINTS };
  return {
    mode: 'FIXed',
    sweep: { startVolts: 0, stopVolts: 0, stepVolts: 0, startAmps: 0, stopAmps: 0, stepAmps: 0 },
    spacing: 'LINear',
    direction: 'UP',
    ranging: 'BEST',
    sweepPoints: MOST_POINTS,
    lists: {
      volts: new SourceList({ ...limits, largest: 210 }, 'V'),
      amps: new SourceList({ ...limits, largest: 1.05 }, 'A'),
    },
    autoClear: false,
    sourceDelayAuto: true,
    concurrent: true,
    measures: new Set(['CURRent']),
    ohmsMode: 'AUTO',
    terminals: 'FRONt',
    offState: 'NORMal',
    outputEnable: false,
    displayOn: true,
    armCount: 1,
    armSource: 'IMMediate',
    armTimerSeconds: 0.1,
    triggerCount: 1,
    triggerDelaySeconds: 0,
    format: { type: 'ASCii', order: 'NORMal' },
    elements: new Set(ELEMENTS),
    tracePoints: 100,
    traceFills: false,
    statistic: 'MEAN',
  };
}
