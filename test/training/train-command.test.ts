import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelStore } from '../../db/model-store.ts';
import { RandomStream } from '../../training/random-stream.ts';

const launcher = fileURLToPath(new URL('../../scripts/tunnelbench.js', import.meta.url));
const fleet = fileURLToPath(new URL('../../fleets/A-development-1.json', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tunnelbench-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 400 training and 10 test images of 20 × 20 pixels in ten classes: row pairs of light. */
function writeIdx(): string[] {
  const random = new RandomStream(1);
  return [400, 10].flatMap((count, file) => {
    const images = Buffer.alloc(16 + 400 * count);
    images.set([0, 0, 8, 3]);
    [count, 20, 20].forEach((size, d) => {
      images.writeUInt32BE(size, 4 + 4 * d);
    });
    const labels = Buffer.alloc(8 + count);
    labels.set([0, 0, 8, 1]);
    labels.writeUInt32BE(count, 4);
    for (let i = 0; i < count; i++) {
      labels[8 + i] = i % 10;
      for (let p = 0; p < 40; p++) images[16 + 400 * i + 40 * (i % 10) + p] = 100 + random.below(156);
    }
    const paths = [join(folder, `images-${file}`), join(folder, `labels-${file}`)];
    writeFileSync(paths[0], images);
    writeFileSync(paths[1], labels);
    return paths;
  });
}

const idx = ['--idx', ...writeIdx(), '--validation-images', '100', '--batch-size', '20'];

function train(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, 'train', ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function idsIn(store: string): string[] {
  const reader = ModelStore.openForReading(store);
  try {
    return reader.solutions().map(({ id }) => id);
  } finally {
    reader.close();
  }
}

describe('tunnelbench train', () => {
  it('continues an ensemble that was killed, and trains nothing twice', async () => {
    const store = join(folder, 'killed.sqlite');
    const words = ['defect-free', ...idx, '--epochs', '60', '--store', store, '--workers', '1'];
    const running = spawn(process.execPath, [launcher, 'train', ...words, '--solutions', '100000'], {
      stdio: 'ignore',
    });
    const ended = once(running, 'exit');
    while (!existsSync(store) || idsIn(store).length < 3) await sleep(50);
    running.kill('SIGKILL');
    await ended;
    const before = idsIn(store);
    const { status, stderr } = train(...words, '--solutions', String(before.length + 2));
    expect(status, stderr).toBe(0);
    const after = idsIn(store);
    expect(after).toHaveLength(before.length + 2);
    expect(after.slice(0, before.length)).toEqual(before);
  }, 60_000);

  it('trains around the defects of each die given, and keeps the die beside the solution', () => {
    const store = join(folder, 'dies.sqlite');
    const dies = ['--fleet', fleet, '--die', '2,3', '1,1'];
    const { status, stdout, stderr } = train('hardware-aware', ...idx, ...dies, '--epochs', '1', '--store', store);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/die \(2, 3\), \d+ \+ \d+ defective weights: 1 solutions/);
    const reader = ModelStore.openForReading(store);
    const trained = reader.solutions().map(({ provenance }) => (provenance as { dieModelId: string }).dieModelId);
    expect(trained.toSorted()).toEqual(reader.dieModelIds().toSorted());
    expect(trained).toHaveLength(2);
    reader.close();
  });

  it('takes rate and saturated weight from the dies, or draws maps from their population', () => {
    const store = join(folder, 'statistics.sqlite');
    const words = ['statistics-aware', ...idx, '--fleet', fleet, '--epochs', '1', '--store', store];
    expect(train(...words).stdout).toMatch(/W_sat 1\d\.\d, rate 0\.00\d+ per weight, 0\.00\d+ per junction/);
    expect(train(...words, '--population').stdout).toMatch(/population of 36 dies: 1 solutions/);
    expect(idsIn(store)).toHaveLength(2);
  });

  it.each([
    ['TB_USAGE', ['statistics-aware', '--w-sat', '5']],
    ['TB_TRAINING_PARAMETER', ['statistics-aware', '--w-sat', '-1', '--defect-rate', '0.1']],
    ['TB_TRAINING_PARAMETER', ['statistics-aware', '--w-sat', '1', '--defect-rate', '1.1']],
    ['TB_TRAINING_PARAMETER', ['defect-free', '--epochs', '0']],
    ['TB_TRAINING_PARAMETER', ['defect-free', '--seed', 'one']],
    ['TB_USAGE', ['defect-free', '--solutions', '0']],
    ['TB_USAGE', ['hardware-aware', '--fleet', fleet, '--die', '99,99']],
    ['TB_USAGE', ['hardware-aware']],
    ['TB_MAPPING_INVALID', ['hardware-aware', '--fleet', fleet, '--hidden', '91']],
  ])('refuses with %s and leaves no store: %j', (code, words) => {
    const store = join(folder, 'never.sqlite');
    const { status, stderr } = train(...words, ...idx, '--store', store);
    expect(status).toBe(code === 'TB_USAGE' ? 2 : 1);
    expect(stderr).toContain(`[${code}]`);
    expect(existsSync(store)).toBe(false);
  });
});
