import type { SmuDialect } from '../scpi-source/smu-dialect.ts';
import { readBinaryStage } from '../scpi-source/stage-readings.ts';

/** Status element: limited in voltage or current (bits 1 and 2), measurement overflow. */
const LIMITED = 0b110;
const OVERFLOW = 1 << 13;

export function dialectB2900(channel: 1 | 2): SmuDialect {
  const [source, sense, output, trigger] = [':SOUR', ':SENS', ':OUTP', ':TRIG'].map((word) => `${word}${channel}`);
  const list = `(@${channel})`;
  const safe = [`:ABOR:ALL ${list}`, `${source}:VOLT:MODE FIX`, `${source}:VOLT 0`, `${output} OFF`];
  return {
    driver: 'keysight-b2900',
    interlockCodes: [202],
    nplc: { min: 4e-4, max: 100 },
    list: { header: `${source}:LIST:VOLT`, perCommand: 100, total: 2500 },
    // No *RST: it would reset the other channel as well.
    setUp: ({ sourceRangeVolts, limitAmps }) => ({
      commands: [
        ...safe,
        `${output}:ON:AUTO OFF`,
        `${output}:OFF:AUTO OFF`,
        `${output}:OFF:MODE NORM`,
        `${source}:FUNC:MODE VOLT`,
        `${source}:VOLT:RANG:AUTO OFF`,
        `${source}:VOLT:RANG ${sourceRangeVolts}`,
        `${source}:VOLT 0`,
        `${sense}:FUNC:OFF:ALL`,
        `${sense}:FUNC "VOLT","CURR"`,
        `${sense}:CURR:PROT ${limitAmps}`,
        `${sense}:CURR:RANG:AUTO OFF`,
        `${sense}:CURR:RANG ${limitAmps}`,
        `${sense}:REM OFF`,
        `${trigger}:ALL:SOUR AINT`,
        ':FORM:ELEM:SENS VOLT,CURR,TIME,STAT',
        ':FORM REAL,32',
        ':FORM:BORD SWAP',
        `${source}:VOLT:MODE LIST`,
      ],
      readBacks: [
        { question: `${sense}:CURR:PROT?`, expected: limitAmps },
        { question: `${source}:VOLT:RANG?`, expected: sourceRangeVolts, overhead: 10 },
        { question: ':FORM?', expected: 'REAL,32' },
        { question: ':FORM:BORD?', expected: 'SWAP' },
        { question: ':FORM:ELEM:SENS?', expected: 'VOLT,CURR,TIME,STAT' },
        { question: `${output}:ON:AUTO?`, expected: 0 },
      ],
    }),
    stage: ({ range, nplc, settleSeconds }) => [
      `${sense}:CURR:PROT ${range.limitAmps}`,
      `${sense}:CURR:RANG ${range.rangeAmps}`,
      `${sense}:CURR:NPLC ${nplc}`,
      `${trigger}:ACQ:DEL ${settleSeconds}`,
    ],
    stageLimits: ({ rangeAmps, limitAmps }) => [
      { question: `${sense}:CURR:PROT?`, expected: limitAmps },
      { question: `${sense}:CURR:RANG?`, expected: rangeAmps },
    ],
    run: async (connection, wire, points, timeoutSeconds, signal) => {
      await connection.write(wire, [`${trigger}:ALL:COUN ${points}`, `:INIT ${list}`], signal);
      // The status of a point does not say whether the output was on: it is asked when the sweep has ended.
      const question = `*OPC?;${output}?;:SYST:ERR?`;
      const ended = await connection.ask(wire, question, signal, timeoutSeconds);
      const [, on, code, text] = /^1;([01]);([+-]?\d+),"(.*)"$/.exec(ended) ?? [];
      if (on === undefined) throw connection.malformed(question, ended, '1;1;+0,"No error"');
      if (Number(code) !== 0) throw connection.reported('a list sweep', [`${Number(code)} ${text}`]);
      if (on !== '1') throw connection.reported('a list sweep', ['the output was off']);
      const wait = { awaited: 'the readings of a list sweep', timeoutSeconds, signal };
      const read = () => readBinaryStage(connection.thing, wire, points, wait);
      return connection.fetchTwice(wire, `:FETC:ARR? ${list}`, read, signal);
    },
    statusOf: (status) => ({
      compliance: (status & LIMITED) !== 0,
      rangeCompliance: false,
      overRange: (status & OVERFLOW) !== 0,
    }),
    output: (on) => [`${source}:VOLT 0`, `${output} ${on ? 'ON' : 'OFF'}`],
    state: {
      output: `${output}?`,
      level: `${source}:VOLT?`,
      limit: `${sense}:CURR:PROT?`,
      range: `${source}:VOLT:RANG?`,
    },
    safe,
    abort: `:ABOR:ALL ${list}`,
    lineFrequency: ':SYST:LFR?',
  };
}
