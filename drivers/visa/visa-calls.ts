import koffi from 'koffi';

/** ViAttrState is as wide as a pointer on 64-bit systems (visatype.h, _VISA_ENV_IS_64_BIT). */
const STATE = koffi.sizeof('void *') === 8 ? 'uint64_t' : 'uint32_t';

/** Arguments of the functions used; all return ViStatus. Output arguments are buffers. */
const PROTOTYPES = {
  viOpenDefaultRM: ['void *'],
  viFindRsrc: ['uint32_t', 'str', 'void *', 'void *', 'void *'],
  viFindNext: ['uint32_t', 'void *'],
  viOpen: ['uint32_t', 'str', 'uint32_t', 'uint32_t', 'void *'],
  viClose: ['uint32_t'],
  viGetAttribute: ['uint32_t', 'uint32_t', 'void *'],
  viSetAttribute: ['uint32_t', 'uint32_t', STATE],
  viStatusDesc: ['uint32_t', 'int32_t', 'void *'],
  viTerminate: ['uint32_t', 'uint16_t', 'uint32_t'],
  viRead: ['uint32_t', 'void *', 'uint32_t', 'void *'],
  viWrite: ['uint32_t', 'void *', 'uint32_t', 'void *'],
  viClear: ['uint32_t'],
  viReadSTB: ['uint32_t', 'void *'],
  viAssertTrigger: ['uint32_t', 'uint16_t'],
  viGpibControlREN: ['uint32_t', 'uint16_t'],
  viLock: ['uint32_t', 'uint32_t', 'uint32_t', 'str', 'void *'],
  viUnlock: ['uint32_t'],
  viEnableEvent: ['uint32_t', 'uint32_t', 'uint16_t', 'uint32_t'],
  viDisableEvent: ['uint32_t', 'uint32_t', 'uint16_t'],
  viDiscardEvents: ['uint32_t', 'uint32_t', 'uint16_t'],
  viWaitOnEvent: ['uint32_t', 'uint32_t', 'uint32_t', 'void *', 'void *'],
} as const;

export type VisaFunction = keyof typeof PROTOTYPES;

/** Without these it is no VISA library. The others may be missing: their use is then refused. */
const INDISPENSABLE: readonly VisaFunction[] = [
  'viOpenDefaultRM',
  'viOpen',
  'viClose',
  'viGetAttribute',
  'viSetAttribute',
  'viRead',
  'viWrite',
];

type Argument = number | bigint | string | Uint8Array | Uint32Array | null;
type Native = (...values: Argument[]) => number;

/** A function that the library does not export. */
export class MissingFunction extends Error {
  readonly function: VisaFunction;

  constructor(name: VisaFunction) {
    super(`the library has no ${name}`);
    this.function = name;
  }
}

/** The functions of one loaded library. Calls block: use it on a worker only. */
export class VisaCalls {
  readonly path: string;
  readonly missing: readonly VisaFunction[];
  readonly #functions = new Map<VisaFunction, Native>();

  /** Throws the loader's error when there is no such library; see `isVisa` for one that is something else. */
  constructor(path: string) {
    this.path = path;
    const library = koffi.load(path);
    const missing: VisaFunction[] = [];
    for (const name of Object.keys(PROTOTYPES) as VisaFunction[]) {
      try {
        // __stdcall matters on 32-bit Windows only; elsewhere it is ignored.
        this.#functions.set(name, library.func('__stdcall', name, 'int32_t', [...PROTOTYPES[name]]) as Native);
      } catch {
        missing.push(name);
      }
    }
    this.missing = missing;
  }

  get isVisa(): boolean {
    return INDISPENSABLE.every((name) => this.#functions.has(name));
  }

  /** Calls and returns ViStatus; throws MissingFunction. */
  call(name: VisaFunction, ...values: Argument[]): number {
    const native = this.#functions.get(name);
    if (!native) throw new MissingFunction(name);
    return native(...values);
  }
}
