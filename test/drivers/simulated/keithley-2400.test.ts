import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedKeithley2400 } from '../../../drivers/simulated/keithley-2400.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { openRaw, type RawClient } from './raw-client.ts';
import { ResistorStation } from './resistor-station.ts';

let station: ResistorStation;
let instrument: SimulatedKeithley2400;
let client: RawClient;
let close: () => Promise<void>;

beforeAll(async () => {
  station = new ResistorStation();
  const clock = new SimulatedClock(station, 'full');
  instrument = new SimulatedKeithley2400({ station, clock, seed: 4 });
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
  instrument.smu.openInterlock(false);
  client.send('*RST;*CLS\n');
  expect(await client.ask(':SYST:ERR?')).toBe('0,"No error"');
});

const errorAfter = (command: string) => client.ask(`${command}\n:SYST:ERR?`);
const numbers = async (question: string) => (await client.ask(question)).split(',').map(Number);

describe('SCPI of the simulated Keithley 2400', () => {
  it.each([
    [':SOURCE:VOLTAGE:LEVEL:IMMEDIATE:AMPLITUDE 1.5', 1.5],
    ['sour1:volt 250m', 0.25],
    [':SOUR:VOLT 1e-1V', 0.1],
    [':SOUR:VOLT 100UV', 1e-4],
    [':SOUR:VOLT MIN', -210],
    [':SOUR:VOLT 3;VOLT DEF', 0],
    [':SOUR:VOLT:RANG 20;:SOUR:VOLT .5E1', 5],
  ])('%s sets the level', async (command, volts) => {
    client.send(`${command}\n`);
    expect(Number(await client.ask(':SOUR:VOLT?'))).toBeCloseTo(volts, 9);
    expect(await client.ask(':SYST:ERR?')).toBe('0,"No error"');
  });

  it('goes on from the branch of the header before, unless a colon leads back to the root', async () => {
    client.send(':SOUR:VOLT:STAR 0.1;STOP 0.5;STEP 0.1;MODE SWE;:OUTP:SMOD ZERO\n');
    expect(await client.ask(':SOUR:SWE:POIN?;:OUTP:SMOD?;:SOUR:VOLT:STOP?')).toBe('5;ZERO;+5.000000E-01');
  });

  it.each([
    [':SOUR:VOLTS 1', '-113,"Undefined header"'],
    [':SOUR:VOLT1', '-113,"Undefined header"'],
    [':SOUR2:VOLT 1', '-114,"Header suffix out of range"'],
    [':SOUR:VOLT 250', '-222,"Parameter data out of range"'],
    [':SOUR:VOLT', '-109,"Missing parameter"'],
    [':SOUR:VOLT 1,2', '-108,"Parameter not allowed"'],
    [':SOUR:VOLT 1X', '-131,"Invalid suffix"'],
    [':SOUR:VOLT "1"', '-104,"Data type error"'],
    [':SOUR:FUNC OHMS', '-224,"Illegal parameter value"'],
    [':SENS:FUNC "VOLT', '-151,"Invalid string data"'],
    [':READ?', '+803,"Not permitted with OUTPUT off"'],
    [':FETC?', '-230,"Data corrupt or stale"'],
    [':SENS:CURR:RANG 1', '+824,"Cannot exceed compliance range"'],
    [':SENS:CURR:RANG 1e-4;PROT 1e-8', '+822,"Too small for sense range"'],
    [':SOUR:VOLT:ILIM 1e-4', '-113,"Undefined header"'],
    [':TRIG:COUN 100;:ARM:COUN 26', '-221,"Settings conflict"'],
  ])('%s queues %s', async (command, entry) => {
    expect(await errorAfter(command)).toBe(entry);
    expect(await client.ask(':OUTP?')).toBe('0');
  });

  it('executes nothing after a command error, and the rest after an execution error', async () => {
    await client.ask('*ESR?');
    client.send(':SOUR:VOLT 1;:NOPE;:SOUR:VOLT 2\n:SOUR:DEL 0.5;:SOUR:VOLT 900;:SOUR:DEL 0.25\n');
    expect(await client.ask(':SOUR:VOLT?;:SOUR:DEL?')).toBe('+1.000000E+00;+2.500000E-01');
    expect(await client.ask('*ESR?')).toBe(String(0x20 | 0x10));
  });

  it('reports through status byte and event registers', async () => {
    await client.ask('*ESR?');
    client.send('*ESE 32;*SRE 32\n:NOPE\n');
    expect(await client.ask('*STB?')).toBe(String(0x04 | 0x20 | 0x40));
    expect(await client.ask('*ESE?;*SRE?;*ESR?;*OPC?')).toBe('32;32;32;1');
    expect(await client.ask(':SYST:ERR?')).toBe('-113,"Undefined header"');
    expect(await client.ask('*STB?')).toBe('0');
  });

  it('loses errors beyond ten, and says so', async () => {
    client.send(`${':NOPE\n'.repeat(12)}`);
    for (let i = 0; i < 9; i++) expect(await client.ask(':SYST:ERR?')).toMatch(/^-113/);
    expect(await client.ask(':SYST:ERR?')).toBe('-350,"Queue overflow"');
    expect(await client.ask(':SYST:ERR?')).toBe('0,"No error"');
  });
});

