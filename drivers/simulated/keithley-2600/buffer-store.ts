import { boundedArgument, numberArgument } from './argument.ts';
import { TspCommandError } from './error-queue.ts';
import { isHandle, type LuaMachine, type LuaValue } from './lua-machine.ts';
import { BUFFER_PARTS, ReadingBuffer } from './reading-buffer.ts';
import { BUFFER_ATTRIBUTES, PARTS_PER_BUFFER } from './tsp-dialect.ts';

const LARGEST_BUFFER = 1_000_000;

/** Runs a host call; a refused command becomes an entry of the error queue and no value. */
export type Guarded = (call: () => LuaValue | readonly LuaValue[]) => readonly LuaValue[];

/** All reading buffers by the number under which Lua knows them. They live as long as the instrument. */
export class BufferStore {
  private readonly buffers: ReadingBuffer[] = [];
  private readonly numbers = new Map<ReadingBuffer, number>();

  numberOf(buffer: ReadingBuffer): number {
    let number = this.numbers.get(buffer);
    if (number === undefined) {
      number = this.buffers.push(buffer) - 1;
      this.numbers.set(buffer, number);
    }
    return number;
  }

  /** makebuffer(size): the new buffer's number. */
  make(size: LuaValue): number {
    return this.numberOf(new ReadingBuffer(boundedArgument(size, 1, LARGEST_BUFFER)));
  }

  of(value: LuaValue): ReadingBuffer {
    if (!isHandle(value)) throw new TspCommandError(-104);
    return this.buffers[Math.floor(value.handle / PARTS_PER_BUFFER)];
  }

  /** Elements start…end of each part in turn: v1, i1, v2, i2 … for two parts. */
  values(start: LuaValue, end: LuaValue, parts: readonly LuaValue[]): number[] {
    const [first, last] = [Math.floor(numberArgument(start)), Math.floor(numberArgument(end))];
    if (parts.length === 0) throw new TspCommandError(1400, 'Expected at least 3 parameters');
    const values: number[] = [];
    parts.forEach((value, i) => {
      if (!isHandle(value)) throw new TspCommandError(1401, `Parameter ${i + 3} is invalid`);
      const buffer = this.of(value);
      if (first < 1 || last > buffer.n) throw new TspCommandError(5038);
      buffer.copyPart(BUFFER_PARTS[value.handle % PARTS_PER_BUFFER], first, last, values, i, parts.length);
    });
    return values;
  }

  /** The host functions behind the buffer tables of the dialect layer. */
  register(machine: LuaMachine, guarded: Guarded): void {
    machine.register('_bufferpart', ([number, part, index]) => [
      this.buffers[number as number].at(BUFFER_PARTS[part as number], index as number),
    ]);
    machine.register('_bufferclear', ([number]) => {
      this.buffers[number as number].clear();
      return [];
    });
    machine.register('_bufferget', ([number, attribute]) => [
      bufferAttribute(this.buffers[number as number], BUFFER_ATTRIBUTES[attribute as number]),
    ]);
    machine.register('_bufferset', ([number, attribute, value]) =>
      guarded(() => {
        setBufferAttribute(this.buffers[number as number], BUFFER_ATTRIBUTES[attribute as number], value);
        return undefined;
      }),
    );
  }
}

function bufferAttribute(buffer: ReadingBuffer, name: (typeof BUFFER_ATTRIBUTES)[number]): LuaValue {
  switch (name) {
    case 'n':
      return buffer.n;
    case 'capacity':
      return buffer.capacity;
    case 'appendmode':
      return buffer.appendMode ? 1 : 0;
    case 'collecttimestamps':
      return buffer.collectTimestamps ? 1 : 0;
    case 'collectsourcevalues':
      return buffer.collectSourceValues ? 1 : 0;
    case 'timestampresolution':
      return buffer.timestampResolution;
    case 'basetimestamp':
      return buffer.baseSeconds;
    case 'cachemode':
      return 1;
  }
}

function setBufferAttribute(buffer: ReadingBuffer, name: (typeof BUFFER_ATTRIBUTES)[number], value: LuaValue): void {
  const on = () => numberArgument(value) !== 0;
  switch (name) {
    case 'appendmode':
      buffer.appendMode = on();
      return;
    case 'collecttimestamps':
      buffer.collectTimestamps = on();
      return;
    case 'collectsourcevalues':
      buffer.collectSourceValues = on();
      return;
    case 'timestampresolution':
      buffer.timestampResolution = boundedArgument(value, 1e-6, 1);
      return;
    case 'cachemode':
      return;
    default:
      throw new TspCommandError(-221, 'Cannot modify a read-only attribute');
  }
}
