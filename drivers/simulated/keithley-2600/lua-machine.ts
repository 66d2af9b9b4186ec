import { LuaEngine, LuaFactory, LuaLibraries } from 'wasmoon';

/** Anything that crosses between Lua and the instrument. A table comes as its handle or as its numbers. */
export type LuaValue = number | string | boolean | undefined | Handle | readonly LuaValue[];

/** A reading buffer or a part of one, known to Lua by a number. */
export interface Handle {
  readonly handle: number;
}

/** Index under which a proxy table carries its handle; no script uses it. */
export const HANDLE_INDEX = -7777;

const TYPE = { nil: 0, boolean: 1, number: 3, string: 4, table: 5, function: 6 } as const;
const STATUS = { ok: 0, yield: 1 } as const;
const COUNT_HOOK = 8;

/** The raw exports of the WebAssembly module: numbers in, numbers out, without conversion layers. */
interface LuaExports {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _lua_gettop(state: number): number;
  _lua_settop(state: number, top: number): void;
  _lua_type(state: number, index: number): number;
  _lua_tonumberx(state: number, index: number, isNumber: number): number;
  _lua_toboolean(state: number, index: number): number;
  _lua_tolstring(state: number, index: number, length: number): number;
  _lua_rawlen(state: number, index: number): number;
  _lua_rawgeti(state: number, index: number, place: bigint): number;
  _lua_pushnil(state: number): void;
  _lua_pushnumber(state: number, value: number): void;
  _lua_pushinteger(state: number, value: bigint): void;
  _lua_pushboolean(state: number, value: number): void;
  _lua_pushlstring(state: number, pointer: number, length: number): number;
  _lua_newthread(state: number): number;
  _lua_resume(state: number, from: number, args: number, results: number): number;
  _lua_pushcclosure(state: number, pointer: number, upvalues: number): void;
  _luaL_loadbufferx(state: number, text: number, length: number, name: number, mode: number): number;
  _lua_sethook(state: number, hook: number, mask: number, count: number): void;
  _lua_yieldk(state: number, results: number, context: number, continuation: number): number;
  _lua_isyieldable(state: number): number;
  _lua_error(state: number): number;
  HEAPU8: Uint8Array;
  HEAP32: Int32Array;
  addFunction(call: (...args: number[]) => unknown, signature: string): number;
  removeFunction(pointer: number): void;
}

export type Step =
  | { readonly kind: 'finished' }
  /** The script waits for the instrument: an operation with its arguments, answered by `resume`. */
  | { readonly kind: 'waits'; readonly values: LuaValue[] }
  /** The script used up a slice of instructions. */
  | { readonly kind: 'slice' }
  | { readonly kind: 'failed'; readonly syntax: boolean; readonly text: string };

/** Thrown by a host function to end the script with a Lua error. */
export class LuaFailure extends Error {}

let factory: LuaFactory | null = null;

/** A Lua state without os, io or debug, driven by raw calls: a host call costs about a microsecond. */
export class LuaMachine {
  private readonly engine: LuaEngine;
  private readonly lua: LuaExports;
  private readonly main: number;
  private readonly scratch: number;
  private readonly hookPointer: number;
  private readonly sliceInstructions: number;
  private readonly pointers: number[] = [];

  private constructor(engine: LuaEngine, lua: LuaExports, sliceInstructions: number) {
    this.engine = engine;
    this.lua = lua;
    this.main = engine.global.address;
    this.scratch = lua._malloc(8);
    this.sliceInstructions = sliceInstructions;
    this.hookPointer = lua.addFunction((state) => {
      // Between two instructions of a script, never inside a library function's callback.
      if (lua._lua_isyieldable(state) !== 0) lua._lua_yieldk(state, 0, 0, 0);
    }, 'vii');
    this.pointers.push(this.hookPointer);
  }

  static async create(sliceInstructions: number): Promise<LuaMachine> {
    factory ??= new LuaFactory();
    const module = await factory.getLuaModule();
    const engine = new LuaEngine(module, { openStandardLibs: false, injectObjects: false, enableProxy: false });
    for (const library of [LuaLibraries.Base, LuaLibraries.Table, LuaLibraries.String, LuaLibraries.Math]) {
      engine.global.loadLibrary(library);
    }
    return new LuaMachine(engine, module.module as unknown as LuaExports, sliceInstructions);
  }

  /** Registers a global function. It returns values, or throws LuaFailure. */
  register(name: string, call: (args: LuaValue[]) => readonly LuaValue[]): void {
    const { lua } = this;
    const pointer = lua.addFunction((state) => {
      const count = lua._lua_gettop(state);
      const args: LuaValue[] = new Array(count);
      for (let i = 0; i < count; i++) args[i] = this.read(state, i + 1);
      let results: readonly LuaValue[];
      try {
        results = call(args);
      } catch (error) {
        if (!(error instanceof LuaFailure)) throw error;
        this.push(state, error.message);
        return lua._lua_error(state);
      }
      for (let i = 0; i < results.length; i++) this.push(state, results[i]);
      return results.length;
    }, 'ii');
    this.pointers.push(pointer);
    lua._lua_pushcclosure(this.main, pointer, 0);
    this.engine.global.lua.lua_setglobal(this.main, name);
  }

  /** Registers `name(operation, …)`: ends the present step with kind `waits`. */
  registerYield(name: string): void {
    const { lua } = this;
    const pointer = lua.addFunction((state) => lua._lua_yieldk(state, lua._lua_gettop(state), 0, 0), 'ii');
    this.pointers.push(pointer);
    lua._lua_pushcclosure(this.main, pointer, 0);
    this.engine.global.lua.lua_setglobal(this.main, name);
  }

