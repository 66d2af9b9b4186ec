import { afterEach, describe, expect, it } from 'vitest';
import { VeloxProber } from '../../drivers/velox-prober.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type Step, scriptedInstrument } from './scripted-instrument.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const IDN: Step = ['*IDN?\n', 'FormFactor,Summit200,17,3.4\n'];
const status = (height: string, moving = 0): Step => [
  'ReadChuckStatus\n',
  `0: 15 21 0 ${moving} T 1 ${height} 0 1 0 0\n`,
];

async function prober(...script: Step[]): Promise<VeloxProber> {
  const instrument = await scriptedInstrument([IDN, ...script]);
  const link = await openTestLink(instrument.resource);
  closers.push(async () => {
    await link.close();
    await instrument.finish();
  });
  return VeloxProber.open(link, 'prober', () => {}, CALM);
}

describe('a Velox prober', () => {
  it('steps to an absolute die from separation and checks where it came', async () => {
    const station = await prober(status('S'), ['StepNextDie 3 2 0\n', '0: 3 2 0 0\n']);
    await station.moveToDie(3, 2, CALM);
  });

  it('does not move in x or y unless separated and at rest', async () => {
    const station = await prober(status('C'), status('S', 1), status('A'));
    for (let i = 0; i < 3; i++) {
      await expect(station.moveToDie(3, 2, CALM)).rejects.toMatchObject({ code: 'TB_PROBER_NOT_SEPARATED' });
    }
  });

  it('reports another die than asked for and does not step again', async () => {
    const station = await prober(status('S'), ['StepNextDie 3 2 0\n', '0: 4 2 0 0\n']);
    await expect(station.moveToDie(3, 2, CALM)).rejects.toMatchObject({
      code: 'TB_PROBER_POSITION',
      facts: { value: '(4, 2)', expected: '(3, 2)' },
    });
  });

  it('asks for the position after "end of wafer"', async () => {
    const station = await prober(
      status('S'),
      ['StepNextDie 3 2 0\n', '703: End of wafer.\n'],
      ['ReadMapPosition2\n', '0: 3 2 0 0 0 0 6 36 0 0\n'],
    );
    await station.moveToDie(3, 2, CALM);
  });

  it('raises the overdrive on top of the contact height and confirms contact', async () => {
    const station = await prober(['MoveChuckContact\n', '0:\n'], ['MoveChuckZ 60 R Y 25\n', '0:  \n'], status('O'));
    await station.contact(60, CALM);
  });

  it('confirms separation', async () => {
    const station = await prober(['MoveChuckSeparation\n', '0:\n'], status('C'));
    await expect(station.separate(CALM)).rejects.toMatchObject({ code: 'TB_PROBER_NOT_SEPARATED' });
  });

  it('reads height, die, motion and touchdowns; an unknown die is null', async () => {
    const station = await prober(
      status('S'),
      ['ReadContactCount C\n', '0: 12\n'],
      ['ReadMapPosition2\n', '20: No wafer map.\n'],
    );
    const state = await station.readState(CALM);
    expect(state).toEqual({ height: 'separation', moving: false, touchdowns: 12, die: null });
  });

  it('reads a quoted wafer id, and no temperature without a thermal chuck', async () => {
    const station = await prober(
      ['GetWaferID\n', '0: "LOT 7 W17"\r\n'],
      ['GetHeaterTemp C\n', '509: No thermal chuck.\n'],
      ['GetHeaterTemp C\n', '0: 25.3 C\n'],
    );
    expect(await station.readWaferId(CALM)).toBe('LOT 7 W17');
    expect(await station.readChuckCelsius(CALM)).toBeNull();
    expect(await station.readChuckCelsius(CALM)).toBe(25.3);
  });

  it('takes no reply of another form', async () => {
    const station = await prober(['GetWaferID\n', 'W17\n']);
    await expect(station.readWaferId(CALM)).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
  });
});
