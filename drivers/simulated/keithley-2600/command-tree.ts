import type { LuaValue } from './lua-machine.ts';

export interface Attribute {
  get(): LuaValue;
  /** Absent for read-only attributes. */
  set?(value: LuaValue): void;
}

// biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing, as a plain function does
type CommandResult = LuaValue | void | readonly LuaValue[] | Promise<LuaValue | readonly LuaValue[]>;

export interface Command {
  /** A promise makes the script wait for the instrument. */
  call(...args: LuaValue[]): CommandResult;
  readonly waits: boolean;
  /** The returned handle becomes a reading buffer in Lua. */
  readonly makesBuffer?: boolean;
}

type Key = string | number;

/** One table of the instrument's command set, e.g. smua.trigger.source: constants, attributes, functions, sub-tables. */
export class CommandObject {
  readonly constants = new Map<Key, number | string | boolean>();
  readonly attributes = new Map<Key, Attribute>();
  readonly commands = new Map<Key, Command>();
  readonly children = new Map<Key, CommandObject | { readonly buffer: number }>();
  /** Objects whose children may be reached only while this holds (node[2] before the link is up). */
  readonly reachable: (() => boolean) | null;

  constructor(reachable: (() => boolean) | null = null) {
    this.reachable = reachable;
  }

  constant(values: Readonly<Record<string, number | string | boolean>>): this {
    for (const [key, value] of Object.entries(values)) this.constants.set(key, value);
    return this;
  }

  attribute(key: Key, get: () => LuaValue, set?: (value: LuaValue) => void): this {
    this.attributes.set(key, set === undefined ? { get } : { get, set });
    return this;
  }

  command(key: Key, call: Command['call']): this {
    this.commands.set(key, { call, waits: false });
    return this;
  }

  waiting(key: Key, call: Command['call']): this {
    this.commands.set(key, { call, waits: true });
    return this;
  }

  child(key: Key, object: CommandObject | { readonly buffer: number }): this {
    this.children.set(key, object);
    return this;
  }
}

/** The tree with numbers for attributes and commands, and the Lua text that builds its tables. */
export class CommandRegistry {
  readonly attributes: Attribute[] = [];
  readonly commands: Command[] = [];

  /** A Lua expression for the object; needs `object`, `callable`, `waiting`, `maker` and `buffer` of the dialect layer. */
  expression(object: CommandObject): string {
    const values: string[] = [];
    for (const [key, value] of object.constants) values.push(`[${quote(key)}]=${quote(value)}`);
    for (const [key, command] of object.commands) {
      const id = this.commands.push(command) - 1;
      const wrapper = command.makesBuffer === true ? 'maker' : command.waits ? 'waiting' : 'callable';
      values.push(`[${quote(key)}]=${wrapper}(${id})`);
    }
    for (const [key, child] of object.children) {
      values.push(
        `[${quote(key)}]=${child instanceof CommandObject ? this.expression(child) : `buffer(${child.buffer})`}`,
      );
    }
    const names: string[] = [];
    for (const [key, attribute] of object.attributes) {
      names.push(`[${quote(key)}]=${this.attributes.push(attribute) - 1}`);
    }
    if (object.reachable === null) return `object({${values.join(',')}},{${names.join(',')}})`;
    const { reachable } = object;
    const guard = this.attributes.push({ get: () => reachable() }) - 1;
    return `guarded(${guard},{${values.join(',')}},{${names.join(',')}})`;
  }
}

function quote(value: number | string | boolean): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
