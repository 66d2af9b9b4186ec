import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedKeithley2450 } from '../../../drivers/simulated/keithley-2450.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { openRaw, type RawClient } from './raw-client.ts';
import { ResistorStation } from './resistor-station.ts';

let station: ResistorStation;
let instrument: SimulatedKeithley2450;
let client: RawClient;
let close: () => Promise<void>;

beforeAll(async () => {
  station = new ResistorStation();
  const clock = new SimulatedClock(station, 'full');
  instrument = new SimulatedKeithley2450({ station, clock, seed: 4 });
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
  expect(await client.ask('SYST:ERR?')).toMatch(/^0,"No error/);
});

const SET_UP = 'SENS:FUNC "CURR"\nSENS:CURR:RANG 1E-4\nSENS:CURR:NPLC 0.1\nSOUR:VOLT:RANG 2\nSOUR:VOLT:ILIM 1E-4\n';

describe('the simulated Keithley 2450', () => {
  it('identifies itself and its command set', async () => {
    expect(await client.ask('*IDN?')).toMatch(/^KEITHLEY INSTRUMENTS,MODEL 2450,/);
    expect(await client.ask('*LANG?')).toBe('SCPI');
  });

  it('sweeps a list into a buffer and gives the elements asked for', async () => {
    client.send(`${SET_UP}SOUR:LIST:VOLT 0,0.2,0.4\nSOUR:LIST:VOLT:APP 0.2,0\n`);
    client.send('SOUR:SWE:VOLT:LIST 1,0.001,1,OFF,"defbuffer1"\nOUTP ON\nINIT\n*WAI\n');
    expect(await client.ask('TRAC:ACT? "defbuffer1"')).toBe('5');
    const values = (await client.ask('TRAC:DATA? 1,5,"defbuffer1",SOUR,READ,SOURSTAT')).split(',').map(Number);
    expect(values[6]).toBeCloseTo(0.4, 3);
    expect(values[6] / values[7]).toBeCloseTo(20_000, -2);
    expect(values[8]).toBe(128 + 8);
  });

  it('answers in 4 or 8 byte floats, little endian after a reset', async () => {
    client.send(
      `${SET_UP}SOUR:SWE:VOLT:LIN 0,0.5,6,0,1,BEST,OFF,ON,"defbuffer1"\nOUTP ON\nINIT\n*WAI\nFORM:DATA REAL\n`,
    );
    client.send('TRAC:DATA? 1,11,"defbuffer1",SOUR\n');
    const block = await client.bytes(2 + 11 * 8 + 1);
    expect(block.subarray(0, 2).toString()).toBe('#0');
    expect([0, 5, 10].map((i) => Number(block.readDoubleLE(2 + 8 * i).toFixed(2)))).toEqual([0, 0.5, 0]);
    client.send('FORM:DATA SRE\nFORM:BORD NORM\nTRAC:DATA? 6,6,"defbuffer1",SOUR\n');
    expect((await client.bytes(2 + 4 + 1)).readFloatBE(2)).toBeCloseTo(0.5, 3);
  });

  it('says in the status of a point that its limit held it', async () => {
    station.ohms.columnA = 100;
    client.send(`${SET_UP}SOUR:VOLT 0.5\nOUTP ON\n`);
    expect(await client.ask('SOUR:VOLT:ILIM:TRIP?')).toBe('1');
    const [amps, status] = (await client.ask('READ? "defbuffer1",READ,SOURSTAT')).split(',').map(Number);
    expect(amps).toBeCloseTo(1e-4, 6);
    expect(status & 32).toBe(32);
  });

  it('sources current within its voltage limit', async () => {
    client.send('SENS:FUNC "VOLT"\nSOUR:FUNC CURR\nSOUR:CURR:VLIM 2\nSOUR:CURR 10U\nOUTP ON\n');
    expect(Number(await client.ask('READ?'))).toBeCloseTo(0.2, 3);
    station.ohms.columnA = 1e7;
    expect(Number(await client.ask('READ?'))).toBeCloseTo(2, 2);
    expect(await client.ask('SOUR:CURR:VLIM:TRIP?')).toBe('1');
  });

  it('computes statistics of a buffer', async () => {
    client.send(`${SET_UP}SENS:COUN 4\nSOUR:VOLT 0.4\nOUTP ON\n`);
    await client.ask('READ?');
    expect(await client.ask('TRAC:ACT?')).toBe('4');
    expect(Number(await client.ask('TRAC:STAT:AVER?'))).toBeCloseTo(2e-5, 7);
  });

  it.each([
    ['SENS:CURR:PROT 1E-4', /^-113,"Undefined header/],
    ['SOUR:VOLT:ILIM 2', /^-222,/],
    ['INIT', /^-221,/],
    ['TRAC:DATA? 1,3,"nobuffer"', /^-224,/],
    ['TRAC:DATA? 1,3', /^-222,/],
    ['READ?;:NOPE', /^-113,/],
  ])('%s queues an error', async (command, entry) => {
    client.send(`${command}\n`);
    const reply = await client.ask('SYST:ERR?');
    expect(command.startsWith('READ') ? await client.line() : reply).toMatch(entry);
  });

  it('keeps small voltages on with an open interlock and refuses large ones', async () => {
    client.send('SOUR:VOLT:RANG 200\nSOUR:VOLT 20\nOUTP ON\n');
    instrument.smu.openInterlock(true);
    expect(await client.ask('OUTP?;:OUTP:INT:TRIP?')).toBe('1;0');
    client.send('OUTP OFF\nSOUR:VOLT 50\nOUTP ON\n');
    expect(await client.ask('OUTP?')).toBe('0');
    expect(await client.ask('SYST:ERR?')).toMatch(/^5074,/);
    instrument.smu.openInterlock(false);
  });
});
