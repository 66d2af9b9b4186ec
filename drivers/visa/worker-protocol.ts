import type { AttributeType } from './attributes.ts';
import type { LibraryChoice } from './library-candidates.ts';
import type { VisaFunction } from './visa-calls.ts';

/** What the worker of a session is started with. */
export interface VisaWorkerData {
  readonly choice: LibraryChoice;
  /** One Int32: the number of the request that was cancelled. Read between two slices of a wait. */
  readonly cancelled: SharedArrayBuffer;
}

/** How a read ended: END of the message, the terminator, as many bytes as asked for, or no more in time. */
export type ReadEnd = 'end' | 'terminator' | 'count' | 'timeout';

export interface ReadReply {
  readonly bytes: Uint8Array;
  readonly end: ReadEnd;
}

/** Functions that take the session and plain numbers and return a status only. */
export type PlainFunction = Extract<
  VisaFunction,
  | 'viClear'
  | 'viAssertTrigger'
  | 'viGpibControlREN'
  | 'viUnlock'
  | 'viEnableEvent'
  | 'viDisableEvent'
  | 'viDiscardEvents'
  | 'viTerminate'
  | 'viClose'
>;

/** Every request with what answers it. Times in milliseconds, as VISA has them. */
export interface Operations {
  load: { ask: object; reply: { readonly path: string; readonly missing: readonly string[] } };
  openManager: { ask: object; reply: number };
  find: { ask: { manager: number; expression: string }; reply: string[] };
  open: { ask: { manager: number; resource: string; timeoutMs: number }; reply: number };
  plain: {
    ask: { vi: number; function: PlainFunction; numbers: readonly number[]; timeoutMs?: number };
    reply: number;
  };
  write: { ask: { vi: number; bytes: Uint8Array; timeoutMs: number }; reply: null };
  read: {
    ask: { vi: number; count: number; terminator: number | null; timeoutMs: number; sliceMs: number };
    reply: ReadReply;
  };
  statusByte: { ask: { vi: number; timeoutMs: number }; reply: number };
  lock: { ask: { vi: number; mode: number; key: string | null; timeoutMs: number; sliceMs: number }; reply: string };
  waitEvent: { ask: { vi: number; type: number; timeoutMs: number; sliceMs: number }; reply: boolean };
  getAttribute: { ask: { vi: number; code: number; type: AttributeType }; reply: string | number | bigint | boolean };
  setAttribute: { ask: { vi: number; code: number; state: bigint }; reply: number };
}

export type Operation = keyof Operations;
export type Ask<Name extends Operation> = Operations[Name]['ask'];
export type Reply<Name extends Operation> = Operations[Name]['reply'];

/** What crosses to the worker: a number, the operation and its values. */
export type Request = {
  [Name in Operation]: { readonly id: number; readonly op: Name } & Readonly<Ask<Name>>;
}[Operation];

/** A library that could not be loaded. */
export interface TriedLibrary {
  readonly path: string;
  readonly reason: string;
}

/** Why an operation failed, as plain data. */
export type Failure =
  | { readonly kind: 'status'; readonly function: string; readonly status: number; readonly description: string }
  | { readonly kind: 'missing'; readonly function: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'not-found'; readonly tried: readonly TriedLibrary[] }
  | { readonly kind: 'not-visa'; readonly path: string }
  | { readonly kind: 'defect'; readonly message: string };

export type Response =
  | { readonly id: number; readonly value: Reply<Operation> }
  | { readonly id: number; readonly failure: Failure };
