import { closeSync, openSync, writeSync } from 'node:fs';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { BenchFile } from '../bench-file.ts';
import type { WireLog } from '../transport/transport.ts';
import { WIRE_LOG_FORMAT, WIRE_LOG_VERSION, type WireEvent, type WireLogHead } from './wire-record.ts';

/** Written in blocks: a sweep is some kilobytes, and a write for each of its parts would hold the event loop up. */
const BLOCK_CHARACTERS = 65_536;

/** Writes a wire log: one JSON line for the head, one for each run of bytes. A log cut off by a crash can be replayed up to there. */
export class WireRecorder {
  readonly #descriptor: number;
  #pending: string;

  /** TB_FILE_EXISTS rather than overwriting a log. */
  constructor(file: string, bench: BenchFile) {
    try {
      this.#descriptor = openSync(file, 'wx');
    } catch (error) {
      throw cannotWrite(file, error as NodeJS.ErrnoException);
    }
    const places = Object.entries(bench.instruments);
    const head: WireLogHead = {
      format: WIRE_LOG_FORMAT,
      version: WIRE_LOG_VERSION,
      startedAt: new Date().toISOString(),
      benchYaml: bench.text,
      resources: Object.fromEntries(places.map(([place, { resource }]) => [place, resource])),
    };
    this.#pending = `${JSON.stringify(head)}\n`;
  }

  /** The hook for one instrument's link. */
  logOf(instrument: string): WireLog {
    return (direction, bytes, at) => {
      const event: WireEvent = { at, instrument, direction, bytes: Buffer.from(bytes).toString('latin1') };
      this.#pending += `${JSON.stringify(event)}\n`;
      if (this.#pending.length >= BLOCK_CHARACTERS) this.#flush();
    };
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    writeSync(this.#descriptor, this.#pending);
    this.#pending = '';
  }
}

function cannotWrite(file: string, error: NodeJS.ErrnoException): TunnelbenchError {
  return new TunnelbenchError(error.code === 'EEXIST' ? 'TB_FILE_EXISTS' : 'TB_FILE_NOT_FOUND', {
    thing: file,
    what: error.code === 'EEXIST' ? 'the wire log would overwrite a file' : 'the wire log cannot be written',
    value: error.message,
    remedy: 'Give --wire-log a new file name in a folder that exists.',
  });
}
