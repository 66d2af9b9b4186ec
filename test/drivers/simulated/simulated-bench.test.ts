import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { applyFaults, BenchControl } from '../../../drivers/simulated/bench-control.ts';
import { openSimulatedBench, type SimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { askFrame, openRaw, type RawClient } from './raw-client.ts';

const geometry = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;
let bench: SimulatedBench;
let clients: RawClient[];

beforeEach(async () => {
  bench = await openSimulatedBench({ seed: 5, geometry, startState: 'AP' });
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await bench.close();
});

async function client(resource: string): Promise<RawClient> {
  const opened = await openRaw(resource);
  clients.push(opened);
  return opened;
}

/** Brings the bench up in the safe order: chuck, supplies, enable, route, then the source. */
async function powerUp() {
  const [prober, supplies, enable, router, smu] = [
    await client(bench.resources.prober),
    await client(bench.resources.supplies),
    await client(bench.resources.enable),
    await client(bench.resources.router),
    await client(bench.resources.smu),
  ];
  await prober.ask('StepNextDie 0 0 0');
  await prober.ask('MoveChuckContact');
  await prober.ask('MoveChuckZ 50 R Y 25');
  supplies.send('VOLT 1.8,(@1);CURR 0.01,(@1);OUTP ON,(@1,2,3)\n');
  await supplies.ask('*OPC?');
  await askFrame(enable, 1, 'GATE 1.8');
  await askFrame(enable, 2, 'ENABLE 1');
  await askFrame(router, 1, 'ROUTE R0=X C2=A C3=B');
  smu.send('tsplink.reset(2) for _, s in ipairs({smua, smub, node[2].smua}) do s.source.rangev = 1 ');
  smu.send('s.source.limiti = 1e-4 s.measure.rangei = 1e-4 s.source.output = 1 end\n');
  return { prober, supplies, enable, router, smu };
}

describe('a cell measured through five wires', () => {
  test('reads its resistance, and the ledger stays quiet', async () => {
    const { prober, supplies, enable, router, smu } = await powerUp();
    smu.send('smua.source.levelv = 0.02 smub.source.levelv = 0.02 format.asciiprecision = 9\n');
    const [amps, volts] = (await smu.ask('print(smua.measure.iv())')).split('\t').map(Number);
    const truth = bench.station.pathOhms(0, 2, 'AP', 0.02);
    expect(volts / amps / truth).toBeCloseTo(1, 2);

    smu.send('smua.source.levelv = 0 smub.source.levelv = 0 ');
    smu.send('smua.source.output = 0 smub.source.output = 0 node[2].smua.source.output = 0\n');
    expect(await smu.ask('print(errorqueue.count)')).toBe('0.00000000e+00');
    await askFrame(router, 2, 'ROUTE NONE');
    await askFrame(enable, 3, 'ENABLE NONE');
    supplies.send('OUTP OFF,(@1,2,3)\n');
    await supplies.ask('*OPC?');
    await prober.ask('MoveChuckSeparation');
    expect(bench.ledger.violations).toEqual([]);
    expect(bench.ledger.losses).toEqual([]);
  });

  test('a relay moved under voltage is booked', async () => {
    const { router, smu } = await powerUp();
    await smu.ask('smua.source.levelv = 0.3 smub.source.levelv = 0.3 print(1)');
    await askFrame(router, 2, 'ROUTE R1=X C2=A C3=B');
    expect(bench.ledger.violations.length).toBeGreaterThan(0);
  });
});

test('the bench file names the wires', () => {
  const file = parse(bench.benchYaml);
  expect(file.geometry).toEqual(geometry);
  expect(file.wafer).toEqual({ id: 'SIM-5', dies: 'default36' });
  for (const name of ['smu', 'enable', 'router', 'supplies', 'prober'] as const) {
    expect(file.instruments[name].resource).toBe(bench.resources[name]);
  }
});

describe('faults', () => {
  test('a dropped link closes the connection instead of answering; the next one works', async () => {
    const first = await client(bench.resources.smu);
    applyFaults(bench, { replies: { smu: { kind: 'drop', after: 1 } } });
    expect(await first.ask('print("passes")')).toBe('passes');
    first.send('print("lost")\n');
    await first.closed;
    expect(first.leftOver()).toBe('');
    const second = await client(bench.resources.smu);
    expect(await second.ask('print("back")')).toBe('back');
  });

  test('silent, garbled, late and broken replies', async () => {
    const smu = await client(bench.resources.smu);
    applyFaults(bench, { replies: { smu: { kind: 'silent' } } });
    smu.send('print("never")\n');
    expect(await smu.ask('print("next")')).toBe('next');
    applyFaults(bench, { replies: { smu: { kind: 'garbled' } } });
    const garbled = await smu.ask('print("original")');
    expect(garbled).toHaveLength('original'.length);
    expect(garbled).not.toBe('original');
    applyFaults(bench, { replies: { smu: { kind: 'late', seconds: 0.02 } } });
    smu.send('print("late")\nprint("punctual")\n');
    expect([await smu.line(), await smu.line()]).toEqual(['late', 'punctual']);
    applyFaults(bench, { replies: { smu: { kind: 'pieces', count: null, seconds: 0.001 } } });
    expect(await smu.ask('print("in several pieces")')).toBe('in several pieces');
    applyFaults(bench, { replies: { smu: null } });
    expect(await smu.ask('print("whole")')).toBe('whole');
  });

  test('a limit that reads back different, another model, another wafer, another die, an open interlock', async () => {
    const smu = await client(bench.resources.smu);
    const prober = await client(bench.resources.prober);
    applyFaults(bench, {
      stuckLimitAmps: { columnA: 1e-3 },
      identity: { smu: 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1,C32' },
      waferId: 'OTHER',
      dieShift: { x: 1, y: 0 },
      interlockOpen: true,
    });
    expect(await smu.ask('smua.source.limiti = 1e-5 print(smua.source.limiti)')).toBe('1.00000e-03');
    expect(await smu.ask('*IDN?')).toContain('MODEL 2400');
    expect(await prober.ask('GetWaferID')).toBe('0: OTHER');
    expect(await prober.ask('StepNextDie 2 0 0')).toBe('0: 3 0 0 0');
    expect(await smu.ask('smua.source.output = 1 print(errorqueue.next())')).toMatch(/^8\.02000e\+02\t/);
  });
});

describe('the control port', () => {
  let port: Awaited<ReturnType<typeof serveTcp>>;
  let control: RawClient;
  const ask = async (request: object) => JSON.parse(await control.ask(JSON.stringify({ id: 1, ...request })));

  beforeEach(async () => {
    port = await serveTcp(new BenchControl(bench));
    control = await client(port.resource);
  });
  afterEach(() => port.close());

  test('tells ledger, truth and state, and lets time pass', async () => {
    expect((await ask({ command: 'ledger' })).result.violations).toEqual([]);
    expect((await ask({ command: 'truth', die: 0 })).result.cells).toHaveLength(32);
    const before = (await ask({ command: 'state' })).result;
    expect(before.height).toBe('separation');
    expect(before.channels.row.outputOn).toBe(false);
    await ask({ command: 'advance', seconds: 600 });
    const after = (await ask({ command: 'state' })).result;
    expect(after.simulatedSeconds - before.simulatedSeconds).toBeGreaterThanOrEqual(600);
  });

  test('sets faults and injects events', async () => {
    expect(await ask({ command: 'faults', faults: { waferId: 'X1' } })).toEqual({ id: 1, ok: true, result: {} });
    const prober = await client(bench.resources.prober);
    expect(await prober.ask('GetWaferID')).toBe('0: X1');
    await ask({ command: 'inject', event: 'dropLink', instrument: 'prober' });
    await prober.closed;
    await ask({ command: 'inject', event: 'errors', instrument: 'smu' });
    const smu = await client(bench.resources.smu);
    expect(await smu.ask('print(errorqueue.count)')).toBe('1.00000e+02');
  });

  test.each(['{', '{"id": 1}', '{"id": 1, "command": "explode"}', '{"id":1,"command":"advance","seconds":-1}'])(
    'answers %s with an error and goes on',
    async (line) => {
      expect(JSON.parse(await control.ask(line)).ok).toBe(false);
      expect((await ask({ command: 'state' })).ok).toBe(true);
    },
  );
});
