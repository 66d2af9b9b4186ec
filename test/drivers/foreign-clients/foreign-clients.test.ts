import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { WireInstrument } from '../../../drivers/simulated/instrument-link.ts';
import { SimulatedKeithley2400 } from '../../../drivers/simulated/keithley-2400.ts';
import { SimulatedKeithley2450 } from '../../../drivers/simulated/keithley-2450.ts';
import { createKeithley2600Pair } from '../../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import { SimulatedKeysightB2900 } from '../../../drivers/simulated/keysight-b2900.ts';
import { SimulatedSentioProber } from '../../../drivers/simulated/sentio-prober.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { SimulatedVeloxProber } from '../../../drivers/simulated/velox-prober.ts';
import { DEFAULT_DIES } from '../../../wafer/die.ts';
import { ResistorStation } from '../simulated/resistor-station.ts';

const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

/** Ohms at the terminals: the truth that the clients must find. */
const OHMS = 20_000;

/** PyMeasure 0.9 of Debian and its PyVISA-py. In CI a missing package is a failure, not a reason to skip. */
const installed = await run(PYTHON, ['-c', 'import pymeasure, pyvisa, pyvisa_py']).then(
  () => true,
  () => false,
);
const missing = !installed && process.env.CI !== 'true';
if (missing) console.warn('skipped: python3-pymeasure, python3-pyvisa, python3-pyvisa-py are not installed');

const closers: (() => Promise<void> | void)[] = [];
const close = async () => {
  for (const closer of closers.splice(0).toReversed()) await closer();
};
afterEach(close);
afterAll(close);

function world() {
  const station = new ResistorStation();
  station.ohms = { columnA: OHMS, columnB: 1e9 };
  const clock = new SimulatedClock(station, 'full');
  closers.push(() => clock.close());
  return { station, clock, seed: 6 };
}

async function served(instrument: WireInstrument): Promise<string> {
  const server = await serveTcp(instrument);
  closers.push(() => server.close());
  return server.resource;
}

/** What a script finds, as it prints it. */
async function findings(script: string, ...resources: string[]): Promise<Record<string, never>> {
  const { stdout } = await run(PYTHON, ['-W', 'ignore', join(import.meta.dirname, script), ...resources], {
    timeout: 90_000,
  });
  return JSON.parse(stdout);
}

/** Pairs of volts and amps that lie on the resistor. */
function expectOnResistor(pairs: readonly number[], planned: readonly number[]): void {
  expect(pairs).toHaveLength(2 * planned.length);
  planned.forEach((volts, i) => {
    expect(pairs[2 * i]).toBeCloseTo(volts, 3);
    expect(pairs[2 * i + 1]).toBeCloseTo(pairs[2 * i] / OHMS, 7);
  });
}

/**
 * Where a client sends what the manual does not have, the simulator answers as the manual says. Nothing else of what
 * the clients send is refused.
 */
const KNOWN_DIFFERENCES = {
  // A common command takes no colon (IEEE 488.2, 7.6.1): reset() ends with ":*CLS".
  reset: /^-102,"Syntax error/,
  // The trigger layer of the 2400 has no bus source, its arm layer has: trigger_on_bus() sets both.
  triggerOnBus: '-224,"Illegal parameter value"',
  // config_buffer() is the 2400's: a 2450 has neither measurement event register nor buffer feed.
  configBuffer: [-113, -113],
};

const LIST = [0, 0.1, 0.2, 0.3, 0.4, 0.3, 0];

