import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLot } from '../../acquisition/lot-file.ts';
import { askForWafer, awaitWafer, type LoadAnswer } from '../../acquisition/next-wafer.ts';
import { StopRequest } from '../../acquisition/stop-request.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { BenchProcess, notAtRest, startTunnelbench, tunnelbench } from '../acceptance/bench-process.ts';
import { MemoryBench } from '../acquisition/memory-bench.ts';

const LOT = 'lot: L1\nfolder: files\nwafers:\n  - {id: W7, wafer: 7}\n  - {id: W8}\n';

describe('a lot file', () => {
  it('names its wafers and their files', () => {
    expect(parseLot(LOT, '/data/lot.yaml')).toEqual({
      lot: 'L1',
      wafers: [
        { id: 'W7', wafer: '7', file: '/data/files/W7.sqlite' },
        { id: 'W8', wafer: 'W8', file: '/data/files/W8.sqlite' },
      ],
    });
  });

  it.each([
    ['wafers: []', 'lot: L1\nwafers: []\n', 'lot.yaml:2:9'],
    ['a wafer twice', LOT.replace('W8', 'W7'), 'two wafers have the same id: W7'],
    ['a misspelt key', LOT.replace('folder', 'folders'), 'folders'],
    ['an id that is no file name', LOT.replace('W8', 'A/8'), 'an id with a slash needs a file of its own'],
  ])('is refused with %s', (_, text, message) => {
    expect(() => parseLot(text, 'lot.yaml')).toThrow(message);
    expect(() => parseLot(text, 'lot.yaml')).toThrow(/TB_LOT_INVALID/);
  });
});

describe('the next wafer', () => {
  const { wafers } = parseLot(LOT, '/data/lot.yaml');
  const chuck = (id: string) => {
    const bench = new MemoryBench();
    bench.options.waferId = id;
    return bench;
  };

  it('is the one whose id the prober reports, whichever was asked for', async () => {
    const bench = chuck('W8');
    const asked: string[] = [];
    const ask = async ({ id }: { id: string }, found: string): Promise<LoadAnswer> => {
      asked.push(`${id}: ${found}`);
      return 'loaded';
    };
    expect((await askForWafer(bench.prober, wafers, ask, new StopRequest()))?.id).toBe('W8');
    expect(asked).toEqual(['W7: the prober reports W8']);
  });

  it('is asked for again while another wafer lies there, and is nobody when the operator skips all or ends', async () => {
    const bench = chuck('W3');
    const answers: LoadAnswer[] = ['loaded', 'skip', 'loaded', 'skip'];
    const asked: string[] = [];
    const ask = async ({ id }: { id: string }, found: string) => {
      asked.push(`${id}: ${found}`);
      return answers.shift() as LoadAnswer;
    };
    expect(await askForWafer(bench.prober, wafers, ask, new StopRequest())).toBeNull();
    const found = 'the prober reports W3, which is not left to be measured';
    expect(asked).toEqual([`W7: ${found}`, `W7: ${found}`, `W8: ${found}`, `W8: ${found}`]);
    expect(await askForWafer(bench.prober, wafers, async () => 'end', new StopRequest())).toBeNull();
  });

  it('is awaited from the cassette, for a stated time', async () => {
    const bench = chuck('W1');
    const stop = new StopRequest();
    const coming = awaitWafer(bench.prober, wafers, 60, stop, 0.01);
    setTimeout(() => Object.assign(bench.options, { waferId: 'W8' }), 30);
    expect((await coming)?.id).toBe('W8');
    bench.options.waferId = '';
    await expect(awaitWafer(bench.prober, wafers, 0.03, stop, 0.01)).rejects.toThrow(
      /no wafer id.*W7, W8.*TB_NO_WAFER/,
    );
    const waiting = awaitWafer(bench.prober, wafers, 60, stop, 60);
    stop.finish('test');
    expect(await waiting).toBeNull();
  });
});

describe('a lot on a bench', () => {
  let folder: string;
  let bench: BenchProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tunnelbench-lot-'));
    bench = await BenchProcess.start('--seed', '7', '--geometry', '10x12', '--dies', '1', '--wafer', 'W7');
    writeFileSync(join(folder, 'bench.yaml'), bench.benchYaml);
    writeFileSync(join(folder, 'lot.yaml'), LOT);
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true });
  });

  const fields = ['notch', 'operator', 'station', 'probe-card', 'purpose'].flatMap((name) => [`--${name}`, 'unknown']);
  const words = (minutes: string) => [
    ...['lot', join(folder, 'lot.yaml'), '--bench', join(folder, 'bench.yaml')],
    ...['--next', 'cassette', '--load-minutes', minutes, '--cells', '24', ...fields],
  ];
  const file = (id: string) => join(folder, 'files', `${id}.sqlite`);

  it('measures the wafer that lies there, waits for the next, and says where the lot stands', async () => {
    const { status, output } = await tunnelbench(...words('0.02'));
    expect(output).toMatch(/^wafer W7: starting$/m);
    expect(output).toMatch(/TB_NO_WAFER/);
    expect(output).toMatch(/^7 +W7 +finished +1\/1 +24 /m);
    expect(output).toMatch(/^W8 +W8 +untouched +– +0 /m);
    expect(output).toMatch(/Look at: W8 is not measured yet\./);
    expect(status).toBe(1);
    expect(notAtRest(await bench.state())).toEqual([]);
    const reader = WaferReader.open(file('W7'));
    expect(reader.sessions()[0].fields).toMatchObject({ lot: 'L1', wafer: '7' });
    reader.close();
  });

  it('goes on with a wafer that was interrupted, touches finished ones no more, and ends well', async () => {
    await bench.faults({ waferId: 'W8' });
    const run = startTunnelbench(...words('1'));
    let sent = false;
    run.child.stderr?.on('data', () => {
      if (sent || !/wafer W8: starting/.test(run.output())) return;
      sent = true;
      run.child.kill('SIGTERM');
    });
    const stopped = await run.ended;
    expect(stopped.status).toBe(1);
    expect(stopped.output).toMatch(/^W8 +W8 +unfinished /m);

    const { status, output } = await tunnelbench(...words('1'));
    expect(output).toMatch(/^wafer W8: going on$/m);
    expect(output).not.toMatch(/wafer W7:/);
    expect(output).toMatch(/2 of 2 wafers finished\. Healthy: [\d.]+ % of 48 cells measured/);
    expect(output).toMatch(/Nothing needs attention\./);
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'lot.yaml.summary.txt'), 'utf8')).toMatch(/^Lot L1, 2 wafers/);
    const reader = WaferReader.open(file('W8'));
    expect(reader.sessions().map(({ end }) => end)).toEqual(['stopped', 'finished']);
    reader.close();

    const again = await tunnelbench('lot', join(folder, 'lot.yaml'), '--summary');
    expect([again.status, again.output.match(/finished/g)?.length]).toEqual([0, 3]);
    expect(await bench.violations()).toEqual([]);
  });

  it('needs a terminal to ask on', async () => {
    const { status, output } = await tunnelbench('lot', join(folder, 'lot.yaml'), '--bench', 'none.yaml', ...fields);
    expect([status, output]).toEqual([
      2,
      expect.stringMatching(/--next ask: not usable.*no terminal to ask on.*TB_USAGE/),
    ]);
  });
});
