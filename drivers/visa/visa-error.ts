import { type ErrorCode, type ErrorFacts, TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { LIBRARY_VARIABLE, type LibraryChoice } from './library-candidates.ts';
import { statusSymbol } from './status-codes.ts';
import type { Failure, TriedLibrary } from './worker-protocol.ts';

/** A VISA call that failed: the status, its symbol and the library's own description. */
export class VisaError extends TunnelbenchError {
  readonly status: number;
  readonly symbol: string;
  readonly description: string;

  constructor(code: ErrorCode, facts: ErrorFacts, status: number, description: string) {
    super(code, facts);
    this.status = status;
    this.symbol = statusSymbol(status);
    this.description = description;
  }
}

type VisaErrorCode = Extract<ErrorCode, `TB_VISA_${string}`>;

/** Symbols by what the user can do about them; every other one is TB_VISA_CALL_FAILED. */
const KINDS: readonly (readonly [VisaErrorCode, string, readonly string[]])[] = [
  ['TB_VISA_TIMEOUT', 'Check that the instrument is on and has something to answer; then clear it.', ['TMO']],
  [
    'TB_VISA_NO_INSTRUMENT',
    'Check that the instrument is on, its address and cable; "tunnelbench bench list" shows what the library finds.',
    [
      'RSRC_NFOUND',
      'INV_RSRC_NAME',
      'NLISTENERS',
      'INTF_NUM_NCONFIG',
      'LIBRARY_NFOUND',
      'MACHINE_NAVAIL',
      'NPERMISSION',
    ],
  ],
  [
    'TB_VISA_LOCKED',
    'Another session or program holds the instrument: close it there, then try again.',
    ['RSRC_LOCKED', 'RSRC_BUSY', 'INV_ACCESS_KEY'],
  ],
  [
    'TB_VISA_LINK_LOST',
    'Check cable and instrument; close the session and open it again.',
    ['CONN_LOST', 'IO', 'INV_OBJECT', 'BERR'],
  ],
  [
    'TB_VISA_UNSUPPORTED',
    'This interface or library cannot do it; use another interface or library.',
    ['NSUP_OPER', 'NIMPL_OPER', 'NSUP_ATTR', 'NSUP_ATTR_STATE', 'ATTR_READONLY', 'INV_EVENT', 'INV_MECH', 'NSUP_MECH'],
  ],
];

const CODES = new Map<string, { readonly code: VisaErrorCode; readonly remedy: string }>(
  KINDS.flatMap(([code, remedy, names]) => names.map((name) => [`VI_ERROR_${name}`, { code, remedy }] as const)),
);

/** The error of a failed operation on `thing`. */
export function visaError(thing: string, failure: Failure, choice: LibraryChoice): TunnelbenchError {
  switch (failure.kind) {
    case 'status':
      return statusError(thing, failure.function, failure.status, failure.description);
    case 'missing':
      return new TunnelbenchError('TB_VISA_FUNCTION_MISSING', {
        thing,
        what: 'the VISA library in use lacks a function',
        value: failure.function,
        remedy: `Use another VISA library (${LIBRARY_VARIABLE}), or do without.`,
      });
    case 'not-found':
      return libraryNotFound(failure.tried, choice);
    case 'not-visa':
      return new TunnelbenchError('TB_VISA_LIBRARY_INVALID', {
        thing: failure.path,
        what: `the library named by ${choice.namedBy} is not a VISA library`,
        expected: 'viOpenDefaultRM, viOpen, viRead, viWrite and more among its functions',
        remedy: "Name the libvisa of your VISA vendor, or none to have the system's usual places searched.",
      });
    case 'cancelled':
      return new TunnelbenchError('TB_ABORTED', {
        thing,
        what: 'the VISA call was cancelled',
        remedy: 'Close the session and open it again before the next exchange.',
      });
    case 'closed':
      return new TunnelbenchError('TB_VISA_LINK_LOST', {
        thing,
        what: 'the session was closed by this program',
        remedy: 'Open it again.',
      });
    default:
      throw new Error(failure.message);
  }
}

export function statusError(thing: string, called: string, status: number, description: string): VisaError {
  const symbol = statusSymbol(status);
  // A lock that is not granted in time is held by somebody.
  const known =
    called === 'viLock' && symbol === 'VI_ERROR_TMO' ? CODES.get('VI_ERROR_RSRC_LOCKED') : CODES.get(symbol);
  const facts = {
    thing,
    what: `${called} failed`,
    value: description === '' ? symbol : `${symbol} (${description.replace(/\.$/, '')})`,
    remedy: known?.remedy ?? "Look the status up in the VISA library's manual; close the session and open it again.",
  };
  return new VisaError(known?.code ?? 'TB_VISA_CALL_FAILED', facts, status, description);
}

function libraryNotFound(tried: readonly TriedLibrary[], { namedBy }: LibraryChoice): TunnelbenchError {
  const pathsByReason = Map.groupBy(tried, ({ reason }) => reason)
    .entries()
    .map(([reason, libraries]) => [reason, libraries.map(({ path }) => path)] as const);
  return new TunnelbenchError('TB_VISA_LIBRARY_NOT_FOUND', {
    thing: 'VISA library',
    what: namedBy === null ? 'none is installed in the usual places' : `the one named by ${namedBy} cannot be loaded`,
    value: Array.from(pathsByReason, ([reason, paths]) => `${paths.join(', ')}: ${reason}`).join('; '),
    expected: `a library of this program's word size (${process.arch})`,
    remedy:
      `Install NI-VISA, Keysight IO Libraries or R&S VISA, or name a libvisa with ${LIBRARY_VARIABLE} or visa.library ` +
      'in the bench file; raw sockets and serial ports work without any.',
  });
}
