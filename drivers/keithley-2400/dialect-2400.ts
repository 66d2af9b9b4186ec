import type { SmuDialect } from '../scpi-source/smu-dialect.ts';
import { readAsciiStage, readBinaryStage } from '../scpi-source/stage-readings.ts';

/** Status element (24 bits, reference manual "FORMat:ELEMents"). */
const OVERFLOW = 1 << 0;
const COMPLIANCE = 1 << 3;
const RANGE_COMPLIANCE = 1 << 16;

/** A range reads back with the 5 % that it holds beyond its name. */
const OVERHEAD = 1.05;

export function dialect2400(binary: boolean): SmuDialect {
  const safe = [':ABOR', ':SOUR:VOLT:MODE FIX', ':SOUR:VOLT 0', ':OUTP OFF'];
  return {
    driver: 'keithley-2400',
    interlockCodes: [802],
    nplc: { min: 0.01, max: 10 },
    list: { header: ':SOUR:LIST:VOLT', perCommand: 100, total: 2500 },
    setUp: ({ sourceRangeVolts, limitAmps }) => ({
      commands: [
        ...safe,
        '*RST',
        ':SOUR:FUNC VOLT',
        ':SOUR:CLE:AUTO OFF',
        ':SENS:FUNC:CONC ON',
        ':SENS:FUNC "VOLT:DC","CURR:DC"',
        `:SOUR:VOLT:RANG ${sourceRangeVolts}`,
        ':SOUR:VOLT 0',
        `:SENS:CURR:PROT ${limitAmps}`,
        `:SENS:CURR:RANG ${limitAmps}`,
        ':SYST:RSEN OFF',
        // The guard holds the neighbour column: below 1 Ω and up to 50 mA instead of the 10 kΩ that serve cables.
        ':SYST:GUAR OHMS',
        ':SYST:AZER:STAT ONCE',
        ':OUTP:SMOD NORM',
        ':ARM:COUN 1',
        ':ARM:SOUR IMM',
        ':FORM:ELEM VOLT,CURR,TIME,STAT',
        `:FORM:DATA ${binary ? 'REAL,32' : 'ASC'}`,
        ':FORM:BORD SWAP',
        ':SOUR:VOLT:MODE LIST',
      ],
      readBacks: [
        { question: ':SENS:CURR:PROT?', expected: limitAmps },
        // The smallest range that holds the wanted volts may be the next larger one.
        { question: ':SOUR:VOLT:RANG?', expected: sourceRangeVolts, overhead: 10 },
        { question: ':SYST:GUAR?', expected: 'OHMS' },
        { question: ':FORM:DATA?', expected: binary ? 'REAL,32' : 'ASC' },
        { question: ':FORM:BORD?', expected: 'SWAP' },
        { question: ':FORM:ELEM?', expected: 'VOLT,CURR,TIME,STAT' },
      ],
    }),
    // The limit first: a range above it is refused (+824), and a limit far below the range as well (+822).
    stage: ({ range, nplc, settleSeconds }) => [
      `:SENS:CURR:PROT ${range.limitAmps}`,
      `:SENS:CURR:RANG ${range.rangeAmps}`,
      `:SENS:CURR:NPLC ${nplc}`,
      `:SOUR:DEL ${settleSeconds}`,
    ],
    stageLimits: ({ rangeAmps, limitAmps }) => [
      { question: ':SENS:CURR:PROT?', expected: limitAmps },
      { question: ':SENS:CURR:RANG?', expected: rangeAmps, overhead: OVERHEAD },
    ],
    run: async (connection, wire, points, timeoutSeconds, signal) => {
      // FETCh? after a refused INITiate would answer with the sweep before: the error queue is asked in between.
      await connection.write(wire, [`:TRIG:COUN ${points}`, ':INIT'], signal);
      const ended = await connection.ask(wire, '*OPC?;:SYST:ERR?', signal, timeoutSeconds);
      const [, code] = /^1;([+-]?\d+),"/.exec(ended) ?? [];
      if (code === undefined) throw connection.malformed('*OPC?;:SYST:ERR?', ended, '1;0,"No error"');
      if (Number(code) !== 0) throw connection.reported('a list sweep', [ended.slice(2)]);
      const wait = { awaited: 'the readings of a list sweep', timeoutSeconds, signal };
      const read = () => (binary ? readBinaryStage : readAsciiStage)(connection.thing, wire, points, wait);
      return connection.fetchTwice(wire, ':FETC?', read, signal);
    },
    // A sweep with the output off is refused (+803): there are no readings of it.
    statusOf: (status) => ({
      compliance: (status & COMPLIANCE) !== 0,
      rangeCompliance: (status & RANGE_COMPLIANCE) !== 0,
      overRange: (status & OVERFLOW) !== 0,
    }),
    output: (on) => [':SOUR:VOLT 0', `:OUTP ${on ? 'ON' : 'OFF'}`],
    state: { output: ':OUTP?', level: ':SOUR:VOLT?', limit: ':SENS:CURR:PROT?', range: ':SOUR:VOLT:RANG?' },
    safe,
    abort: ':ABOR',
    lineFrequency: ':SYST:LFR?',
  };
}
