import { describe } from 'vitest';
import { openKeysightB2900 } from '../../drivers/keysight-b2900.ts';
import { SimulatedKeysightB2900 } from '../../drivers/simulated/keysight-b2900.ts';
import { CALM } from './open-test-link.ts';
import { singleChannelSuite } from './single-channel-suite.ts';

describe('a Keysight B2901A', () => {
  singleChannelSuite({
    create: (parts) => new SimulatedKeysightB2900(parts),
    open: (link) => openKeysightB2900(link, 'smu', 1, () => {}, CALM),
    interlockBlocksAll: false,
  });
});
