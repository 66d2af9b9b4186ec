import { describe } from 'vitest';
import { openKeithley2400 } from '../../drivers/keithley-2400.ts';
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
