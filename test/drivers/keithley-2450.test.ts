import { describe } from 'vitest';
import { openKeithley2450 } from '../../drivers/keithley-2450.ts';
import { SimulatedKeithley2450 } from '../../drivers/simulated/keithley-2450.ts';
import { CALM } from './open-test-link.ts';
import { singleChannelSuite } from './single-channel-suite.ts';

describe('a Keithley 2450', () => {
  singleChannelSuite({
    create: (parts) => new SimulatedKeithley2450(parts),
    open: (link) => openKeithley2450(link, 'smu', () => {}, CALM),
    interlockBlocksAll: false,
  });
});
