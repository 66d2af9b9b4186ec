import { describe } from 'vitest';
import { dialect2400 } from '../../drivers/keithley-2400/dialect-2400.ts';
import { openKeithley2400 } from '../../drivers/keithley-2400.ts';
import { SingleChannelSource } from '../../drivers/scpi-source/single-channel-source.ts';
import { SimulatedKeithley2400 } from '../../drivers/simulated/keithley-2400.ts';
import { CALM } from './open-test-link.ts';
import { singleChannelSuite } from './single-channel-suite.ts';

describe('a Keithley 2400', () => {
  singleChannelSuite({
    create: (parts) => new SimulatedKeithley2400(parts),
    open: (link) => openKeithley2400(link, 'smu', () => {}, CALM),
    interlockBlocksAll: true,
  });
});

describe('a Keithley 2400 on a link without binary data', () => {
  singleChannelSuite({
    create: (parts) => new SimulatedKeithley2400(parts),
    open: (link) => SingleChannelSource.open(link, 'smu', dialect2400(false), () => {}, CALM),
    interlockBlocksAll: true,
  });
});
