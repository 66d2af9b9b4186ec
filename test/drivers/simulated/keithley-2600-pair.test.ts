import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeithley2600Pair } from '../../../drivers/simulated/keithley-2600/keithley-2600-pair.ts';
import type { TspInstrument } from '../../../drivers/simulated/keithley-2600/tsp-instrument.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { openRaw, type RawClient } from './raw-client.ts';
import { ResistorStation } from './resistor-station.ts';

let station: ResistorStation;
let clock: SimulatedClock;
let instrument: TspInstrument;
let wire: Awaited<ReturnType<typeof serveTcp>>;
let client: RawClient;

beforeEach(async () => {
  station = new ResistorStation();
  clock = new SimulatedClock(station, 'full');
  instrument = await createKeithley2600Pair({ station, clock, seed: 7 });
  wire = await serveTcp(instrument);
  client = await openRaw(wire.resource);
});

afterEach(async () => {
  await client.close();
  await wire.close();
  clock.close();
  instrument.runtime.close();
});

const nextError = async () => (await client.ask('print(errorqueue.next())')).split('\t');

describe('the language', () => {
  test('prints as the instrument does', async () => {
    expect(await client.ask('*IDN?')).toMatch(/^Keithley Instruments Inc\., Model 2602B, \d+, [\d.]+$/);
    expect(await client.ask('print(1e-4, 5, true, nil, "text")')).toBe('1.00000e-04\t5.00000e+00\ttrue\tnil\ttext');
    expect(await client.ask('format.asciiprecision = 10 print(1/3)')).toBe('3.333333333e-01');
    expect(await client.ask('print("n=" .. 5 .. " " .. tostring(1.0))')).toBe('n=5 1');
  });

  test.each([
    ['table.getn({4, 5, 6})', '3.00000e+00'],
    ['math.mod(7, 4)', '3.00000e+00'],
    ['math.log10(1000)', '3.00000e+00'],
    ['unpack({1, 2})', '1.00000e+00\t2.00000e+00'],
    ['string.format("%d %.3e", 3, 1e-5)', '3 1.000e-05'],
    ['string.format("%d", 2.0 / 1)', '2'],
    ['os == nil and io == nil and coroutine == nil and require == nil', 'true'],
  ])('%s gives %s, as in Lua 5.0', async (expression, printed) => {
    expect(await client.ask(`print(${expression})`)).toBe(printed);
  });

  test.each(['print(#{1})', 'x = 5 % 3', 'goto done', 'x = 7 // 2', 'x = = 1'])(
    'refuses %s as a syntax error and executes nothing',
    async (chunk) => {
      client.send(`y = 1 ${chunk}\n`);
      expect((await nextError()).slice(0, 1)).toEqual(['-2.85000e+02']);
      expect(await client.ask('print(y)')).toBe('nil');
    },
  );

  test('a run-time error ends the chunk with -286 and its line', async () => {
    client.send('loadscript broken\nlocal a\nprint("before")\na.b = 1\nprint("after")\nendscript\nbroken()\n');
    expect(await client.line()).toBe('before');
    const [code, text, severity, node] = await nextError();
    expect([code, severity, node]).toEqual(['-2.86000e+02', '2.00000e+01', '1.00000e+00']);
    expect(text).toMatch(/^TSP Runtime error at line 3: /);
    expect(client.leftOver()).toBe('');
  });

  test('an endless loop can be aborted, and the next command is served', async () => {
    client.send('while true do end\nabort\n');
    expect(await client.ask('print("alive")')).toBe('alive');
  });

  test('delay spends simulated time', async () => {
    const before = clock.now;
    expect(await client.ask('delay(12.5) print("done")')).toBe('done');
    expect(clock.now - before).toBeGreaterThanOrEqual(12.5);
  });

  test('commands cut into single bytes, or many in one segment, are the same', async () => {
    for (const character of 'print("one")\n') client.send(character);
    client.send('print("two")\r\nprint("three")\n');
    expect([await client.line(), await client.line(), await client.line()]).toEqual(['one', 'two', 'three']);
  });
});

