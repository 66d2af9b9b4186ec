import { TspCommandError } from '../keithley-2600/error-queue.ts';
import type { LuaValue } from '../keithley-2600/lua-machine.ts';
import type { MatrixNode } from './matrix-node.ts';

/**
 * A channelList parameter: specifiers and ranges ("1A01:1A05") separated by comma or semicolon; `scopes` where "slot3"
 * and "allslots" are allowed too. Error 1115 for anything that does not exist. Channel patterns are not simulated.
 */
export function channelList(node: MatrixNode, value: LuaValue, scopes: boolean): string[] {
  if (value === undefined) throw new TspCommandError(-109);
  if (typeof value !== 'string') throw new TspCommandError(-104);
  const items = value.split(/[,;]/).map((item) => item.trim().toUpperCase());
  if (items.some((item) => item === '')) throw new TspCommandError(1115);
  return items.flatMap((item) => {
    const scope = scopes ? scopeOf(node, item) : null;
    if (scope !== null) return scope;
    const [first, last = first, ...more] = item.split(':').map((name) => name.trim());
    const names = node.namesOf(Number(first[0]));
    const [from, to] = [names.indexOf(first), names.indexOf(last)];
    if (more.length > 0 || from === -1 || to < from) throw new TspCommandError(1115);
    return names.slice(from, to + 1);
  });
}

function scopeOf(node: MatrixNode, item: string): string[] | null {
  if (item === 'ALLSLOTS') {
    return Array.from({ length: node.model.slots }, (_, i) => node.namesOf(i + 1)).flat();
  }
  const slot = /^SLOT([1-9])$/.exec(item);
  if (slot === null) return null;
  const names = node.namesOf(Number(slot[1]));
  if (names.length === 0) throw new TspCommandError(1115);
  return names;
}