describe('measurements of the simulated Keithley 2400', () => {
  const SET_UP =
    ':SENS:FUNC "VOLT","CURR";:SENS:CURR:PROT 1E-4;:SENS:CURR:RANG 1E-4;NPLC 0.1;:SOUR:VOLT:RANG 2;:SYST:AZER ONCE\n';

  it('reads the elements in their fixed order, whatever order was asked for', async () => {
    client.send(`${SET_UP}:FORM:ELEM STAT,CURR,VOLT;:SOUR:VOLT 0.5;:OUTP ON\n`);
    const [volts, amps, status] = await numbers(':READ?');
    expect(volts).toBeCloseTo(0.5, 3);
    expect(volts / amps).toBeCloseTo(20_000, -2);
    expect(status & 0b1000).toBe(0);
    expect(status & (1 << 11)).not.toBe(0);
  });

  it('gives the programmed value where the voltage is not measured', async () => {
    client.send(':FORM:ELEM VOLT,CURR,STAT;:SOUR:VOLT 0.7;:OUTP ON\n');
    const [volts, , status] = await numbers(':READ?');
    expect(volts).toBe(0.7);
    expect(status & (1 << 11)).toBe(0);
  });

  it('tells the programmed limit from the limit of a fixed range', async () => {
    station.ohms.columnA = 100;
    client.send(`${SET_UP}:FORM:ELEM VOLT,CURR,STAT;:SOUR:VOLT 0.5;:OUTP ON\n`);
    const [volts, amps, status] = await numbers(':READ?');
    expect(amps).toBeCloseTo(1e-4, 6);
    expect(volts).toBeLessThan(0.02);
    expect(status & (1 << 3)).not.toBe(0);
    expect(await client.ask(':SENS:CURR:PROT:TRIP?')).toBe('1');
    client.send(':SENS:CURR:PROT 1E-2\n');
    const [, clipped, range] = await numbers(':READ?');
    expect(clipped).toBeCloseTo(1.05e-4, 6);
    expect([range & (1 << 3), range & (1 << 16)]).toEqual([0, 1 << 16]);
  });

  it('sweeps a list of more than 100 values in one binary reply, in either byte order', async () => {
    const values = Array.from({ length: 150 }, (_, i) => (i % 50) / 100);
    client.send(`${SET_UP}:SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT ${values.slice(0, 100).join(',')}\n`);
    client.send(
      `:SOUR:LIST:VOLT:APP ${values.slice(100).join(',')}\n:TRIG:COUN 150;:FORM:ELEM VOLT,CURR;DATA REAL,32\n`,
    );
    expect(await client.ask(':SOUR:LIST:VOLT:POIN?')).toBe('150');
    client.send(':OUTP ON\n');
    for (const order of ['SWAP', 'NORM']) {
      client.send(`:FORM:BORD ${order};:READ?\n`);
      const block = await client.bytes(2 + 150 * 8 + 1);
      expect([block.subarray(0, 2).toString(), block.at(-1)]).toEqual(['#0', 0x0a]);
      const at = (place: number) =>
        order === 'SWAP' ? block.readFloatLE(2 + 4 * place) : block.readFloatBE(2 + 4 * place);
      values.forEach((value, i) => void expect(at(2 * i)).toBeCloseTo(value, 3));
      expect(at(2 * 49) / at(2 * 49 + 1)).toBeCloseTo(20_000, -2);
    }
    expect(await client.ask(':SYST:ERR?')).toBe('0,"No error"');
  });

  it('takes the first 100 values of a longer command, with an error', async () => {
    expect(await errorAfter(`:SOUR:LIST:VOLT ${Array(101).fill('0.1').join(',')}`)).toBe('-223,"Too much data"');
    expect(await client.ask(':SOUR:LIST:VOLT:POIN?')).toBe('100');
  });

  it('fills the buffer, raises its bit, and computes its statistics', async () => {
    client.send(
      `${SET_UP}:FORM:ELEM VOLT,CURR;:STAT:MEAS:ENAB 512;*SRE 1\n:TRAC:CLE;POIN 5;FEED SENS;FEED:CONT NEXT\n`,
    );
    client.send(':TRIG:COUN 5;:SOUR:VOLT 0.4;:OUTP ON;:INIT\n');
    expect(await client.ask('*STB?')).toBe('65');
    expect(await numbers(':TRAC:DATA?')).toHaveLength(10);
    client.send(':CALC3:FORM MEAN\n');
    const [volts, amps] = await numbers(':CALC3:DATA?');
    expect(volts / amps).toBeCloseTo(20_000, -2);
  });

  it('ranges by itself, which takes time', async () => {
    client.send(
      ':SENS:FUNC "VOLT","CURR";:FORM:ELEM CURR,TIME;:SENS:CURR:PROT 0.01;:SOUR:VOLT 0.5;:OUTP ON;:TRIG:COUN 2\n',
    );
    await client.ask(':READ?');
    const [, , , before] = await numbers(':READ?');
    station.ohms.columnA = 500;
    const [amps, first, , second] = await numbers(':READ?');
    expect(amps).toBeCloseTo(1e-3, 5);
    expect(first - before).toBeGreaterThan(second - first);
    expect(Number(await client.ask(':SENS:CURR:RANG?'))).toBeCloseTo(1.05e-3, 6);
  });

  it('is stopped by an abort that overtakes a sweep waiting for a trigger', async () => {
    client.send(`${SET_UP}:ARM:SOUR BUS;:OUTP ON\n:READ?\n:ABOR;:SOUR:VOLT 0;:OUTP OFF\n`);
    expect(await client.ask(':OUTP?')).toBe('0');
    expect(station.sourceSetting('columnA').outputOn).toBe(false);
  });

  it('measures one point per bus trigger', async () => {
    client.send(`${SET_UP}:FORM:ELEM VOLT;:ARM:SOUR BUS;:SOUR:VOLT 0.2;:OUTP ON;:INIT\n*TRG\n`);
    expect(Number(await client.ask(':FETC?'))).toBeCloseTo(0.2, 3);
  });

  it('goes off when the interlock opens and stays off', async () => {
    client.send(':SOUR:VOLT 0.5;:OUTP ON\n');
    expect(await client.ask(':OUTP?')).toBe('1');
    instrument.smu.openInterlock(true);
    expect(await client.ask(':OUTP?')).toBe('0');
    expect(await errorAfter(':OUTP ON')).toBe('+802,"OUTPUT blocked by output enable"');
  });
});

