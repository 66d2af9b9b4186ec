import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openSimulatedBench, type SimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { openRaw, type RawClient } from './raw-client.ts';

let bench: SimulatedBench;
let client: RawClient;

beforeAll(async () => {
  bench = await openSimulatedBench({ seed: 3, geometry: { rows: 4, columns: 8, columnsPerEnableLine: 2 } });
  client = await openRaw(bench.resources.supplies);
});

afterAll(async () => {
  await client.close();
  await bench.close();
});

beforeEach(() => client.send('*RST;*CLS\n'));

test('identifies itself and has an empty error queue', async () => {
  expect(await client.ask('*IDN?')).toMatch(/^Keysight Technologies,E36312A,/);
  expect(await client.ask('SYST:ERR?')).toBe('+0,"No error"');
});

test('sets and reads back each output by its channel list, in short and long form', async () => {
  client.send('VOLT 1.8,(@1)\nCURR 0.01,(@1)\n:SOURCE\nVOLTAGE 0.5,(@2,3);CURRent 0.02,(@2:3)\n');
  expect(await client.ask('VOLT? (@1,2,3)')).toBe('+1.80000000E+00,+5.00000000E-01,+5.00000000E-01');
  expect(await client.ask('curr? (@2)')).toBe('+2.00000000E-02');
  expect(await client.ask('SYST:ERR?')).toBe('-113,"Undefined header"');
  expect(await client.ask('OUTP? (@1:3)')).toBe('0,0,0');
});

test('reaches the world: output 1 is vdd, measured and in constant voltage', async () => {
  client.send('VOLT 1.8,(@1)\nCURR 0.01,(@1)\nOUTP ON,(@1)\n');
  expect(await client.ask('OUTP? (@1)')).toBe('1');
  expect(Number(await client.ask('MEAS:VOLT? (@1)'))).toBeCloseTo(1.8, 2);
  expect(Number(await client.ask('MEAS:CURR? (@1)'))).toBeLessThan(0.01);
  expect(await client.ask('STAT:QUES:INST:ISUM1:COND?')).toBe('2');
  expect(await client.ask('STAT:QUES:INST:ISUM2:COND?')).toBe('0');
  client.send('OUTP OFF,(@1)\n');
  expect(Number(await client.ask('MEAS:VOLT? (@1)'))).toBe(0);
});

test.each([
  ['VOLT 7,(@1)', '-222,"Data out of range"'],
  ['VOLT -1,(@2)', '-222,"Data out of range"'],
  ['VOLT high,(@1)', '-104,"Data type error"'],
  ['VOLT', '-109,"Missing parameter"'],
  ['OUTP ON,(@4)', '-224,"Illegal parameter value"'],
  ['OUTPUTS ON', '-113,"Undefined header"'],
])('%s queues %s and changes nothing', async (command, entry) => {
  client.send(`${command}\n`);
  expect(await client.ask('SYST:ERR?')).toBe(entry);
  expect(await client.ask('VOLT? (@1,2,3)')).toBe('+0.00000000E+00,+0.00000000E+00,+0.00000000E+00');
  expect(await client.ask('OUTP? (@1,2,3)')).toBe('0,0,0');
});
