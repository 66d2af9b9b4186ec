import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { AdaptiveRecipe, Recipe } from '../wafer/recipe.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { recipeFaults } from './check-recipe.ts';
import { compileProgramme, compileQuick } from './compile-programme.ts';
import { type RecipeFileContent, recipeSchema } from './recipe-schema.ts';

/** The recipe that is used when none is named. */
export const DEFAULT_RECIPE_FILE = join(import.meta.dirname, 'recipes', 'rv-loop-default.yaml');

/** Reads and validates a recipe file. Throws TB_RECIPE_INVALID, or TB_FILE_NOT_FOUND. */
export async function readRecipeFile(file: string): Promise<Recipe> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new TunnelbenchError(
      'TB_FILE_NOT_FOUND',
      {
        thing: `recipe ${file}`,
        what: 'the file cannot be read',
        value: (cause as NodeJS.ErrnoException).code ?? String(cause),
        remedy: 'Give the path of a recipe file (YAML), or leave the option out to use the default recipe.',
      },
      { cause },
    );
  }
  return parseRecipe(text, file);
}

/** Recipe text (YAML) to a recipe. Throws TB_RECIPE_INVALID naming file:line:column, the value and what is allowed. */
export function parseRecipe(text: string, file: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };

  const [syntax] = document.errors;
  if (syntax) fail(place(syntax.pos[0]), `not valid YAML: ${syntax.message}`, undefined, 'YAML 1.2');

  const parsed = recipeSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const { path, what, expected } = deepestIssue(firstToTell(parsed.error.issues));
    fail(place(offsetOf(document, path)), `${pathText(path)}: ${what}`, valueAt(document, path), expected);
  }

  const [fault] = recipeFaults(parsed.data);
  if (fault) {
    const { path, what, expected } = fault;
    fail(place(offsetOf(document, path)), `${pathText(path)}: ${what}`, valueAt(document, path), expected);
  }
  return toRecipe(parsed.data);
}

function toRecipe(content: RecipeFileContent): Recipe {
  const { access, supplies, enable, limits, repeatSample, environment, contact, reference } = content;
  return {
    name: content.recipe,
    access,
    apToP: content.polarity.apToP,
    supplies,
    enable,
    limits,
    programme: compileProgramme(content),
    repeatSample,
    thresholds: content.classes,
    environment,
    contact,
    reference,
    lossPauseFraction: content.losses.pauseAboveFraction,
    ...(content.adaptive !== undefined && { adaptive: toAdaptive(content, content.adaptive) }),
    ...(content.programming !== undefined && { programming: content.programming }),
  };
}

function toAdaptive(content: RecipeFileContent, adaptive: NonNullable<RecipeFileContent['adaptive']>): AdaptiveRecipe {
  const { sampleFraction, seed, guardFraction, mostLoopsFraction } = adaptive;
  return { quick: compileQuick(content), sampleFraction, seed, guardFraction, mostLoopsFraction };
}

interface Issue {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly expected: string;
}

type ZodIssue = z.core.$ZodIssue;

/** A misspelt key is told before the key that is then missing. */
function firstToTell(issues: readonly ZodIssue[]): ZodIssue {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
}

/** A union reports one list of issues per alternative: the alternative that came furthest is the one meant. */
function deepestIssue(issue: ZodIssue): Issue {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const furthest = issue.errors.toSorted((a, b) => b[0].path.length - a[0].path.length || a.length - b.length)[0][0];
    const inner = deepestIssue(furthest);
    return { ...inner, path: [...keys(issue.path), ...inner.path] };
  }
  if (issue.code === 'unrecognized_keys') {
    const path = [...keys(issue.path), issue.keys[0]];
    return { path, what: 'unknown key', expected: 'only the keys of the default recipe' };
  }
  return {
    path: keys(issue.path),
    what: 'not an allowed value',
    expected: issue.message.replace(/^Invalid (input|option): expected /, ''),
  };
}

function keys(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

/** Place of the value, or of the nearest enclosing one when the key itself is missing. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function valueAt(document: Document, path: readonly (string | number)[]): string | undefined {
  const node = document.getIn(path, true);
  if (node === undefined) return 'nothing (the key is missing)';
  const value = isNode(node) ? node.toJS(document) : node;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function pathText(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the recipe' : path.join('.');
}

function fail(place: string, what: string, value: string | undefined, expected: string): never {
  throw new TunnelbenchError('TB_RECIPE_INVALID', {
    thing: place,
    what,
    ...(value !== undefined && { value }),
    expected,
    remedy: 'Correct the recipe file; nothing was energised.',
  });
}
