import { afterEach, describe, expect, it } from 'vitest';
import type { Prober } from '../../drivers/capabilities.ts';
import { openVeloxProber } from '../../drivers/velox-prober.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type Step, scriptedInstrument, twice } from './scripted-instrument.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const IDN: Step = ['*IDN?\n', 'FormFactor,Summit200,17,3.4\n'];
/** A question is asked twice, with an echo of a new word in between. */
let echoes = 1;
const asked = (step: Step): Step[] => [step, echo(), step];
const echo = (): Step => {
  echoes += 1;
  return [`EchoData tunnelbench${echoes}\n`, `0: tunnelbench${echoes}\n`];
};
const status = (height: string, moving = 0): Step[] =>
  asked(['ReadChuckStatus\n', `0: 15 21 0 ${moving} T 1 ${height} 0 1 0 0\n`]);

async function prober(...script: Step[]): Promise<Prober> {
  echoes = 1;
  const instrument = await scriptedInstrument([
    ...twice(IDN),
    ...twice(['EchoData tunnelbench1\n', '0: tunnelbench1\n']),
    ...script,
  ]);
  const link = await openTestLink(instrument.resource);
  closers.push(async () => {
    await link.close();
    await instrument.finish();
  });
  return openVeloxProber(link, 'prober', () => {}, CALM);
}

describe('a Velox prober', () => {
  it('steps to an absolute die from separation and checks where it came', async () => {
    const station = await prober(...status('S'), ['StepNextDie 3 2 0\n', '0: 3 2 0 0\n']);
    await station.moveToDie(3, 2, CALM);
  });

  it('does not move in x or y unless separated and at rest', async () => {
    const station = await prober(...status('C'), ...status('S', 1), ...status('A'));
    for (let i = 0; i < 3; i++) {
      await expect(station.moveToDie(3, 2, CALM)).rejects.toMatchObject({ code: 'TB_PROBER_NOT_SEPARATED' });
    }
  });

  it('reports another die than asked for and does not step again', async () => {
    const station = await prober(...status('S'), ['StepNextDie 3 2 0\n', '0: 4 2 0 0\n']);
    await expect(station.moveToDie(3, 2, CALM)).rejects.toMatchObject({
      code: 'TB_PROBER_POSITION',
      facts: { value: '(4, 2)', expected: '(3, 2)' },
    });
  });

  it('asks for the position after "end of wafer"', async () => {
    const station = await prober(
      ...status('S'),
      ['StepNextDie 3 2 0\n', '703: End of wafer.\n'],
      ...asked(['ReadMapPosition2\n', '0: 3 2 0 0 0 0 6 36 0 0\n']),
    );
    await station.moveToDie(3, 2, CALM);
  });

  it('raises the overdrive on top of the contact height and confirms contact', async () => {
    const station = await prober(['MoveChuckContact\n', '0:\n'], ['MoveChuckZ 60 R Y 25\n', '0:  \n'], ...status('O'));
    await station.contact(60, CALM);
  });

  it('confirms separation', async () => {
    const station = await prober(['MoveChuckSeparation\n', '0:\n'], ...status('C'));
    await expect(station.separate(CALM)).rejects.toMatchObject({ code: 'TB_PROBER_NOT_SEPARATED' });
  });

  it('reads height, die, motion and touchdowns; an unknown die is null', async () => {
    const station = await prober(
      ...status('S'),
      ...asked(['ReadContactCount C\n', '0: 12\n']),
      ...asked(['ReadMapPosition2\n', '20: No wafer map.\n']),
    );
    const state = await station.readState(CALM);
    expect(state).toEqual({ height: 'separation', moving: false, touchdowns: 12, die: null });
  });

  it('reads a quoted wafer id, and no temperature without a thermal chuck', async () => {
    const station = await prober(
      ...asked(['GetWaferID\n', '0: "LOT 7 W17"\r\n']),
      ...asked(['GetHeaterTemp C\n', '509: No thermal chuck.\n']),
      ...asked(['GetHeaterTemp C\n', '0: 25.3 C\n']),
    );
    expect(await station.readWaferId(CALM)).toBe('LOT 7 W17');
    expect(await station.readChuckCelsius(CALM)).toBeNull();
    expect(await station.readChuckCelsius(CALM)).toBe(25.3);
  });

  it('takes no number that is not answered twice, and no reply that is one place off', async () => {
    const count = (text: string): Step => ['ReadContactCount C\n', `0: ${text}\n`];
    const mismatch = { code: 'TB_REPLY_MISMATCH' };
    const damaged = await prober(...status('S'), count('12'), echo(), count('92'));
    await expect(damaged.readState(CALM)).rejects.toMatchObject(mismatch);
    const shifted = await prober(...status('S'), count('12'), [echo()[0], '0: 12\n']);
    await expect(shifted.readState(CALM)).rejects.toMatchObject(mismatch);
  });

  it('is opened only where the commands of the family are answered', async () => {
    const instrument = await scriptedInstrument([...twice(IDN), ...twice(['EchoData tunnelbench1\n', '-113\n'])]);
    const link = await openTestLink(instrument.resource);
    closers.push(async () => {
      await link.close();
      await instrument.finish();
    });
    const opening = openVeloxProber(link, 'prober', () => {}, CALM);
    await expect(opening).rejects.toMatchObject({ code: 'TB_INSTRUMENT_WRONG_MODEL' });
  });

  it('takes no reply of another form', async () => {
    const station = await prober(...asked(['GetWaferID\n', 'W17\n']));
    await expect(station.readWaferId(CALM)).rejects.toMatchObject({ code: 'TB_REPLY_MALFORMED' });
  });
});
