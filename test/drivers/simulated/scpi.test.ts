import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRealBlock } from '../../../drivers/framing/block.ts';
import { CommandTree } from '../../../drivers/simulated/scpi/command-tree.ts';
import { encodeReadings } from '../../../drivers/simulated/scpi/data-format.ts';
import { booleanValue, channelList, numericValue, parseNumber } from '../../../drivers/simulated/scpi/parameter.ts';
import { parseUnit, programUnits } from '../../../drivers/simulated/scpi/program-message.ts';
import { nr3 } from '../../../drivers/simulated/scpi/reply-text.ts';
import { ScpiError } from '../../../drivers/simulated/scpi/scpi-error.ts';
import { StatusRegisters } from '../../../drivers/simulated/scpi/status-registers.ts';
import { CALM, transportPair } from '../open-test-link.ts';

const codeOf = (action: () => unknown): number | null => {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof ScpiError) return error.code;
    throw error;
  }
};

describe('a SCPI header', () => {
  const NODES = [
    ['SOURce', 'SOUR', true],
    ['VOLTage', 'VOLT', false],
    ['LEVel', 'LEV', true],
    ['IMMediate', 'IMM', true],
    ['AMPLitude', 'AMPL', true],
  ] as const;
  const tree = new CommandTree();
  const command = { set: () => {} };
  tree.add('[:SOURce<2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]', command);
  tree.add('[:SOURce<2>]:VOLTage:RANGe', { set: () => {} });

  it('is known in long and short form, in any case, with and without its optional nodes and suffix', () => {
    const written = fc.tuple(
      ...NODES.map(([long, short, optional]) =>
        fc.tuple(
          fc.constantFrom(long.toUpperCase(), long.toLowerCase(), short, short.toLowerCase()),
          optional ? fc.boolean() : fc.constant(true),
        ),
      ),
    );
    fc.assert(
      fc.property(written, fc.constantFrom('', '1', '2'), fc.boolean(), (nodes, suffix, colon) => {
        const words = nodes.flatMap(([word, present], i) => (present ? [i === 0 ? `${word}${suffix}` : word] : []));
        const unit = parseUnit(`${colon ? ':' : ''}${words.join(':')} 1`);
        const found = tree.find(unit, tree.root);
        expect(found.command).toBe(command);
        if (nodes[0][1]) expect(found.suffix).toBe(suffix === '' ? 1 : Number(suffix));
      }),
    );
  });

  it('is no other word between the two forms, and no other suffix', () => {
    for (const word of ['VOLTA', 'VOLTAG', 'VOL', 'VOLTAGES']) {
      expect(codeOf(() => tree.find(parseUnit(`:SOUR:${word} 1`), tree.root))).toBe(-113);
    }
    expect(codeOf(() => tree.find(parseUnit(':SOUR3:VOLT 1'), tree.root))).toBe(-114);
    expect(codeOf(() => tree.find(parseUnit(':SOUR:VOLT2 1'), tree.root))).toBe(-113);
  });

  it('goes on from the branch of the header before', () => {
    const first = tree.find(parseUnit(':SOUR:VOLT:LEV 1'), tree.root);
    expect(codeOf(() => tree.find(parseUnit('RANG 1'), first.path))).toBeNull();
    expect(codeOf(() => tree.find(parseUnit(':RANG 1'), first.path))).toBe(-113);
  });
});

describe('a SCPI message', () => {
  it('is split at semicolons outside quotes and parentheses only', () => {
    expect(programUnits(':A "x;y";B (@1;2);;C \'it;s\'; ')).toEqual([':A "x;y"', 'B (@1;2)', "C 'it;s'"]);
    expect(parseUnit(':A "x,y",(@1,2) , 3').parameters).toEqual(['"x,y"', '(@1,2)', '3']);
  });

  it('never breaks the parser', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const code = codeOf(() => programUnits(text).forEach((unit) => void parseUnit(unit)));
        expect(code === null || (code <= -100 && code > -200)).toBe(true);
      }),
    );
  });
});