describe.skipIf(missing)("other people's clients on the simulated instruments", () => {
  it('PyMeasure measures, sweeps, buffers and reads errors with its Keithley 2400', async () => {
    const { station, clock, seed } = world();
    const found = await findings(
      'pymeasure_2400.py',
      await served(new SimulatedKeithley2400({ station, clock, seed })),
    );
    expect(found.id).toMatch(/^KEITHLEY INSTRUMENTS INC\.,MODEL 2400,/);
    expect(found).toMatchObject({ sourceVolts: 0.5, complianceAmps: 1e-4, enabled: true });
    expect(found.amps).toBeCloseTo(0.5 / OHMS, 7);
    expect(found.bufferAmps).toHaveLength(20);
    for (const amps of found.bufferAmps as number[]) expect(amps).toBeCloseTo(0.5 / OHMS, 7);
    expect(found.meanAmps).toBeCloseTo(0.5 / OHMS, 7);
    // The class selects the current alone: these volts are the programmed ones.
    expectOnResistor(found.sweep, LIST);
    expect(found.errorsOfReset).toEqual([expect.stringMatching(KNOWN_DIFFERENCES.reset)]);
    expect(found.errorsOfTriggerOnBus).toEqual([KNOWN_DIFFERENCES.triggerOnBus]);
    expect(found.volts).toBeCloseTo(1e-5 * OHMS, 3);
    expect(found.refused).toEqual([-222, 'Parameter data out of range']);
    expect(found).toMatchObject({
      enabledAfterShutdown: false,
      errorsOfSetUp: [],
      errorsOfBuffer: [],
      errorsOfCurrent: [],
    });
    expect(Math.abs(found.sourceAmpsAfterShutdown)).toBeLessThan(1e-12);
    expect(station.sourceSetting('columnA').outputOn).toBe(false);
  });

  it('PyMeasure measures, sweeps, buffers and reads errors with its Keithley 2450', async () => {
    const { station, clock, seed } = world();
    const found = await findings(
      'pymeasure_2450.py',
      await served(new SimulatedKeithley2450({ station, clock, seed })),
    );
    expect(found.id).toMatch(/^KEITHLEY INSTRUMENTS,MODEL 2450,/);
    expect(found).toMatchObject({ sourceVolts: 0.5, complianceAmps: 1e-4, enabled: true, buffered: 20 });
    for (const amps of [found.amps, found.lastAmps, found.meanAmps]) expect(amps).toBeCloseTo(0.5 / OHMS, 7);
    expectOnResistor(found.sweep, LIST);
    expect(found.volts).toBeCloseTo(1e-5 * OHMS, 3);
    expect((found.refused as [number, string])[0]).toBe(-113);
    expect(found.errorsOfReset).toEqual([expect.stringMatching(KNOWN_DIFFERENCES.reset)]);
    expect(found.codesOfConfigBuffer).toEqual(KNOWN_DIFFERENCES.configBuffer);
    expect(found).toMatchObject({ enabledAfterShutdown: false, errorsOfSetUp: [], errorsOfCurrent: [] });
    expect(station.sourceSetting('columnA').outputOn).toBe(false);
  });

  it('PyVISA drives B2900, 2600 and both probers by their raw commands', async () => {
    const { station, clock, seed } = world();
    const dies = DEFAULT_DIES;
    const tsp = await createKeithley2600Pair({ station, clock, seed });
    closers.push(() => tsp.runtime.close());
    const found = await findings(
      'pyvisa_raw.py',
      await served(new SimulatedKeysightB2900({ station, clock, seed })),
      await served(tsp),
      await served(new SimulatedVeloxProber(station, clock, dies, 'W1')),
      await served(new SimulatedSentioProber(station, clock, dies, 'W1')),
    );
    expect(found['b2900.id']).toMatch(/^Keysight Technologies,B2901A,/);
    for (const form of ['normal', 'swapped', 'ascii']) expectOnResistor(found[`b2900.${form}`], [0, 0.1, 0.2, 0.3, 0]);
    expect(found['b2900.errors']).toBe('-113,"Undefined header",-222,"Parameter data out of range"');
    expect(found).toMatchObject({ 'b2900.done': '1', 'b2900.output': '0' });
    expect(found['2600.id']).toMatch(/^Keithley Instruments Inc\., Model 2602B,/);
    expectOnResistor(found['2600.sweep'], [0, 0.1, 0.2, 0.3, 0]);
    expect(Number((found['2600.error'] as string).split('\t')[0])).toBe(1102);
    const { x, y } = dies[0];
    expect(found).toMatchObject({
      'velox.first': `0: ${x} ${y} 0 0`,
      'velox.contact': '0:',
      'velox.separation': '0:',
      'sentio.first': `0,0,${x},${y},0`,
      'sentio.contact': '0,0,10000.0',
      'sentio.separation': '0,0,9700.0',
      'sentio.nonsense': '4,0,Invalid command.',
    });
    expect(found['velox.nonsense']).toMatch(/^[1-9]\d*: /);
  });
});
