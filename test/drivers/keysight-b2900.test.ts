import { describe, expect, it } from 'vitest';
import type { HiLoExchange } from '../../drivers/capabilities.ts';
import { openKeysightB2900 } from '../../drivers/keysight-b2900.ts';
import { SimulatedKeysightB2900 } from '../../drivers/simulated/keysight-b2900.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { ResistorStation } from './resistor-station.ts';
import { SAMPLE_PROGRAMME } from './sample-programme.ts';
import { singleChannelSuite } from './single-channel-suite.ts';

describe('a Keysight B2901A', () => {
  singleChannelSuite({
    create: (parts) => new SimulatedKeysightB2900(parts),
    open: (link) => openKeysightB2900(link, 'smu', 1, () => {}, CALM),
    interlockBlocksAll: false,
  });
});

describe('channel 2 of a Keysight B2902A', () => {
  it('sweeps, and leaves channel 1 as it is', async () => {
    const station = new ResistorStation({ ohmsA: 30e3, ohmsB: 18e3, ohmsBetween: 1e12 });
    const clock = new SimulatedClock(station, 'full');
    const secondTerminals = { hi: 'columnB', lo: 'row' } as const;
    const instrument = new SimulatedKeysightB2900({ station, clock, seed: 2, secondTerminals });
    const server = await serveTcp(instrument);
    const link = await openTestLink(server.resource);
    const smu = await openKeysightB2900(link, 'smu', 2, () => {}, CALM);
    const [first] = instrument.channels;
    first.smu.limitAmps = 2e-5;
    first.smu.setLevelVolts(0.25);
    first.setOutput(true);
    try {
      await smu.configure({ sourceRangeVolts: 2, limitAmps: 1e-3 }, CALM);
      await smu.load(SAMPLE_PROGRAMME, CALM);
      await smu.setOutputs(true, CALM);
      const exchange: HiLoExchange = { side: 'A', polarity: 'positive', reverse: async () => {} };
      const request = { token: 1, run: 'auto', access: 'single', rangeOverride: null, exchange } as const;
      const { A } = await smu.start(request, CALM).reading;
      expect([A?.kind, A?.branch]).toEqual(['loop', 2]);
      expect((A?.readings.volts[2] ?? 0) / (A?.readings.amps[2] ?? 1)).toBeCloseTo(18e3, -3);
      await smu.makeSafe(CALM);
      expect(station.sourceSetting('columnB').outputOn).toBe(false);
      expect([first.smu.outputOn, first.smu.levelVolts, first.smu.limitAmps]).toEqual([true, 0.25, 2e-5]);
    } finally {
      await smu.close();
      await server.close();
      clock.close();
    }
  });
});