describe('settings and errors', () => {
  test.each([
    ['smua.source.limiti = 0', '1.10200e+03'],
    ['smua.source.limiti = 4', '1.10100e+03'],
    ['smua.measure.nplc = 26', '1.10100e+03'],
    ['smua.source.rangev = 100', '1.10100e+03'],
    ['smua.source.rangev = 1 smua.source.levelv = 2', '5.00500e+03'],
    ['smua.source.levelv = "high"', '-1.04000e+02'],
    ['smua.source.output = 7', '-2.24000e+02'],
    ['format.asciiprecision = 99', '1.40500e+03'],
    ['digio.writebit(15, 1)', '1.80100e+03'],
    ['smua.trigger.source.action = smua.ENABLE smua.trigger.initiate()', '5.05900e+03'],
    ['printbuffer(1, 5, smua.nvbuffer1)', '5.03800e+03'],
    ['smua.measure.i(smua.nvbuffer1) smua.nvbuffer1.collecttimestamps = 0', '5.03200e+03'],
    ['*FOO', '-1.13000e+02'],
  ])('%s queues %s', async (chunk, code) => {
    client.send(`${chunk}\n`);
    expect((await nextError())[0]).toBe(code);
    expect((await nextError()).slice(0, 2)).toEqual(['0.00000e+00', 'Queue Is Empty']);
  });

  test('a refused value leaves the setting as it was, and the chunk goes on', async () => {
    expect(await client.ask('smua.source.limiti = 1e-4 smua.source.limiti = -1 print(smua.source.limiti)')).toBe(
      '1.00000e-04',
    );
    expect((await nextError())[0]).toBe('1.10200e+03');
  });

  test('the interlock keeps the output off', async () => {
    instrument.runtime.nodes[0].smua.openInterlock(true);
    expect(await client.ask('smua.source.output = smua.OUTPUT_ON print(smua.source.output)')).toBe('0.00000e+00');
    expect((await nextError())[0]).toBe('8.02000e+02');
  });

  test('the second node is there only after the link has been reset', async () => {
    expect(await client.ask('print(tsplink.state, node[2] == nil)')).toBe('offline\ttrue');
    expect(await client.ask('print(tsplink.reset(2), tsplink.state, node[2].tsplink.node)')).toBe(
      '2.00000e+00\tonline\t2.00000e+00',
    );
    client.send('tsplink.reset(3)\n');
    expect((await nextError())[0]).toBe('1.21900e+03');
  });

  test('reset() puts settings back and outputs off', async () => {
    client.send('smua.source.levelv = 0.5 smua.source.output = 1 smua.source.limiti = 1e-5 reset()\n');
    expect(await client.ask('print(smua.source.levelv, smua.source.output, smua.source.limiti)')).toBe(
      '0.00000e+00\t0.00000e+00\t1.00000e-01',
    );
    expect(station.sourceSetting('columnA').outputOn).toBe(false);
  });

  test('a client that goes away leaves the instrument as it is', async () => {
    await client.ask('smua.source.levelv = 0.25 smua.source.output = 1 print(1)');
    await client.close();
    client = await openRaw(wire.resource);
    expect(await client.ask('print(smua.source.levelv, smua.source.output)')).toBe('2.50000e-01\t1.00000e+00');
  });
});

