/** Texts of the error codes used here; the family's own wording, shortened. */
export const TSP_ERRORS = {
  [-104]: 'Data type error',
  [-108]: 'Parameter not allowed',
  [-109]: 'Missing parameter',
  [-113]: 'Undefined header',
  [-221]: 'Settings conflict',
  [-222]: 'Parameter data out of range',
  [-224]: 'Illegal parameter value',
  [-225]: 'Out of memory or TSP memory allocation error',
  [-285]: 'TSP Syntax error',
  [-286]: 'TSP Runtime error',
  [-350]: 'Queue overflow',
  [-363]: 'Input buffer over-run',
  802: 'OUTPUT blocked by interlock',
  1101: 'Parameter too big',
  1102: 'Parameter too small',
  1114: 'Settings conflict',
  1115: 'Parameter error',
  1205: 'TSP-Link initialization failed: no remote nodes found',
  1219: 'TSP-Link found fewer nodes than expected',
  1400: 'Expected at least %d parameters',
  1401: 'Parameter %d is invalid',
  1404: 'Invalid byte order',
  1405: 'Invalid ASCII precision',
  1406: 'Invalid data format',
  1801: 'Invalid digital I/O line',
  4900: 'Reading buffer index out of range',
  4903: 'Reading buffer expired',
  5005: 'Value too big for range',
  5028: 'Operation not possible with source autorange on',
  5032: 'Reading buffer must be empty',
  5038: 'Reading buffer index too big',
  5040: 'Cannot use the same reading buffer for multiple overlapped measurements',
  5041: 'Output enable not asserted',
  5059: 'Source action enabled without configuration',
  5060: 'Measure action enabled without configuration',
} as const;
export type TspErrorCode = keyof typeof TSP_ERRORS;

/** A command refused with a code; the rest of the chunk goes on. */
export class TspCommandError extends Error {
  readonly code: TspErrorCode;
  constructor(code: TspErrorCode, text: string = TSP_ERRORS[code]) {
    super(text);
    this.code = code;
  }
}

export interface QueuedError {
  readonly code: number;
  readonly text: string;
  /** 0 none, 10 information, 20 recoverable, 30 serious, 40 fatal. */
  readonly severity: number;
  readonly node: number;
}

const CAPACITY = 100;
const EMPTY: QueuedError = { code: 0, text: 'Queue Is Empty', severity: 0, node: 0 };

/** First in, first out. When it is full the last entry becomes -350 and further errors are lost. */
export class ErrorQueue {
  private readonly entries: QueuedError[] = [];

  get count(): number {
    return this.entries.length;
  }

  add(code: number, text: string, node: number, severity = 20): void {
    if (this.entries.length < CAPACITY) this.entries.push({ code, text, severity, node });
    else this.entries[CAPACITY - 1] = { code: -350, text: TSP_ERRORS[-350], severity: 20, node };
  }

  next(): QueuedError {
    return this.entries.shift() ?? EMPTY;
  }

  clear(): void {
    this.entries.length = 0;
  }
}
