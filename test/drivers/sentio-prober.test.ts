import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseSentioReply } from '../../drivers/framing/sentio-reply.ts';
import { openSentioProber } from '../../drivers/sentio-prober.ts';
import { SimulatedSentioProber } from '../../drivers/simulated/sentio-prober.ts';
import { SimulatedClock } from '../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../drivers/simulated/tcp-server.ts';
import { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type Step, scriptedInstrument, twice } from './scripted-instrument.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function bench() {
  const geometry = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;
  const station = new SimulatedStation({ seed: 5, geometry });
  const clock = new SimulatedClock(station, 'full');
  const simulated = new SimulatedSentioProber(station, clock, DEFAULT_DIES, 'LOT7, W17');
  const server = await serveTcp(simulated);
  const link = await openTestLink(server.resource);
  const prober = await openSentioProber(link, 'prober', () => {}, CALM);
  closers.push(async () => {
    await prober.close();
    await server.close();
    clock.close();
  });
  return { prober, simulated, station };
}

describe('a SENTIO prober', () => {
  it('visits dies, touches, separates, and counts', async () => {
    const { prober, station } = await bench();
    const [first] = DEFAULT_DIES;
    const last = DEFAULT_DIES[DEFAULT_DIES.length - 1];
    expect(await prober.readState(CALM)).toEqual({ height: 'separation', die: null, moving: false, touchdowns: 0 });
    // The last die of the route answers with a status flag, which is no fault.
    for (const { x, y } of [last, first]) {
      await prober.moveToDie(x, y, CALM);
      await prober.contact(60, CALM);
      expect(station.height).toBe('contact');
      await prober.separate(CALM);
    }
    const { die, touchdowns } = await prober.readState(CALM);
    expect([die, touchdowns]).toEqual([{ x: first.x, y: first.y }, 2]);
    expect(station.ledger.violations).toEqual([]);
  });

  it('does not move in x or y while the needles touch', async () => {
    const { prober, station } = await bench();
    const [{ x, y }, other] = DEFAULT_DIES;
    await prober.moveToDie(x, y, CALM);
    await prober.contact(0, CALM);
    const refused = { code: 'TB_PROBER_NOT_SEPARATED' };
    await expect(prober.moveToDie(other.x, other.y, CALM)).rejects.toMatchObject(refused);
    expect(station.dieUnderNeedles).toEqual({ x, y });
  });

  it('reports another die than asked for, a die outside the map, and a contact height that is not set', async () => {
    const { prober, simulated } = await bench();
    const [{ x, y }] = DEFAULT_DIES;
    simulated.faults.dieShift = { x: 1, y: 0 };
    await expect(prober.moveToDie(x, y, CALM)).rejects.toMatchObject({ code: 'TB_PROBER_POSITION' });
    await expect(prober.moveToDie(99, 99, CALM)).rejects.toMatchObject({ code: 'TB_INSTRUMENT_ERROR' });
    simulated.faults.contactSet = false;
    await expect(prober.contact(0, CALM)).rejects.toMatchObject({
      code: 'TB_INSTRUMENT_ERROR',
      facts: { value: '23 Contact height not set.' },
    });
  });

  it('reads a wafer id with a comma in it, and no temperature without a thermal chuck', async () => {
    const { prober, simulated } = await bench();
    expect(await prober.readWaferId(CALM)).toBe('LOT7, W17');
    expect(await prober.readChuckCelsius(CALM)).toBe(25);
    simulated.faults.thermalChuck = false;
    expect(await prober.readChuckCelsius(CALM)).toBeNull();
  });

  it('asks for the position at the end of the route instead of stepping again', async () => {
    const version: Step = ['status:get_version\n', '0,0,Version: 25.2.0\n'];
    const asked = (step: Step): Step[] => [step, version, step];
    const heights: Step = ['get_chuck_site_heights Wafer\n', '0,0,10000,9700,50,50\n'];
    const instrument = await scriptedInstrument([
      ...twice(['*IDN?\n', 'MPI Corporation,TS3500,1,25.2\n']),
      ['*RCS 1\n', null],
      ...twice(version),
      ...asked(heights),
      ...asked(['get_chuck_z\n', '0,0,9700.0\n']),
      ['map:step_die 3,2\n', '11,0,End of route.\n'],
      ...asked(['map:die:get_current_index\n', '0,0,17,3,2\n']),
    ]);
    const link = await openTestLink(instrument.resource);
    closers.push(async () => {
      await link.close();
      await instrument.finish();
    });
    const prober = await openSentioProber(link, 'prober', () => {}, CALM);
    await prober.moveToDie(3, 2, CALM);
  });

  it('takes error and status flags apart, and keeps commas of the text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 0, max: 3 }),
        fc.nat(999),
        (error, status, id) => {
          const reply = parseSentioReply('test', 'x', `${status * 1024 + error},${id},a, b,c`);
          expect(reply).toEqual({
            error,
            endOfRoute: (status & 1) === 1 || error === 11,
            commandId: id,
            text: 'a, b,c',
          });
        },
      ),
    );
    expect(() => parseSentioReply('test', 'x', 'OK')).toThrow(/another form/);
  });
});