describe('message exchange', () => {
  /** The first error that comes; the bus is not read meanwhile. */
  const nextError = async (): Promise<string> => {
    for (;;) {
      const entry = await client.ask(':SYST:ERR?');
      if (!entry.startsWith('0')) return entry;
    }
  };

  it('discards a response that nobody read before the next message', async () => {
    const bus = instrument.openExchange();
    bus.write('*IDN?');
    bus.write(':OUTP?');
    expect(await nextError()).toBe('-410,"Query INTERRUPTED"');
    expect((await bus.read())?.toString()).toBe('0\n');
  });

  it('says so when it is read without having been asked', async () => {
    const bus = instrument.openExchange();
    expect(await bus.read()).toBeNull();
    bus.write(':SOUR:VOLT 0');
    expect(await bus.read()).toBeNull();
    expect(await client.ask(':SYST:ERR?')).toBe('-420,"Query UNTERMINATED"');
    expect(await client.ask(':SYST:ERR?')).toBe('-420,"Query UNTERMINATED"');
  });

  it('breaks a deadlock of a full input behind a response that does not fit', async () => {
    const bus = instrument.openExchange();
    client.send(':SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT 0,0.1;:TRIG:COUN 2500;:OUTP ON\n');
    await client.ask('*OPC?');
    bus.write(':READ?');
    for (let i = 0; i < 700; i++) bus.write(`:SOUR:LIST:VOLT ${Array(50).fill('0').join(',')}`);
    bus.write(':OUTP?');
    expect(await nextError()).toBe('-430,"Query DEADLOCKED"');
    expect((await bus.read())?.toString()).toBe('1\n');
  });
});
