import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBench } from '../../../drivers/bench-check.ts';
import { parseBenchFile } from '../../../drivers/bench-file.ts';
import { openBench } from '../../../drivers/open-bench.ts';
import { openSimulatedBench, type SimulatedBench } from '../../../drivers/simulated/simulated-bench.ts';
import { CALM } from '../open-test-link.ts';
import { canCompile, compileLibvisa } from './compiled-libvisa.ts';

const GEOMETRY = { rows: 4, columns: 8, columnsPerEnableLine: 2 } as const;

describe.skipIf(!canCompile)('a bench whose sockets go through a VISA library', () => {
  let library: ReturnType<typeof compileLibvisa>;
  let simulated: SimulatedBench;
  beforeAll(async () => {
    library = compileLibvisa();
    simulated = await openSimulatedBench({ seed: 5, geometry: GEOMETRY });
  });
  afterAll(async () => {
    await simulated.close();
    library.remove();
  });

  it('is checked, and names who made the library, in the check and in the provenance', async () => {
    const visa = `visa: {library: '${library.path}', allResources: true}\n`;
    const file = parseBenchFile(simulated.benchYaml + visa, 'bench.yaml');
    const { instruments } = await checkBench(file, null, CALM);
    expect(instruments.map(({ problem }) => problem)).toEqual([null, null, null, null, null]);
    const vendor = `${library.path}: tunnelbench test library, VISA 5.8.0, version 1.2.3`;
    expect(instruments.map(({ visaLibrary }) => visaLibrary)).toEqual(Array(5).fill(vendor));
    const bench = await openBench(file, CALM);
    expect(await bench.source.describe(CALM)).toMatchObject({ visaLibrary: vendor, warmUp: 'not reported' });
    await bench.close();
  });
});
