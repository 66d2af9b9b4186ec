import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedKeysightB2900 } from '../../../drivers/simulated/keysight-b2900.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { openRaw, type RawClient } from './raw-client.ts';
import { ResistorStation } from './resistor-station.ts';

let station: ResistorStation;
let client: RawClient;
let close: () => Promise<void>;

beforeAll(async () => {
  station = new ResistorStation();
  const clock = new SimulatedClock(station, 'full');
  const secondTerminals = { hi: 'columnB', lo: null } as const;
  const instrument = new SimulatedKeysightB2900({ station, clock, seed: 4, secondTerminals });
  const server = await serveTcp(instrument);
  client = await openRaw(server.resource);
  close = async () => {
    await client.close();
    await server.close();
    clock.close();
  };
});

afterAll(() => close());

beforeEach(async () => {
  station.ohms = { columnA: 20_000, columnB: 50_000 };
  client.send('*RST;*CLS\n');
  expect(await client.ask(':SYST:ERR?')).toBe('+0,"No error"');
});

const setUp = (channel: number) =>
  `:SOUR${channel}:VOLT:RANG 2;:SENS${channel}:CURR:PROT 1E-3;RANG 1E-4;NPLC 0.1;:OUTP${channel}:ON:AUTO 0\n`;

describe('the simulated Keysight B2902A', () => {
  it('identifies itself', async () => {
    expect(await client.ask('*IDN?')).toMatch(/^Keysight Technologies,B2902A,/);
  });

  it('sweeps a list and answers with a definite block, big endian after a reset', async () => {
    client.send(`${setUp(1)}:SOUR:VOLT:MODE LIST;:SOUR1:LIST:VOLT 0,0.2,0.4\n:SOUR:LIST:VOLT:APP 0\n`);
    client.send(':TRIG1:ALL:COUN 4;:FORM:ELEM:SENS STAT,CURR,VOLT;:FORM REAL,32;:OUTP1 ON;:INIT (@1)\n');
    expect(await client.ask('*OPC?')).toBe('1');
    client.send(':FETC:ARR? (@1)\n');
    const block = await client.bytes(4 + 4 * 12 + 1);
    expect(block.subarray(0, 4).toString()).toBe('#248');
    const at = (place: number) => block.readFloatBE(4 + 4 * place);
    expect(at(6)).toBeCloseTo(0.4, 3);
    expect(at(6) / at(7)).toBeCloseTo(20_000, -2);
    expect(await client.ask(':SYST:ERR?')).toBe('+0,"No error"');
  });

  it('has two channels that work side by side', async () => {
    client.send(`${setUp(1)}${setUp(2)}:SOUR1:VOLT 0.5;:SOUR2:VOLT 0.25;:OUTP1 ON;:OUTP2 ON\n:FORM:ELEM:SENS CURR\n`);
    const amps = (await client.ask(':READ:ARR? (@1,2)')).split(',').map(Number);
    expect(amps[0]).toBeCloseTo(2.5e-5, 7);
    expect(amps[1]).toBeCloseTo(5e-6, 8);
  });

  it('sweeps stairs up and down', async () => {
    client.send(`${setUp(1)}:SOUR:VOLT:MODE SWE;STAR 0;STOP 0.5;POIN 3;:SOUR:SWE:STA DOUB;:TRIG:COUN 6\n:OUTP ON\n`);
    client.send(':FORM:ELEM:SENS SOUR\n');
    const levels = (await client.ask(':READ:ARR?')).split(',').map(Number);
    expect(levels).toEqual([0, 0.25, 0.5, 0.5, 0.25, 0]);
  });

  it('reports its limit in the status and, with protection on, switches off', async () => {
    station.ohms.columnA = 100;
    client.send(`${setUp(1)}:SENS:CURR:PROT 1E-4;:FORM:ELEM:SENS CURR,STAT;:SOUR:VOLT 0.5;:OUTP ON\n`);
    const [amps, status] = (await client.ask(':READ?')).split(',').map(Number);
    expect(amps).toBeCloseTo(1e-4, 6);
    expect(status & 0b110).not.toBe(0);
    expect(await client.ask(':SENS1:CURR:PROT:TRIP?')).toBe('1');
    client.send(':OUTP:PROT ON;:INIT;*WAI\n');
    expect(await client.ask(':OUTP1?;:SOUR1:VOLT?')).toBe('0;+0.000000E+00');
  });

  it('fills the trace buffer', async () => {
    client.send(
      `${setUp(1)}:TRAC1:CLE;POIN 3;FEED SENS;FEED:CONT NEXT;:TRIG:COUN 3;:SOUR:VOLT 0.2;:OUTP ON;:INIT;*WAI\n`,
    );
    expect(await client.ask(':TRAC1:POIN:ACT?')).toBe('3');
    client.send(':FORM:ELEM:SENS CURR\n');
    expect((await client.ask(':TRAC1:DATA?')).split(',').map(Number)[2]).toBeCloseTo(1e-5, 7);
  });

  it.each([
    [':SOUR:VOLT:ILIM 1E-4', '-113,"Undefined header"'],
    [':SOUR3:VOLT 1', '-114,"Header suffix out of range"'],
    [':FETC:ARR? (@1)', '-230,"Data corrupt or stale"'],
    [':INIT (@3)', '-224,"Illegal parameter value"'],
    [':SENS:CURR:PROT 5', '-222,"Parameter data out of range"'],
  ])('%s queues %s and changes nothing', async (command, entry) => {
    client.send(`${command}\n`);
    expect(await client.ask(':SYST:ERR:ALL?')).toBe(entry);
    expect(Number(await client.ask(':SENS:CURR:PROT?'))).toBe(1e-4);
  });
});
