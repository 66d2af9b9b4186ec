import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/tunnelbench.js'), ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const commands = Array.from(run('--help').stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm), ([, name]) => name);

describe('the command line', () => {
  it('lists its commands, the main job among them', () => {
    expect(commands).toEqual(
      expect.arrayContaining(['demo', 'simulate', 'bench', 'measure', 'resume', 'report', 'train']),
    );
  });

  it('prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('explains every command that the README names', () => {
    const named = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/npx tunnelbench ([a-z][a-z-]*)/g);
    const used = [...new Set(Array.from(named, ([, name]) => name))];
    expect(used.length).toBeGreaterThan(5);
    for (const name of used) {
      expect(commands).toContain(name);
      const help = run(name, '--help');
      expect([name, help.status]).toEqual([name, 0]);
      expect(help.stdout).toContain(`tunnelbench ${name}`);
    }
  });

  it.each([[['nonsense']], [['measure']], [['plan', 'bench.yaml', '--nonsense']]])(
    'answers %j with what was wrong and status 2',
    (words) => {
      const { status, stderr } = run(...words);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^error: /);
    },
  );

  it('names a missing file, with a code and status 1', () => {
    const { status, stderr } = run('summary', '/nowhere/wafer.sqlite');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: \/nowhere\/wafer\.sqlite.*\[TB_FILE_NOT_FOUND\]/);
  });
});
