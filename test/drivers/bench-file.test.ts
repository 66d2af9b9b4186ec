import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBenchFile, readBenchFile } from '../../drivers/bench-file.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

const SAMPLE_BENCH = `bench: bench 3
geometry: {rows: 100, columns: 200, columnsPerEnableLine: 2}
instruments:
  smu:
    driver: keithley-2600
    resource: 'TCPIP0::192.0.2.10::5025::SOCKET'
    channels: {columnA: 'node[1].smua', columnB: 'node[1].smub', row: 'node[2].smua'}
    sourceRangeVolts: 1
  enable: {driver: enable-line-controller, resource: 'ASRL/dev/ttyUSB0::INSTR'}
  router: {driver: line-multiplexer, resource: 'ASRL/dev/ttyUSB1::INSTR', settleSeconds: 0.001, unselected: float}
  supplies: {driver: keysight-e36300, resource: 'TCPIP0::192.0.2.11::5025::SOCKET', outputs: {vdd: 1, vss: 2, substrate: 3}}
  prober: {driver: velox, resource: 'TCPIP0::192.0.2.12::1412::SOCKET'}
padMap: consecutive
access: [pair]
limits: {junctionVolts: 0.80, padVolts: {min: -0.1, max: 1.9}, limitAmps: 1.0e-3}
gate: {volts: 1.8}
supplies: {vdd: {volts: 1.8, limitAmps: 0.01}, vss: {volts: 0, limitAmps: 0.01}, substrate: {volts: 0, limitAmps: 0.01}}
polarity: {apToP: positive}
wafer: {id: W17, dies: default36}
contact: {overdriveMicrometres: 50, settleSeconds: 0.2}
`;

function failureOf(text: string): TunnelbenchError {
  try {
    parseBenchFile(text, 'bench.yaml');
  } catch (error) {
    if (error instanceof TunnelbenchError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('a bench file', () => {
  it('is read with its pad map and dies', () => {
    const file = parseBenchFile(SAMPLE_BENCH, 'bench.yaml');
    expect(file.name).toBe('bench 3');
    expect(file.padMap.supplies).toEqual({ vdd: 401, vss: 402, substrate: 403 });
    expect(file.wafer.dies).toHaveLength(36);
    expect(file.instruments.smu).toMatchObject({
      channels: { row: { node: 2, smu: 'smua' } },
      aloneColumnLimitAmps: 5e-3,
    });
    expect(file.polarity.apToP).toBe('positive');
  });

  it('takes pads as ranges and dies as a list', () => {
    const map =
      '{rows: "301-400", columns: ["1-100", "101-200"], enableLines: "201-300", supplies: {vdd: 401, vss: 402, substrate: 403}}';
    const text = SAMPLE_BENCH.replace('padMap: consecutive', `padMap: ${map}`).replace('default36', '[{x: 3, y: -2}]');
    const file = parseBenchFile(text, 'bench.yaml');
    expect([file.padMap.rows[0], file.padMap.columns[199], file.padMap.enableLines[0]]).toEqual([301, 200, 201]);
    expect(file.wafer.dies).toEqual([{ ordinal: 0, x: 3, y: -2 }]);
  });

  it.each(['gate', 'supplies', 'polarity', 'limits'])('has no default for %s', (section) => {
    const text = SAMPLE_BENCH.split('\n')
      .filter((line) => !line.startsWith(`${section}:`))
      .join('\n');
    const { code, message } = failureOf(text);
    expect(code).toBe('TB_BENCH_FILE_INVALID');
    expect(message).toContain(`${section}: `);
    expect(message).toContain('no default exists');
  });

  it.each([
    ['gate: {volts: 1.8}', 'gate: {volts: high}', 'high', 'gate.volts'],
    ['limitAmps: 1.0e-3}', 'limitAmps: 5}', '5}', 'limits.limitAmps'],
    ['{apToP: positive}', '{apToP: up}', 'up', 'polarity.apToP'],
    ["row: 'node[2].smua'", "row: 'smua'", "'smua'", 'instruments.smu.channels.row'],
    ["{columnA: 'node[1].smua'", "{columnA: 'node[2].smua'", '{', 'instruments.smu.channels'],
    ["columnB: 'node[1].smub'", "columnB: 'node[1].smuc'", "'node", 'instruments.smu.channels.columnB'],
    ['driver: velox', 'driver: velux', 'velux', 'instruments.prober.driver'],
    ["'TCPIP0::192.0.2.12::1412::SOCKET'", "'TCPIP0::192.0.2.12::1412'", "'", 'instruments.prober.resource'],
    ["velox, resource: 'TCPIP0", "velox, resouce: 'TCPIP0", "'TCPIP0", 'instruments.prober.resouce'],
    ['settleSeconds: 0.001', 'settleseconds: 0.001', '0.001', 'instruments.router.settleseconds'],
    ['{rows: 100, columns: 200', '{rows: 100, columns: 201', '{', 'columns divisible'],
    ['padMap: consecutive', 'padMap: {rows: "1-100"}', '{', 'padMap'],
    ['min: -0.1', 'min: -0.5', '-0.5', 'limits.padVolts.min'],
  ])('with "%s" as "%s" points at %s', (right, wrong, at, name) => {
    const text = SAMPLE_BENCH.replace(right, wrong);
    const before = text.slice(0, text.indexOf(wrong) + wrong.indexOf(at)).split('\n');
    const { code, facts, message } = failureOf(text);
    expect([code, facts.thing]).toEqual([
      'TB_BENCH_FILE_INVALID',
      `bench.yaml:${before.length}:${(before.at(-1) ?? '').length + 1}`,
    ]);
    expect(message).toContain(name);
  });

  it('names the pad that is used twice', () => {
    const map =
      '{rows: "1-100", columns: "100-299", enableLines: "301-400", supplies: {vdd: 401, vss: 402, substrate: 403}}';
    expect(failureOf(SAMPLE_BENCH.replace('padMap: consecutive', `padMap: ${map}`)).message).toContain(
      'pad 100 carries two lines',
    );
  });

  it('points at YAML that does not parse, duplicate keys included', () => {
    expect(failureOf('bench: [1\n').facts.thing).toMatch(/^bench\.yaml:\d+:\d+$/);
    expect(failureOf(`${SAMPLE_BENCH}gate: {volts: 2}\n`).facts.thing).toBe('bench.yaml:21:1');
  });

  it('answers any text with a bench or a typed error', () => {
    const lines = SAMPLE_BENCH.split('\n');
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('', '  ', '- 1', 'x: 1', ': :', '\t', 'gate: null', '5'), (at, line) => {
        const text = lines.toSpliced(at % lines.length, 1, line).join('\n');
        try {
          expect(parseBenchFile(text, 'f').name).toBeTypeOf('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TunnelbenchError);
        }
      }),
    );
  });

  it('says which file is missing', async () => {
    await expect(readBenchFile('/no/such/bench.yaml')).rejects.toMatchObject({ code: 'TB_FILE_NOT_FOUND' });
  });
});
