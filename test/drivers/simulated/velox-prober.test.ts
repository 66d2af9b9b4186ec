import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSimulatedBench, type SimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { DEFAULT_DIES } from '../../../wafer/die.ts';
import { openRaw, type RawClient } from './raw-client.ts';

let bench: SimulatedBench;
let client: RawClient;

beforeEach(async () => {
  const geometry = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;
  bench = await openSimulatedBench({ seed: 3, geometry, dies: DEFAULT_DIES.slice(0, 3), waferId: 'LOT 7/W3' });
  client = await openRaw(bench.resources.prober);
});

afterEach(async () => {
  await client.close();
  await bench.close();
});

const height = async () => (await client.ask('ReadChuckStatus')).split(' ')[7];

test('answers in the text framing', async () => {
  expect(await client.ask('EchoData hello')).toBe('0: hello');
  expect(await client.ask('*IDN?')).toMatch(/^FormFactor,Velox/);
  expect(await client.ask('IsAppRegistered WaferMap')).toBe('0: 1');
  expect(await client.ask('GetNumSelectedDies')).toBe('0: 3');
  expect(await client.ask('GetSelectedDieCoords 2')).toBe('0: 1 0');
  expect(await client.ask('GetWaferID')).toBe('0: "LOT 7/W3"');
  expect(await client.ask('GetHeaterTemp C')).toBe('0: 25.0 C');
  expect(await client.ask('MakeCoffee')).toMatch(/^[1-9]\d*: /);
});

test('walks the map and ends with 703', async () => {
  expect(await client.ask('StepFirstDie')).toBe('0: 0 0 0 0');
  expect(await client.ask('StepNextDie')).toBe('0: 1 0 0 0');
  expect(await client.ask('StepNextDie')).toBe('0: 2 0 0 0');
  expect(await client.ask('StepNextDie')).toBe('703: End of wafer.');
  expect(await client.ask('StepNextDie 0 0 0')).toBe('0: 0 0 0 0');
  expect((await client.ask('ReadMapPosition2')).split(' ').slice(0, 3)).toEqual(['0:', '0', '0']);
  expect(await client.ask('StepNextDie 5 5 0')).toMatch(/^20: /);
});

test('a motion takes simulated time and is answered when it has ended', async () => {
  const before = bench.clock.now;
  await client.ask('StepNextDie 1 0 0');
  expect(bench.clock.now - before).toBeGreaterThanOrEqual(0.3);
  expect(bench.station.dieUnderNeedles).toEqual({ x: 1, y: 0 });
});

test('contact, overtravel and separation are reported and counted', async () => {
  await client.ask('StepFirstDie');
  expect(await height()).toBe('S');
  expect(await client.ask('MoveChuckContact')).toBe('0:');
  expect(await height()).toBe('C');
  expect(await client.ask('MoveChuckZ 50 R Y 25')).toBe('0:');
  expect(await height()).toBe('O');
  expect(bench.station.height).toBe('contact');
  expect(await client.ask('MoveChuckZ 80 R Y 25')).toMatch(/^12: /);
  expect(await client.ask('ReadContactCount C')).toBe('0: 1');
  expect(await client.ask('MoveChuckSeparation')).toBe('0:');
  expect(await height()).toBe('S');
  expect(bench.station.height).toBe('separation');
});

test('in contact a step is refused, or with AutoZ goes over separation', async () => {
  await client.ask('StepFirstDie');
  await client.ask('MoveChuckContact');
  expect(await client.ask('StepNextDie 1 0 0')).toMatch(/^10: /);
  expect(bench.station.dieUnderNeedles).toEqual({ x: 0, y: 0 });
  await client.ask('SetChuckMode 2 1 2 2 2 2');
  expect(await client.ask('StepNextDie 1 0 0')).toBe('0: 1 0 0 0');
  expect(await height()).toBe('C');
  expect(bench.ledger.violations).toEqual([]);
});

test('without interlock and AutoZ the chuck drags the needles, and the ledger says so', async () => {
  await client.ask('StepFirstDie');
  await client.ask('MoveChuckContact');
  await client.ask('SetChuckMode 2 0 0 2 2 2');
  expect(await client.ask('StepNextDie 1 0 0')).toBe('0: 1 0 0 0');
  expect(bench.ledger.violations.map(({ kind }) => kind)).toEqual(['motionInContact']);
});

test('without a taught contact height nothing touches', async () => {
  bench.prober.faults.contactSet = false;
  expect(await client.ask('MoveChuckContact')).toMatch(/^11: /);
  expect(bench.station.height).toBe('separation');
});
