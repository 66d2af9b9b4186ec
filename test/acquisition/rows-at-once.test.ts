import { describe, expect, it } from 'vitest';
import { judgeRows, type RowsFacts, requireRows } from '../../acquisition/rows-at-once.ts';
import { parseBenchFile } from '../../drivers/bench-file.ts';
import { simulatedBenchYaml } from '../../drivers/simulated/bench-yaml.ts';
import { rowsAtOnce } from '../../scripts/rows-at-once.ts';
import { DEFAULT_GEOMETRY } from '../../wafer/geometry.ts';

const resource = 'TCPIP0::127.0.0.1::5025::SOCKET';
const yaml = simulatedBenchYaml({
  resources: { smu: resource, enable: resource, router: resource, supplies: resource, prober: resource },
  geometry: DEFAULT_GEOMETRY,
  waferId: 'W',
  dies: 'default36',
  apToP: 'positive',
  ceilingVolts: 0.8,
});
const bench = (wiring = '') => parseBenchFile(`${yaml}${wiring}`, 'bench.yaml');
const quiet = { healthy: 1e-4, open: 1e-4, shorted: 1e-4 };
const facts = (rows: number, change: Partial<RowsFacts> = {}): RowsFacts => ({
  scheme: rows === 1 ? 'pair' : 'rowsOfColumn',
  rows,
  channels: rows + 2,
  cellsAtOnce: rows === 1 ? 2 : rows,
  deviation: quiet,
  ...change,
});

describe('several rows at once', () => {
  it.each(['healthy', 'open', 'shorted'] as const)('are refused beyond 0.1 %% beside %s partners', (partner) => {
    const [verdict] = judgeRows([facts(4, { deviation: { ...quiet, [partner]: 1.1e-3 } })], 20);
    expect(verdict.refusal).toBe(`cross-talk 0.11 % beside ${partner} partners; at most 0.1 % is allowed`);
    expect(() => requireRows(4, [verdict])).toThrow(/4 rows at once: cross-talk 0\.11 %.*TB_BENCH_CANNOT_REALISE/);
  });

  it('are refused where the source lacks the channels, or where nothing is gained', () => {
    expect(judgeRows([facts(4)], 3)[0].refusal).toBe('it takes 6 source channels; there are 3');
    expect(judgeRows([facts(2)], 20)[0].refusal).toBe('it measures no more cells at once than the pair');
    expect(judgeRows([facts(4)], 6)[0].refusal).toBeNull();
    expect(judgeRows([facts(1, { deviation: { ...quiet, shorted: 0.5 } })], 3)[0].refusal).toBeNull();
  });

  it('are computed for the bench’s own wiring and told by the dry run', () => {
    const [pair, rows] = rowsAtOnce(bench());
    expect(pair).toMatchObject({ scheme: 'pair', rows: 1, refusal: null });
    expect(rows.refusal).toMatch(/^cross-talk 0\.12 % beside healthy partners, .* beside shorted partners/);
    expect(() => rowsAtOnce(bench(), '6')).toThrow(/6 rows at once: cross-talk.*TB_BENCH_CANNOT_REALISE/);
    // Sensing at the pads the circuit would allow it: then it is the channels that are missing.
    const kelvin = bench('wiring: {contactOhms: 0.001, ohmsPerPitch: 0.0001}\n');
    expect(() => rowsAtOnce(kelvin, '4')).toThrow(/it takes 6 source channels; there are 3/);
    expect(rowsAtOnce({ ...bench(), access: ['single'] })).toEqual([]);
    expect(() => rowsAtOnce({ ...bench(), access: ['single'] }, '4')).toThrow(/TB_BENCH_CANNOT_REALISE/);
    expect(() => rowsAtOnce(bench(), 'many')).toThrow(/TB_USAGE/);
  });
});
