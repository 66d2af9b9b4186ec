import { WaferReader } from '../db/wafer-reader.ts';
import { WaferWriter } from '../db/wafer-writer.ts';

/** The touchdowns of a die as its wafer file counts them. */
export interface DieLife {
  /** Null where no wafer file is given. */
  readonly touchdowns: number | null;
  /** Durable when it resolves. */
  readonly onTouchdown: (total: number) => Promise<void>;
}

/** Reads and keeps a die's touchdowns in its wafer file, whose count is never reset. */
export function dieLife(file: string | undefined, dieOrdinal: number): DieLife {
  if (file === undefined) return { touchdowns: null, onTouchdown: async () => {} };
  const reader = WaferReader.open(file);
  try {
    const { touchdowns = 0 } = reader.dies().find(({ ordinal }) => ordinal === dieOrdinal) ?? {};
    return { touchdowns, onTouchdown: (total) => keepTouchdowns(file, dieOrdinal, total) };
  } finally {
    reader.close();
  }
}

async function keepTouchdowns(file: string, dieOrdinal: number, touchdowns: number): Promise<void> {
  const writer = await WaferWriter.open(file);
  try {
    await writer.updateDie(dieOrdinal, { touchdowns });
  } finally {
    await writer.close();
  }
}
