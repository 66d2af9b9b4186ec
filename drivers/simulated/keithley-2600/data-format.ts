import { boundedArgument, choiceArgument } from './argument.ts';
import { CommandObject } from './command-tree.ts';
import { TspCommandError } from './error-queue.ts';
import { binaryBlock, formatTspNumber } from './number-format.ts';

const FORMATS = { ASCII: 1, SREAL: 2, REAL: 3 } as const;
const ORDERS = { NORMAL: 0, SWAPPED: 1 } as const;

/** The `format` object: how print, printnumber and printbuffer write numbers. */
export class DataFormat {
  private data: number = FORMATS.ASCII;
  private order: number = ORDERS.NORMAL;
  private digits = 6;

  reset(): void {
    this.data = FORMATS.ASCII;
    this.order = ORDERS.NORMAL;
    this.digits = 6;
  }

  number(value: number): string {
    return formatTspNumber(value, this.digits);
  }

  /** The reply of printnumber and printbuffer, line feed included. */
  numbers(values: readonly number[]): Buffer {
    if (this.data === FORMATS.ASCII) {
      return Buffer.from(`${values.map((value) => this.number(value)).join(', ')}\n`, 'latin1');
    }
    return binaryBlock(values, this.data === FORMATS.SREAL ? 4 : 8, this.order === ORDERS.SWAPPED ? 'little' : 'big');
  }

  commands(): CommandObject {
    return new CommandObject()
      .constant({ ASCII: 1, SREAL: 2, REAL32: 2, REAL: 3, REAL64: 3, DREAL: 3 })
      .constant({ NORMAL: 0, BIGENDIAN: 0, NETWORK: 0, SWAPPED: 1, LITTLEENDIAN: 1 })
      .attribute(
        'data',
        () => this.data,
        (value) => {
          this.data = withCode(1406, () => choiceArgument(value, [1, 2, 3]));
        },
      )
      .attribute(
        'byteorder',
        () => this.order,
        (value) => {
          this.order = withCode(1404, () => choiceArgument(value, [0, 1]));
        },
      )
      .attribute(
        'asciiprecision',
        () => this.digits,
        (value) => {
          this.digits = withCode(1405, () => Math.round(boundedArgument(value, 1, 16)));
        },
      );
  }
}

function withCode<T>(code: 1404 | 1405 | 1406, read: () => T): T {
  try {
    return read();
  } catch {
    throw new TspCommandError(code);
  }
}
