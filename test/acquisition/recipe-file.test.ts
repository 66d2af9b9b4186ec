import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE_FILE, parseRecipe, readRecipeFile } from '../../acquisition/recipe-file.ts';
import { loopAmplitude } from '../../wafer/recipe.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

const text = readFileSync(DEFAULT_RECIPE_FILE, 'utf8');

function errorOf(changed: string): TunnelbenchError {
  try {
    parseRecipe(changed, 'my.yaml');
  } catch (error) {
    if (error instanceof TunnelbenchError) return error;
    throw error;
  }
  throw new Error('the recipe was accepted');
}

describe('the default recipe', () => {
  it('has the loop of 101 points in two parts, each ending at 0 V, with a read block after each', async () => {
    const { programme } = await readRecipeFile(DEFAULT_RECIPE_FILE);
    expect(programme.loop.map(({ name, volts }) => [name, volts.length])).toEqual([
      ['initialise', 5],
      ['loopToP', 51],
      ['readP', 4],
      ['loopToAp', 50],
      ['readAP', 4],
    ]);
    for (const { name, volts } of programme.loop) if (!name.startsWith('read')) expect(volts.at(-1)).toBe(0);
    expect(loopAmplitude(programme)).toBe(0.7);
    expect(Math.max(...programme.loop[1].volts)).toBe(0.7);
    expect(Math.min(...programme.loop[3].volts)).toBe(-0.7);
    expect(programme.branches.at(-1)).toMatchObject({ action: 'open', belowOhms: Number.POSITIVE_INFINITY });
  });

  it('has every sign flipped for a bench on which negative voltage writes P', () => {
    const negative = parseRecipe(text.replace('{ apToP: positive', '{ apToP: negative'), 'my.yaml').programme;
    const positive = parseRecipe(text, 'my.yaml').programme;
    for (const index of [0, 1, 3]) {
      const flipped = positive.loop[index].volts.map((level) => (level === 0 ? 0 : -level));
      expect(negative.loop[index].volts).toEqual(flipped);
    }
  });
});

describe('a wrong recipe is refused with the place, the value and what is allowed', () => {
  it.each([
    ['a voltage above the ceiling', '0.675, 0.70]', '0.675, 0.90]', 'loop.quarterVolts.24', '±0.8 V'],
    ['an unknown key', 'access: pair', 'acces: pair\naccess: pair', 'acces', 'keys of the default recipe'],
    ['a word for a number', 'minTmr: 0.5', 'minTmr: half', 'classes.minTmr', 'number'],
    ['an unknown action', 'do: lowBiasOnly', 'do: lowBiasonly', 'branches.0.do', 'lowBiasOnly'],
    ['a quarter that does not ascend', '0.10, 0.15', '0.15, 0.10', 'loop.quarterVolts', 'more than'],
    ['an initialise that writes P', '[-0.35, -0.60', '[0.35, -0.60', 'initialise.volts', 'no voltage above 0'],
    ['an initialise that is too weak', '-0.70, -0.70, 0]', '-0.60, -0.60, 0]', 'initialise.volts', '−0.7 V'],
    [
      'thresholds out of order',
      'subparBelowOhms: 1.2e4',
      'subparBelowOhms: 500',
      'classes.subparBelowOhms',
      'more than',
    ],
  ])('%s', (_, from, to, path, expected) => {
    expect(text).toContain(from);
    const error = errorOf(text.replace(from, to));
    expect(error.code).toBe('TB_RECIPE_INVALID');
    expect(error.facts.thing).toMatch(/^my\.yaml:\d+:\d+$/);
    expect(error.facts.what).toContain(path);
    expect(error.facts.expected).toContain(expected);
  });

  it('names the line and column of the value itself', () => {
    const lines = text.split('\n');
    const line = lines.findIndex((entry) => entry.includes('minTmr')) + 1;
    const error = errorOf(text.replace('minTmr: 0.5', 'minTmr: half'));
    expect(error.facts.thing).toBe(`my.yaml:${line}:${lines[line - 1].indexOf('0.5') + 1}`);
    expect(error.facts.value).toBe('"half"');
  });

  it('says that text is not YAML', () => {
    expect(errorOf(`${text}\n  - [`).facts.what).toContain('not valid YAML');
  });

  it('never accepts or crashes on mutilated text: either a recipe or a coded error', () => {
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 6 }), (at, length, insert) => {
        const changed = text.slice(0, at) + insert + text.slice(at + length);
        try {
          const { programme, limits } = parseRecipe(changed, 'my.yaml');
          const levels = [programme.preRead, programme.lowBias, ...programme.loop].flatMap(({ volts }) => volts);
          return levels.every((level) => Math.abs(level) <= limits.junctionVolts);
        } catch (error) {
          return error instanceof TunnelbenchError && error.code === 'TB_RECIPE_INVALID';
        }
      }),
      { numRuns: 150 },
    );
  });
});
