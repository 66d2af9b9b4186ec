import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { WIRE_LOG_FORMAT, WIRE_LOG_VERSION, type WireEvent, type WireLogHead } from './wire-record.ts';

export interface RecordedWires {
  readonly head: WireLogHead;
  readonly events: readonly WireEvent[];
}

/** Reads a wire log whole. TB_FILE_NOT_FOUND, TB_FILE_NOT_TUNNELBENCH, TB_FILE_CORRUPT; a last line cut off by a crash is left out. */
export async function readWireLog(file: string): Promise<RecordedWires> {
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) lines.push(line);
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    throw failure(file, 'TB_FILE_NOT_FOUND', 'the wire log cannot be read', value);
  }
  const head = parsed(lines[0] ?? '');
  if (!isHead(head)) {
    throw failure(
      file,
      'TB_FILE_NOT_TUNNELBENCH',
      'it is not a wire log of a version that can be read',
      lines[0]?.slice(0, 80),
    );
  }
  const events: WireEvent[] = [];
  for (const [i, line] of lines.slice(1).entries()) {
    const event = parsed(line);
    if (isEvent(event)) events.push(event);
    else if (i < lines.length - 2)
      throw failure(file, 'TB_FILE_CORRUPT', `line ${i + 2} is no event`, line.slice(0, 80));
  }
  return { head, events };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isHead(value: unknown): value is WireLogHead {
  const head = value as Partial<WireLogHead> | null;
  return (
    head?.format === WIRE_LOG_FORMAT &&
    head.version === WIRE_LOG_VERSION &&
    typeof head.benchYaml === 'string' &&
    typeof head.resources === 'object'
  );
}

function isEvent(value: unknown): value is WireEvent {
  const event = value as Partial<WireEvent> | null;
  return (
    typeof event?.instrument === 'string' &&
    (event.direction === 'sent' || event.direction === 'received') &&
    typeof event.bytes === 'string'
  );
}

function failure(
  file: string,
  code: 'TB_FILE_NOT_FOUND' | 'TB_FILE_NOT_TUNNELBENCH' | 'TB_FILE_CORRUPT',
  what: string,
  value: string | undefined,
): TunnelbenchError {
  const remedy = 'Give the file that --wire-log wrote.';
  return new TunnelbenchError(code, { thing: file, what, value: value ?? 'nothing', remedy });
}
