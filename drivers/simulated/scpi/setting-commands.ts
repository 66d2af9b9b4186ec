import type { Command, CommandTree } from './command-tree.ts';
import { booleanValue, choiceValue, isKeyword, type NumericBounds, numericValue } from './parameter.ts';
import { nr3 } from './reply-text.ts';
import { ScpiError } from './scpi-error.ts';

/** Where a setting lives: read and written by the keyword suffix, which is the channel where there are several. */
export interface Setting<Value> {
  get(suffix: number): Value;
  set(value: Value, suffix: number): void | Promise<void>;
}

/** A number that may be written with multiplier, unit, MIN, MAX or DEF, and asked for with "? MAX". */
export function addNumber(
  tree: CommandTree,
  pattern: string,
  bounds: NumericBounds | ((suffix: number) => NumericBounds),
  setting: Setting<number>,
  form: (value: number) => string = nr3,
): void {
  const boundsOf = typeof bounds === 'function' ? bounds : () => bounds;
  tree.add(pattern, {
    set: (parameters, suffix) => setting.set(numericValue(only(parameters), boundsOf(suffix)), suffix),
    query: (parameters, suffix) => {
      if (parameters.length === 0) return form(setting.get(suffix));
      const word = only(parameters);
      if (!['MINimum', 'MAXimum', 'DEFault'].some((name) => isKeyword(name, word))) throw new ScpiError(-108);
      return form(numericValue(word, boundsOf(suffix)));
    },
  });
}

/** ON, OFF, 1 or 0; answered as 1 or 0. */
export function addSwitch(tree: CommandTree, pattern: string, setting: Setting<boolean>): void {
  tree.add(pattern, {
    set: (parameters, suffix) => setting.set(booleanValue(only(parameters)), suffix),
    query: (parameters, suffix) => {
      none(parameters);
      return setting.get(suffix) ? '1' : '0';
    },
  });
}

/** One of several words; answered in short form. */
export function addChoice<Option extends string>(
  tree: CommandTree,
  pattern: string,
  options: readonly Option[],
  setting: Setting<Option>,
): void {
  tree.add(pattern, {
    set: (parameters, suffix) => setting.set(choiceValue(only(parameters), options), suffix),
    query: (parameters, suffix) => {
      none(parameters);
      return setting.get(suffix).replaceAll(/[a-z]/g, '');
    },
  });
}

/** A command without query and without parameters. */
export function addAction(tree: CommandTree, pattern: string, action: (suffix: number) => void | Promise<void>): void {
  tree.add(pattern, {
    set: (parameters, suffix) => {
      none(parameters);
      return action(suffix);
    },
  });
}

/** A query without command. */
export function addQuery(tree: CommandTree, pattern: string, query: NonNullable<Command['query']>): void {
  tree.add(pattern, { query });
}

/** The only parameter; -109 without one, -108 with more. */
export function only(parameters: readonly string[]): string {
  if (parameters.length === 0) throw new ScpiError(-109);
  if (parameters.length > 1) throw new ScpiError(-108);
  return parameters[0];
}

export function none(parameters: readonly string[]): void {
  if (parameters.length > 0) throw new ScpiError(-108);
}
