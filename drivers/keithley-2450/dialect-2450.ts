import { readFrameNumber } from '../framing/frame-values.ts';
import type { SmuDialect } from '../scpi-source/smu-dialect.ts';
import { readBinaryStage } from '../scpi-source/stage-readings.ts';

/** SOURSTATus bits (reference manual, "TRACe:DATA?"). */
const LIMITED = 32;
const OUTPUT_ON = 128;

const BUFFER = '"defbuffer1"';

export function dialect2450(): SmuDialect {
  const safe = [':ABOR', ':SOUR:VOLT 0', ':OUTP OFF'];
  return {
    driver: 'keithley-2450',
    interlockCodes: [5074],
    nplc: { min: 0.01, max: 10 },
    list: { header: ':SOUR:LIST:VOLT', perCommand: 100, total: 2500 },
    setUp: ({ sourceRangeVolts, limitAmps }) => ({
      commands: [
        ...safe,
        '*RST',
        ':SENS:FUNC "CURR"',
        ':SOUR:FUNC VOLT',
        `:SOUR:VOLT:RANG ${sourceRangeVolts}`,
        ':SOUR:VOLT 0',
        `:SOUR:VOLT:ILIM ${limitAmps}`,
        ':SOUR:VOLT:READ:BACK ON',
        `:SENS:CURR:RANG ${limitAmps}`,
        ':SENS:CURR:RSEN OFF',
        ':SENS:CURR:AZER OFF',
        ':OUTP:SMOD NORM',
        ':FORM:DATA SRE',
        ':FORM:BORD SWAP',
      ],
      readBacks: [
        { question: ':SOUR:VOLT:ILIM?', expected: limitAmps },
        { question: ':SOUR:VOLT:RANG?', expected: sourceRangeVolts, overhead: 10 },
        { question: ':FORM:DATA?', expected: 'SRE' },
        { question: ':FORM:BORD?', expected: 'SWAP' },
        { question: ':SOUR:VOLT:READ:BACK?', expected: 1 },
      ],
    }),
    stage: ({ range, nplc, settleSeconds }) => [
      `:SOUR:VOLT:ILIM ${range.limitAmps}`,
      `:SENS:CURR:RANG ${range.rangeAmps}`,
      `:SENS:CURR:NPLC ${nplc}`,
      `:SOUR:VOLT:DEL ${settleSeconds}`,
    ],
    stageLimits: ({ rangeAmps, limitAmps }) => [
      { question: ':SOUR:VOLT:ILIM?', expected: limitAmps },
      { question: ':SENS:CURR:RANG?', expected: rangeAmps },
    ],
    run: async (connection, wire, points, timeoutSeconds, signal) => {
      // The sweep command builds the trigger model from the list that is stored.
      const sweep = `:SOUR:SWE:VOLT:LIST 1,0,1,OFF,${BUFFER}`;
      await connection.write(wire, [`:TRAC:CLE ${BUFFER}`, sweep, ':INIT', '*WAI'], signal);
      const question = `:TRAC:ACT? ${BUFFER}`;
      const actual = await connection.ask(wire, question, signal, timeoutSeconds);
      if (readFrameNumber(connection.thing, question, actual) !== points) {
        await connection.requireNoErrors(wire, 'a list sweep', signal);
        throw connection.malformed(question, actual, `${points}`);
      }
      const wait = { awaited: 'the readings of a list sweep', timeoutSeconds, signal };
      const read = () => readBinaryStage(connection.thing, wire, points, wait);
      return connection.fetchTwice(wire, `:TRAC:DATA? 1,${points},${BUFFER},SOUR,READ,REL,SOURSTAT`, read, signal);
    },
    statusOf: (status) =>
      (status & OUTPUT_ON) === 0
        ? null
        : { compliance: (status & LIMITED) !== 0, rangeCompliance: false, overRange: false },
    output: (on) => [':SOUR:VOLT 0', `:OUTP ${on ? 'ON' : 'OFF'}`],
    state: { output: ':OUTP?', level: ':SOUR:VOLT?', limit: ':SOUR:VOLT:ILIM?', range: ':SOUR:VOLT:RANG?' },
    safe,
    abort: ':ABOR',
    lineFrequency: ':SYST:LFR?',
  };
}