describe('measuring', () => {
  test('a reading agrees with the circuit within the stated errors, and says when it is limited', async () => {
    client.send('smua.source.levelv = 0.5 smua.source.limiti = 1e-4 smua.source.output = 1\n');
    client.send('smua.measure.rangei = 1e-4\n');
    const [amps, volts] = (await client.ask('print(smua.measure.iv())')).split('\t').map(Number);
    expect(volts).toBeCloseTo(0.5, 3);
    expect(amps).toBeCloseTo(0.5 / 20_000, 8);
    expect(await client.ask('print(smua.source.compliance)')).toBe('false');
    expect(await client.ask('smua.source.limiti = 1e-5 print(smua.source.compliance)')).toBe('true');
    expect(Number(await client.ask('print(smua.measure.i())'))).toBeCloseTo(1e-5, 8);
  });

  test('a current above a fixed range has no value', async () => {
    client.send('smua.source.levelv = 0.5 smua.source.output = 1 smua.measure.rangei = 1e-6\n');
    expect(await client.ask('print(smua.measure.i())')).toBe('9.90000e+37');
  });

  test('noise falls with the square root of the integration time', async () => {
    const spread = async (nplc: number) => {
      const script = `smua.measure.nplc = ${nplc} smua.measure.count = 400 smua.nvbuffer1.clear()
        smua.measure.i(smua.nvbuffer1) format.asciiprecision = 12 printbuffer(1, 400, smua.nvbuffer1)`;
      const values = (await client.ask(script.replaceAll('\n', ' '))).split(', ').map(Number);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    client.send('smua.source.levelv = 0.5 smua.source.output = 1 smua.measure.rangei = 1e-4\n');
    const ratio = (await spread(0.1)) / (await spread(10));
    expect(ratio).toBeGreaterThan(7);
    expect(ratio).toBeLessThan(14);
  });

  test('binary read-out gives the same numbers in every format and byte order', async () => {
    client.send('smua.source.levelv = 0.5 smua.source.output = 1 smua.measure.count = 3\n');
    client.send('smua.measure.iv(smua.nvbuffer1, smua.nvbuffer2)\n');
    const print = 'printbuffer(1, 3, smua.nvbuffer1, smua.nvbuffer2)';
    const ascii = (await client.ask(`format.asciiprecision = 16 ${print}`)).split(', ').map(Number);
    expect(ascii).toHaveLength(6);
    for (const [format, order, bytes] of [
      ['REAL32', 'LITTLEENDIAN', 4],
      ['REAL64', 'NORMAL', 8],
    ] as const) {
      client.send(`format.data = format.${format} format.byteorder = format.${order} ${print}\n`);
      const block = await client.bytes(2 + 6 * bytes + 1);
      const values = ascii.map((_, i) => (bytes === 4 ? block.readFloatLE(2 + 4 * i) : block.readDoubleBE(2 + 8 * i)));
      expect(values).toEqual(bytes === 4 ? ascii.map(Math.fround) : ascii);
    }
  });
});

/** Lists on three channels of two nodes: all source, then all measure, then all step. */
const SWEEP = `loadscript sweep
tsplink.reset(2)
A, B, R = smua, smub, node[2].smua
for _, s in ipairs({A, B, R}) do
  s.source.autorangev = s.AUTORANGE_OFF s.source.rangev = 1 s.source.levelv = 0 s.source.limiti = 1e-4
  s.measure.nplc = 0.01 s.measure.autozero = s.AUTOZERO_OFF s.measure.rangei = 1e-4 s.measure.delay = 1e-4
  s.nvbuffer1.clear() s.nvbuffer2.clear() s.nvbuffer1.appendmode = 1 s.nvbuffer2.appendmode = 1
  s.trigger.source.action = s.ENABLE s.trigger.measure.action = s.ENABLE
  s.trigger.measure.iv(s.nvbuffer1, s.nvbuffer2)
  s.trigger.endsweep.action = s.SOURCE_IDLE s.trigger.count = 5
  s.source.output = s.OUTPUT_ON
end
A.trigger.source.listv({0.1, 0.2, 0.3, 0, 0})
B.trigger.source.listv({0.1, 0.2, 0.3, 0, 0})
R.trigger.source.listv({0, 0, 0, 0.2, 0})
for line = 1, 3 do
  tsplink.trigger[line].mode = tsplink.TRIG_FALLING
  node[2].tsplink.trigger[line].mode = tsplink.TRIG_FALLING
end
node[2].tsplink.trigger[1].stimulus = R.trigger.SOURCE_COMPLETE_EVENT_ID
node[2].tsplink.trigger[3].stimulus = R.trigger.MEASURE_COMPLETE_EVENT_ID
for i, name in ipairs({"SOURCE_COMPLETE_EVENT_ID", "MEASURE_COMPLETE_EVENT_ID"}) do
  trigger.blender[i].orenable = false
  trigger.blender[i].stimulus[1] = A.trigger[name]
  trigger.blender[i].stimulus[2] = B.trigger[name]
  trigger.blender[i].stimulus[3] = tsplink.trigger[2 * i - 1].EVENT_ID
end
tsplink.trigger[2].stimulus = trigger.blender[1].EVENT_ID
A.trigger.measure.stimulus = trigger.blender[1].EVENT_ID
B.trigger.measure.stimulus = trigger.blender[1].EVENT_ID
R.trigger.measure.stimulus = tsplink.trigger[2].EVENT_ID
A.trigger.endpulse.stimulus = trigger.blender[2].EVENT_ID
B.trigger.endpulse.stimulus = trigger.blender[2].EVENT_ID
endscript
sweep()
function go() R.trigger.initiate() A.trigger.initiate() B.trigger.initiate() waitcomplete() print("idle") end
`;

describe('sweeping three channels over two nodes', () => {
  test('all channels source, then all measure, then all step', async () => {
    client.send(SWEEP);
    expect(await client.ask('go()')).toBe('idle');
    expect(await client.ask('print(errorqueue.count, A.nvbuffer1.n, B.nvbuffer1.n, R.nvbuffer1.n)')).toBe(
      '0.00000e+00\t5.00000e+00\t5.00000e+00\t5.00000e+00',
    );
    const column = (await client.ask('printbuffer(1, 5, A.nvbuffer2)')).split(', ').map(Number);
    expect(column.map((volts) => Math.round(volts * 100) / 100 + 0)).toEqual([0.1, 0.2, 0.3, 0, 0]);
    const amps = (await client.ask('printbuffer(1, 5, A.nvbuffer1)')).split(', ').map(Number);
    expect(amps[3]).toBeCloseTo(-0.2 / station.ohms.columnA, 7);
    const rowAmps = (await client.ask('printbuffer(1, 5, R.nvbuffer1)')).split(', ').map(Number);
    expect(rowAmps[2]).toBeCloseTo(-0.3 / station.ohms.columnA - 0.3 / station.ohms.columnB, 7);

    // At every moment of a reading the three levels belong to the same point of the lists.
    const points = station.senses.map(({ seconds }) => {
      const level = (channel: string) =>
        station.levels.findLast((set) => set.channel === channel && set.seconds < seconds)?.volts ?? 0;
      return ['columnA', 'columnB', 'row'].map((channel) => Math.round(level(channel) * 100) / 100 + 0).join(' ');
    });
    expect([...new Set(points)]).toEqual(['0.1 0.1 0', '0.2 0.2 0', '0.3 0.3 0', '0 0 0.2', '0 0 0']);
    expect(station.senses).toHaveLength(15);
    for (const channel of ['columnA', 'columnB', 'row'] as const) {
      expect(Math.abs(station.sourceSetting(channel).volts)).toBeLessThan(1e-4);
    }
  });

  test('the same sweep again gives the same number of readings', async () => {
    client.send(SWEEP);
    await client.ask('go()');
    client.send('for _, s in ipairs({A, B, R}) do s.nvbuffer1.clear() s.nvbuffer2.clear() end\n');
    expect(await client.ask('go()')).toBe('idle');
    expect(await client.ask('print(A.nvbuffer1.n, R.nvbuffer1.n)')).toBe('5.00000e+00\t5.00000e+00');
  });

  test('a stimulus that never comes leaves the sweep waiting until it is aborted', async () => {
    client.send(SWEEP);
    client.send('node[2].tsplink.trigger[1].stimulus = 0\ngo()\n');
    client.send('abort\n');
    expect(await client.ask('print(status.operation.sweeping.condition, A.nvbuffer1.n)')).toBe(
      '6.00000e+00\t0.00000e+00',
    );
    client.send('A.abort() B.abort() R.abort()\n');
    expect(await client.ask('print(status.operation.sweeping.condition, A.source.output)')).toBe(
      '0.00000e+00\t1.00000e+00',
    );
  });

  test('without the wiring, channels measure when they are ready, not when all have sourced', async () => {
    client.send(SWEEP);
    client.send('A.trigger.measure.stimulus = 0 A.trigger.endpulse.stimulus = 0 R.source.delay = 0.01\n');
    client.send('A.trigger.initiate() print("started")\n');
    expect(await client.line()).toBe('started');
    expect(await client.ask('waitcomplete() print(A.nvbuffer1.n, B.nvbuffer1.n)')).toBe('5.00000e+00\t0.00000e+00');
  });

  test('time per point is delay, integration and a small overhead', async () => {
    client.send(SWEEP);
    await client.ask('go()');
    const times = (await client.ask('format.asciiprecision = 9 printbuffer(1, 5, A.nvbuffer1.timestamps)')).split(', ');
    expect(Number(times[0])).toBe(0);
    const perPoint = Number(times[4]) / 4;
    expect(perPoint).toBeGreaterThan(1e-4 + 0.01 / 50);
    expect(perPoint).toBeLessThan(1e-4 + 0.01 / 50 + 1e-4);
  });

  test('compliance is in the status of the readings concerned', async () => {
    station.ohms.columnA = 500;
    client.send(SWEEP);
    await client.ask('go()');
    const statuses = (await client.ask('printbuffer(1, 5, A.nvbuffer1.statuses)')).split(', ').map(Number);
    expect(statuses.map((status) => status & 0x40)).toEqual([0x40, 0x40, 0x40, 0x40, 0]);
  });
});