  /** Runs text to its end on the main state; for the dialect layer, not for clients' scripts. */
  runTrusted(text: string): void {
    this.engine.doStringSync(text);
  }

  /** Compiles a chunk into a coroutine of its own. */
  load(text: string, chunkName: string): LuaRun {
    const thread = this.lua._lua_newthread(this.main);
    const place = this.lua._lua_gettop(this.main);
    const failure = this.compile(thread, text, chunkName);
    return new LuaRun(this, thread, place, failure);
  }

  /** @internal Resumes a coroutine with the values. */
  resume(thread: number, values: readonly LuaValue[]): Step {
    const { lua } = this;
    for (const value of values) this.push(thread, value);
    lua._lua_sethook(thread, this.hookPointer, COUNT_HOOK, this.sliceInstructions);
    const status = lua._lua_resume(thread, this.main, values.length, this.scratch);
    if (status === STATUS.ok) return { kind: 'finished' };
    if (status !== STATUS.yield) {
      const text = this.read(thread, -1);
      return { kind: 'failed', syntax: false, text: typeof text === 'string' ? text : 'unknown error' };
    }
    const count = lua.HEAP32[this.scratch >> 2];
    if (count === 0) return { kind: 'slice' };
    const top = lua._lua_gettop(thread);
    const yielded = Array.from({ length: count }, (_, i) => this.read(thread, top - count + 1 + i));
    lua._lua_settop(thread, top - count);
    return { kind: 'waits', values: yielded };
  }

  /** @internal Lets the garbage collector have a coroutine. */
  release(place: number): void {
    // Runs end in the order they began, one at a time: the coroutine is the top of the main stack.
    this.lua._lua_settop(this.main, place - 1);
  }

  close(): void {
    this.lua._free(this.scratch);
    this.engine.global.close();
    for (const pointer of this.pointers) this.lua.removeFunction(pointer);
  }

  private compile(thread: number, text: string, chunkName: string): string | null {
    const bytes = Buffer.from(text, 'latin1');
    const name = Buffer.from(`=${chunkName}\0t\0`, 'latin1');
    const pointer = this.lua._malloc(bytes.length + name.length);
    this.lua.HEAPU8.set(bytes, pointer);
    this.lua.HEAPU8.set(name, pointer + bytes.length);
    const namePointer = pointer + bytes.length;
    const modePointer = namePointer + name.length - 2;
    const status = this.lua._luaL_loadbufferx(thread, pointer, bytes.length, namePointer, modePointer);
    this.lua._free(pointer);
    return status === STATUS.ok ? null : String(this.read(thread, -1));
  }

  private read(state: number, index: number): LuaValue {
    const { lua } = this;
    switch (lua._lua_type(state, index)) {
      case TYPE.number:
        return lua._lua_tonumberx(state, index, 0);
      case TYPE.boolean:
        return lua._lua_toboolean(state, index) !== 0;
      case TYPE.string: {
        const start = lua._lua_tolstring(state, index, this.scratch);
        const length = lua.HEAP32[this.scratch >> 2];
        return Buffer.from(lua.HEAPU8.buffer, lua.HEAPU8.byteOffset + start, length).toString('latin1');
      }
      case TYPE.table:
        return this.readTable(state, index);
      case TYPE.function:
        return 'function';
      default:
        return undefined;
    }
  }

  private readTable(state: number, index: number): LuaValue {
    const { lua } = this;
    const handleType = lua._lua_rawgeti(state, index, BigInt(HANDLE_INDEX));
    const handle = handleType === TYPE.number ? lua._lua_tonumberx(state, -1, 0) : null;
    lua._lua_settop(state, -2);
    if (handle !== null) return { handle };
    const place = index < 0 ? lua._lua_gettop(state) + 1 + index : index;
    const length = lua._lua_rawlen(state, place);
    const values: LuaValue[] = new Array(length);
    for (let i = 0; i < length; i++) {
      const type = lua._lua_rawgeti(state, place, BigInt(i + 1));
      values[i] = type === TYPE.table ? undefined : this.read(state, -1);
      lua._lua_settop(state, -2);
    }
    return values;
  }

  private push(state: number, value: LuaValue): void {
    const { lua } = this;
    if (typeof value === 'number') {
      // Lua 5.0 has one kind of number; whole ones are pushed as 5.4 integers so that they print without ".0".
      if (Number.isSafeInteger(value)) lua._lua_pushinteger(state, BigInt(value));
      else lua._lua_pushnumber(state, value);
    } else if (typeof value === 'boolean') lua._lua_pushboolean(state, value ? 1 : 0);
    else if (typeof value === 'string') this.pushString(state, value);
    else if (isHandle(value)) lua._lua_pushinteger(state, BigInt(value.handle));
    else lua._lua_pushnil(state);
  }

  private pushString(state: number, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const pointer = this.lua._malloc(bytes.length + 1);
    this.lua.HEAPU8.set(bytes, pointer);
    this.lua._lua_pushlstring(state, pointer, bytes.length);
    this.lua._free(pointer);
  }
}

export function isHandle(value: LuaValue): value is Handle {
  return typeof value === 'object' && value !== null && 'handle' in value;
}

/** One chunk on its way. */
export class LuaRun {
  private readonly machine: LuaMachine;
  private readonly thread: number;
  private readonly place: number;
  private readonly compileFailure: string | null;
  private released = false;

  constructor(machine: LuaMachine, thread: number, place: number, compileFailure: string | null) {
    this.machine = machine;
    this.thread = thread;
    this.place = place;
    this.compileFailure = compileFailure;
  }

  resume(values: readonly LuaValue[]): Step {
    if (this.compileFailure !== null) return { kind: 'failed', syntax: true, text: this.compileFailure };
    return this.machine.resume(this.thread, values);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.machine.release(this.place);
  }
}
