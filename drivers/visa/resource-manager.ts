import { type AttributeCode, type AttributeType, type AttributeValue, VISA_ATTRIBUTES } from './attributes.ts';
import { chooseLibrary, type LibraryChoice } from './library-candidates.ts';
import { VisaSession } from './visa-session.ts';
import { VisaWorkerLink } from './worker-link.ts';

const CALM = new AbortController().signal;

/** Who made the library in use: a name such as libvisa.so.0 does not tell. */
export interface VisaLibrary {
  readonly path: string;
  readonly manufacturer: string;
  readonly specVersion: string;
  readonly implementationVersion: string;
  /** Functions of the binding that it does not export. */
  readonly missing: readonly string[];
}

interface Shared {
  readonly opening: Promise<VisaResourceManager>;
  users: number;
}

/** One resource manager per library and process: closing one closes every session that was opened from it. */
const shared = new Map<string, Shared>();

/** The resource manager of a VISA library. Share it by `acquire`, and `release` what was acquired. */
export class VisaResourceManager {
  readonly library: VisaLibrary;
  readonly #key: string;
  readonly #manager: number;
  readonly #link: VisaWorkerLink;

  private constructor(key: string, manager: number, link: VisaWorkerLink, library: VisaLibrary) {
    this.#key = key;
    this.#manager = manager;
    this.#link = link;
    this.library = library;
  }

  /**
   * Loads the library of TUNNELBENCH_VISA_LIBRARY, else `configured` (visa.library of a bench file), else the system's,
   * unless that is done. TB_VISA_LIBRARY_NOT_FOUND, TB_VISA_LIBRARY_INVALID, or the library's own status.
   */
  static async acquire(configured: string | undefined): Promise<VisaResourceManager> {
    const choice = chooseLibrary(configured);
    const key = choice.candidates.join('\n');
    const entry = shared.get(key) ?? { opening: VisaResourceManager.#open(key, choice), users: 0 };
    shared.set(key, entry);
    entry.users += 1;
    try {
      return await entry.opening;
    } catch (error) {
      // The next attempt may find the library installed.
      if (shared.get(key) === entry) shared.delete(key);
      throw error;
    }
  }

  static async #open(key: string, choice: LibraryChoice): Promise<VisaResourceManager> {
    const link = new VisaWorkerLink('VISA resource manager', choice);
    try {
      const { path, missing } = await link.ask('load', {}, CALM);
      const manager = await link.ask('openManager', {}, CALM);
      const optional = async <Type extends AttributeType>({ code, type }: AttributeCode<Type>) => {
        try {
          return (await link.ask('getAttribute', { vi: manager, code, type }, CALM)) as AttributeValue<Type>;
        } catch {
          return null;
        }
      };
      const library = {
        path,
        manufacturer: (await optional(VISA_ATTRIBUTES.RSRC_MANF_NAME)) || 'manufacturer not stated',
        specVersion: versionText(await optional(VISA_ATTRIBUTES.RSRC_SPEC_VERSION)),
        implementationVersion: versionText(await optional(VISA_ATTRIBUTES.RSRC_IMPL_VERSION)),
        missing,
      };
      return new VisaResourceManager(key, manager, link, library);
    } catch (error) {
      await link.end();
      throw error;
    }
  }

  /** Names that the library finds for an expression such as "?*::INSTR"; empty when there are none. */
  find(expression: string, signal: AbortSignal): Promise<string[]> {
    return this.#link.ask('find', { manager: this.#manager, expression }, signal);
  }

  /**
   * Opens a session on a thread of its own. An abort rejects at once; a session that still opens afterwards is closed.
   * TB_VISA_NO_INSTRUMENT, TB_VISA_TIMEOUT, TB_VISA_LOCKED or another TB_VISA code.
   */
  async open(
    resource: string,
    { thing = resource, timeoutSeconds, signal }: { thing?: string; timeoutSeconds: number; signal: AbortSignal },
  ): Promise<VisaSession> {
    signal.throwIfAborted();
    const link = new VisaWorkerLink(thing, { candidates: [this.library.path], namedBy: 'the resource manager' });
    const timeoutMs = Math.ceil(timeoutSeconds * 1000);
    // viOpen cannot be broken off: there is no session yet that could be told to.
    const opening = link.ask('open', { manager: this.#manager, resource, timeoutMs }, CALM);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abandon = () => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      const vi = await Promise.race([opening, aborted]);
      return await VisaSession.over({ link, vi, resource, interrupt: () => this.#terminate(vi) });
    } catch (error) {
      const discard = async () => {
        const vi = await opening.catch(() => null);
        await link.end(vi === null ? undefined : { vi, function: 'viClose', numbers: [] });
      };
      discard().catch(() => {});
      throw error;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  /** The last user's release closes the manager and ends its thread. */
  async release(): Promise<void> {
    const entry = shared.get(this.#key);
    if (!entry) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    shared.delete(this.#key);
    await this.#link.end({ vi: this.#manager, function: 'viClose', numbers: [] });
  }

  /**
   * VPP-4.3: viTerminate without a job aborts the calls that run on a session. It is a request, and a library may lack
   * it: nothing depends on it, the slices of every wait end by themselves.
   */
  async #terminate(vi: number): Promise<void> {
    await this.#link.ask('plain', { vi, function: 'viTerminate', numbers: [0, 0] }, CALM).catch(() => {});
  }
}

/** 12 bits major, 12 bits minor, 8 bits sub-minor. */
function versionText(version: number | null): string {
  return version === null ? 'not stated' : `${version >>> 20}.${(version >>> 8) & 0xfff}.${version & 0xff}`;
}
