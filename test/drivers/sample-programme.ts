import type { SweepProgramme } from '../../wafer/sweep.ts';

/** A short programme of the shape of the default recipe. */
export const SAMPLE_PROGRAMME: SweepProgramme = {
  preRead: {
    name: 'preRead',
    volts: [0.02, -0.02, 0.05, -0.05],
    nplc: 0.1,
    settleSeconds: 1e-4,
    fixed: { rangeAmps: 1e-4, limitAmps: 1e-4 },
  },
  lowBias: {
    name: 'lowBias',
    volts: [0.025, 0.05, 0, -0.025, -0.05, 0],
    nplc: 0.1,
    settleSeconds: 1e-4,
    fixed: { rangeAmps: 1e-3, limitAmps: 1e-3 },
  },
  loop: [
    { name: 'initialise', volts: [-0.35, -0.6, -0.7, -0.7, 0], nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    { name: 'loopToP', volts: [0, 0.3, 0.6, 0.7, 0.6, 0.3, 0], nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    {
      name: 'readP',
      volts: [0.05, -0.05, 0.05, -0.05],
      nplc: 0.1,
      settleSeconds: 3e-4,
      fixed: { rangeAmps: 1e-5, limitAmps: 1e-5 },
    },
    { name: 'loopToAp', volts: [-0.3, -0.6, -0.7, -0.6, -0.3, 0], nplc: 0.01, settleSeconds: 1e-4, fixed: null },
    {
      name: 'readAP',
      volts: [0.05, -0.05, 0.05, -0.05],
      nplc: 0.1,
      settleSeconds: 3e-4,
      fixed: { rangeAmps: 1e-5, limitAmps: 1e-5 },
    },
  ],
  branches: [
    { belowOhms: 1e3, action: 'lowBiasOnly', range: null },
    { belowOhms: 1.2e4, action: 'loop', range: { rangeAmps: 1e-3, limitAmps: 1e-3 } },
    { belowOhms: 1e6, action: 'loop', range: { rangeAmps: 1e-4, limitAmps: 1e-4 } },
    { belowOhms: Number.POSITIVE_INFINITY, action: 'open', range: null },
  ],
  complianceRepeat: { rangeAmps: 1e-3, limitAmps: 1e-3 },
  junctionCeilingVolts: 0.8,
};
