import { TspCommandError } from './error-queue.ts';
import type { LuaValue } from './lua-machine.ts';

/** A number, or error -104 / -109. Booleans count as 0 and 1, as the instrument takes them. */
export function numberArgument(value: LuaValue): number {
  if (value === undefined) throw new TspCommandError(-109);
  if (typeof value === 'boolean') return value ? 1 : 0;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw new TspCommandError(-104);
  return number;
}

/** A number within bounds: 1102 below, 1101 above. */
export function boundedArgument(value: LuaValue, low: number, high: number): number {
  const number = numberArgument(value);
  if (number < low) throw new TspCommandError(1102);
  if (number > high) throw new TspCommandError(1101);
  return number;
}

/** One of a few constants, else -224. */
export function choiceArgument(value: LuaValue, allowed: readonly number[]): number {
  const number = numberArgument(value);
  if (!allowed.includes(number)) throw new TspCommandError(-224);
  return number;
}

export function booleanArgument(value: LuaValue): boolean {
  return numberArgument(value) !== 0;
}

export function listArgument(value: LuaValue): number[] {
  if (!Array.isArray(value)) throw new TspCommandError(-104);
  return value.map((element) => numberArgument(element as LuaValue));
}
