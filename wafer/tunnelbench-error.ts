/** What an error tells: what failed, the value met, what was expected, what to do. */
export interface ErrorFacts {
  /** The instrument, file, parameter or cell concerned, e.g. "smu1 (TCPIP0::127.0.0.1::5025::SOCKET)". */
  thing: string;
  /** What happened, one sentence without a final full stop. */
  what: string;
  /** The value met, as text; omitted where there is none. */
  value?: string;
  /** What was expected or allowed. */
  expected?: string;
  /** What the user can do now. */
  remedy: string;
}

/**
 * Base of every error that tunnelbench raises on purpose. `code` is stable and listed in docs/errors.md: scripts may
 * rely on it. Anything thrown that is not a TunnelbenchError is a defect of the program.
 */
export class TunnelbenchError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts, options?: { cause?: unknown }) {
    super(describe(code, facts), options);
    this.name = 'TunnelbenchError';
    this.code = code;
    this.facts = facts;
  }
}

function describe(code: ErrorCode, { thing, what, value, expected, remedy }: ErrorFacts): string {
  const met = value === undefined ? '' : ` Found: ${value}.`;
  const wanted = expected === undefined ? '' : ` Expected: ${expected}.`;
  return `${thing}: ${what}.${met}${wanted} ${remedy} [${code}]`;
}

/** Every code, by the room that raises it. docs/errors.md says what each means; a test holds the two together. */
export const ERROR_CODES = [
  // wafer: values that are not what their type promises
  'TB_GEOMETRY_INVALID',
  'TB_PAD_MAP_INVALID',
  // drivers: links and instruments
  'TB_RESOURCE_INVALID',
  'TB_LINK_UNREACHABLE',
  'TB_LINK_LOST',
  'TB_LINK_TIMEOUT',
  'TB_REPLY_MALFORMED',
  'TB_REPLY_MISMATCH',
  'TB_INSTRUMENT_ERROR',
  'TB_INSTRUMENT_WRONG_MODEL',
  'TB_LIMIT_NOT_VERIFIED',
  'TB_INTERLOCK_OPEN',
  'TB_ROUTE_NOT_CONFIRMED',
  'TB_ENABLE_NOT_CONFIRMED',
  'TB_SUPPLY_NOT_CONFIRMED',
  'TB_PROBER_POSITION',
  'TB_PROBER_NOT_SEPARATED',
  'TB_BENCH_FILE_INVALID',
  'TB_BENCH_CANNOT_REALISE',
  // drivers: the VISA library
  'TB_VISA_LIBRARY_NOT_FOUND',
  'TB_VISA_LIBRARY_INVALID',
  'TB_VISA_FUNCTION_MISSING',
  'TB_VISA_NO_INSTRUMENT',
  'TB_VISA_TIMEOUT',
  'TB_VISA_LOCKED',
  'TB_VISA_LINK_LOST',
  'TB_VISA_UNSUPPORTED',
  'TB_VISA_CALL_FAILED',
  // acquisition: recipes, plans, sessions
  'TB_RECIPE_INVALID',
  'TB_PLAN_INVALID',
  'TB_PLAN_OVER_LIMIT',
  'TB_LOT_INVALID',
  'TB_NO_WAFER',
  'TB_DEADLINE_EXCEEDED',
  'TB_SESSION_FIELD_MISSING',
  'TB_SESSION_NOT_RESUMABLE',
  'TB_WAFER_MISMATCH',
  'TB_CONTACT_FAILED',
  'TB_TOUCHDOWN_LIMIT',
  'TB_LOSS_LIMIT',
  'TB_PULSE_BUDGET',
  'TB_BENCH_NOT_SAFE',
  'TB_ABORTED',
  // db: files
  'TB_FILE_NOT_FOUND',
  'TB_FILE_EXISTS',
  'TB_FILE_NOT_TUNNELBENCH',
  'TB_FILE_NEWER',
  'TB_FILE_IN_USE',
  'TB_FILE_CORRUPT',
  'TB_DISK_FULL',
  'TB_WRITER_FAILED',
  // analysis
  'TB_ANALYSIS_NO_DATA',
  'TB_DIE_MODEL_INVALID',
  // training
  'TB_DATASET_INVALID',
  'TB_MAPPING_INVALID',
  'TB_TRAINING_PARAMETER',
  'TB_SOLUTION_INVALID',
  // scripts
  'TB_USAGE',
  'TB_NODE_TOO_OLD',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
