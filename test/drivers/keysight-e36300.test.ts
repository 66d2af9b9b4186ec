import { afterEach, describe, expect, it } from 'vitest';
import { KeysightE36300 } from '../../drivers/keysight-e36300.ts';
import { CALM, openTestLink } from './open-test-link.ts';
import { type Step, twice as same, scriptedInstrument } from './scripted-instrument.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const IDN: Step = ['*IDN?\n', 'Keysight Technologies,E36312A,MY1,2.1.0\n'];
/** A question alone, then twice in one message. */
const twice = ([sent, reply]: readonly [string, string]): Step[] => {
  const [question, answer] = [sent.trim(), reply.trim()];
  return [
    [sent, reply],
    [`${question};:${question}\n`, `${answer};${answer}\n`],
  ];
};
const NO_ERROR: Step = ['SYST:ERR?\n', '+0,"No error"\n'];

async function supply(...script: Step[]): Promise<KeysightE36300> {
  const instrument = await scriptedInstrument([...same(IDN), ...script]);
  const link = await openTestLink(instrument.resource);
  closers.push(async () => {
    await link.close();
    await instrument.finish();
  });
  return KeysightE36300.open(link, 'supplies', { vdd: 1, vss: 2 }, () => {}, CALM);
}

describe('a Keysight E36300 supply', () => {
  const set: Step = ['VOLT 1.8,(@1)\nCURR 0.01,(@1)\n', null];

  it('reads back what it set and drains the error queue', async () => {
    const supplies = await supply(
      NO_ERROR,
      set,
      ...twice(['VOLT? (@1)\n', '+1.80000E+00\n']),
      ...twice(['CURR? (@1)\n', '+1.00000E-02\n']),
      ['SYST:ERR?\n', '-222,"Data out of range; value, clipped"\n'],
      NO_ERROR,
    );
    const failure = supplies.configure('vdd', 1.8, 0.01, CALM);
    await expect(failure).rejects.toMatchObject({ facts: { value: '-222 Data out of range; value, clipped' } });
  });

  it('refuses a voltage that reads back another value', async () => {
    const supplies = await supply(NO_ERROR, set, ...twice(['VOLT? (@1)\n', '+1.70000E+00\n']));
    await expect(supplies.configure('vdd', 1.8, 0.01, CALM)).rejects.toMatchObject({ code: 'TB_SUPPLY_NOT_CONFIRMED' });
  });

  it('switches on with confirmation', async () => {
    const supplies = await supply(NO_ERROR, ['OUTP ON,(@2)\n', null], ...twice(['OUTP? (@2)\n', '0\n']));
    await expect(supplies.setOn('vss', true, CALM)).rejects.toMatchObject({ code: 'TB_SUPPLY_NOT_CONFIRMED' });
  });

  it.each([
    ['1', 'CC', true],
    ['2', 'CV', false],
    ['3', 'fault', true],
  ])('with condition %s is in %s', async (condition, _, limiting) => {
    const supplies = await supply(
      ...twice(['OUTP? (@1)\n', '1\n']),
      ...twice(['VOLT? (@1)\n', '1.8\n']),
      ...twice(['CURR? (@1)\n', '0.01\n']),
      ...twice(['MEAS:VOLT? (@1)\n', '+1.79990000E+00\n']),
      ...twice(['MEAS:CURR? (@1)\n', '+3.2E-05\n']),
      ...twice(['STAT:QUES:INST:ISUM1:COND?\n', `+${condition}\n`]),
    );
    const state = await supplies.readState('vdd', CALM);
    expect(state).toMatchObject({ on: true, measuredVolts: 1.7999, limiting });
  });

  it('knows only the outputs that the bench file names', async () => {
    const supplies = await supply();
    await expect(supplies.readState('substrate', CALM)).rejects.toMatchObject({ code: 'TB_BENCH_CANNOT_REALISE' });
  });
});