describe('a SCPI number', () => {
  it('means the same in every form', () => {
    const factors = { '': 1, M: 1e-3, U: 1e-6, N: 1e-9, K: 1e3, MA: 1e6 } as const;
    fc.assert(
      fc.property(
        fc.integer({ min: -9999, max: 9999 }),
        fc.integer({ min: -9, max: 9 }),
        fc.constantFrom(...(Object.keys(factors) as (keyof typeof factors)[])),
        fc.constantFrom('', 'V', 'v'),
        (mantissa, exponent, multiplier, unit) => {
          const value = mantissa * 10 ** exponent * factors[multiplier];
          const read = parseNumber(`${mantissa}e${exponent} ${multiplier}${unit}`, 'V');
          expect(Math.abs(read - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value));
        },
      ),
    );
    expect([parseNumber('#HFF'), parseNumber('#Q17'), parseNumber('#B101'), parseNumber('.5')]).toEqual([
      255, 15, 5, 0.5,
    ]);
    expect(parseNumber('2MOHM', 'OHM')).toBe(2e6);
  });

  it('reads back from the reply that it was given as', () => {
    const values = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 });
    fc.assert(
      fc.property(values, (value) => {
        expect(Math.abs(parseNumber(nr3(value)) - value)).toBeLessThanOrEqual(1e-6 * Math.abs(value) + 1e-300);
      }),
    );
  });

  it('is bounded, and MIN, MAX, DEF are its bounds', () => {
    const bounds = { min: -2, max: 10, initial: 1, unit: 'V' };
    expect(['MIN', 'maximum', 'DEF', '10', '-2 V'].map((text) => numericValue(text, bounds))).toEqual([
      -2, 10, 1, 10, -2,
    ]);
    expect(codeOf(() => numericValue('10.1', bounds))).toBe(-222);
    expect(codeOf(() => numericValue('INF', bounds))).toBe(-224);
    expect(codeOf(() => numericValue('1X', bounds))).toBe(-131);
    expect(codeOf(() => numericValue('one', bounds))).toBe(-141);
    expect(['ON', 'off', '0', '1', '0.4', '-3'].map(booleanValue)).toEqual([true, false, false, true, false, true]);
    expect(channelList('(@1:2,1)', 2)).toEqual([1, 2, 1]);
    expect(codeOf(() => channelList('(@3)', 2))).toBe(-224);
  });
});

describe('readings', () => {
  it.each(['indefinite', 'definite'] as const)('in an %s block are what the drivers read', async (header) => {
    const { transport, far } = transportPair();
    const values = [1.5, -2.25, 0, 9.91e37, 1e-9, 3];
    const block = encodeReadings(values, { type: 'REAL32', order: 'SWAPped' }, header, String);
    far.write(block);
    far.write('\n');
    const read = await readRealBlock(
      'test',
      transport,
      { rows: 3, columns: 2 },
      { awaited: 'x', timeoutSeconds: 2, signal: CALM },
    );
    expect([...read]).toEqual(values.map(Math.fround));
    await transport.close();
  });
});

describe('the status byte', () => {
  it('sums up what is enabled and asks for service', () => {
    const status = new StatusRegisters();
    status.takeStandardEvent();
    status.measurement.enable = 0x200;
    status.measurement.set(0x200, true);
    expect(status.statusByte(false, false)).toBe(1);
    status.serviceEnable = 1;
    expect(status.statusByte(true, true)).toBe(1 | 4 | 16 | 64);
    expect(status.measurement.takeEvent()).toBe(0x200);
    expect(status.statusByte(false, false)).toBe(0);
    expect(status.measurement.condition).toBe(0x200);
    status.clear();
    status.measurement.set(0x200, true);
    // A condition that stays raises no second event.
    expect(status.measurement.takeEvent()).toBe(0);
  });
});
