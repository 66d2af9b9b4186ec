import type { Instrument } from '../../../drivers/capabilities.ts';
import { DRIVERS, type InstrumentPlace, type OpenableDriver } from '../../../drivers/driver-registry.ts';
import { openInstrument } from '../../../drivers/open-bench.ts';
import { serveSerial } from '../../../drivers/simulated/pseudo-terminal.ts';
import { SimulatedClock } from '../../../drivers/simulated/simulated-clock.ts';
import { serveTcp } from '../../../drivers/simulated/tcp-server.ts';
import { TunnelbenchError } from '../../../wafer/tunnelbench-error.ts';
import { CALM } from '../open-test-link.ts';
import { ConformanceWorld } from './conformance-world.ts';
import { SUBJECTS, type Subject, type SubjectInstrument } from './driver-subjects.ts';
import { HostileWire } from './hostile-wire.ts';
import { BEHAVIOURS, type Behaviour } from './place-behaviour.ts';

/** One registered driver with everything that the suite knows of it. */
export interface Candidate {
  readonly place: InstrumentPlace;
  readonly name: string;
  readonly subject: Subject;
  readonly driver: OpenableDriver<Instrument> & { readonly options: { parse(value: unknown): ParsedOptions } };
  readonly behaviour: Behaviour<Instrument>;
}

interface ParsedOptions {
  readonly driver: string;
  readonly resource: string;
}

/** Every capability can be reopened. */
export type Reopenable = Instrument & { reopen(signal: AbortSignal): Promise<void> };

/** Every registered driver, as "place name" and its candidate. */
export const CANDIDATES: readonly (readonly [string, Candidate])[] = Object.entries(DRIVERS).flatMap(
  ([place, drivers]) =>
    Object.entries(drivers).flatMap(([name, driver]): [string, Candidate][] => {
      const subject = (SUBJECTS[place as InstrumentPlace] as Record<string, Subject | undefined>)[name];
      // Named by registry.test.ts, and by the compiler.
      if (subject === undefined) return [];
      const behaviour = BEHAVIOURS[place as InstrumentPlace] as Behaviour<Instrument>;
      const candidate = { place: place as InstrumentPlace, name, subject, driver, behaviour } as Candidate;
      return [[`${place} ${name}`, candidate]];
    }),
);

/** A simulated instrument behind a hostile wire, and what it takes to open the driver on it. */
export class Rig {
  readonly candidate: Candidate;
  readonly world: ConformanceWorld;
  readonly instrument: SubjectInstrument;
  readonly wire: HostileWire;
  /** Everything that the driver has sent, as one text. */
  sent = '';
  readonly #resource: string;
  readonly #close: () => Promise<void>;

  /** `wire` tcp: whatever the instrument usually hangs on. `foreign`: another instrument in its place. */
  static async start(
    candidate: Candidate,
    wire: 'tcp' | 'serial' = candidate.subject.wire,
    foreign: Subject = candidate.subject,
  ): Promise<Rig> {
    const world = new ConformanceWorld();
    const clock = new SimulatedClock(world, 'full');
    const instrument = await foreign.start(world, clock);
    const hostile = new HostileWire(instrument);
    const server = await (wire === 'tcp' ? serveTcp(hostile) : serveSerial(hostile));
    const close = async () => {
      await server.close();
      await instrument.companion?.close();
      clock.close();
    };
    return new Rig(candidate, world, instrument, hostile, server.resource, close);
  }

  private constructor(
    candidate: Candidate,
    world: ConformanceWorld,
    instrument: SubjectInstrument,
    wire: HostileWire,
    resource: string,
    close: () => Promise<void>,
  ) {
    this.candidate = candidate;
    this.world = world;
    this.instrument = instrument;
    this.wire = wire;
    this.#resource = resource;
    this.#close = close;
  }

  /** Through the registry, as a bench file would. */
  async open(signal: AbortSignal = CALM): Promise<Reopenable> {
    const { place, name, subject, driver } = this.candidate;
    const places = { driver: name, resource: this.#resource };
    const options = driver.options.parse({ ...places, ...subject.options, ...this.#further });
    const wireLog = (direction: 'sent' | 'received', bytes: Uint8Array) => {
      if (direction === 'sent') this.sent += Buffer.from(bytes).toString('latin1');
    };
    const opened = await openInstrument(place, driver, options, signal, { wireLog });
    return opened as Reopenable;
  }

  /** Where the instrument brings another of the same driver with it. */
  get #further(): Readonly<Record<string, string>> {
    const { instrument, candidate } = this;
    return 'rowResource' in candidate.subject.options ? (instrument.companion?.options ?? {}) : {};
  }

  async prepared() {
    const opened = await this.open();
    await this.candidate.behaviour.prepare(opened, this.world, CALM);
    return opened;
  }

  /** Reopens, makes safe, and says what the simulation still finds wrong. */
  async recover(opened: Reopenable): Promise<string | null> {
    this.wire.treat(null);
    this.wire.deafTo(null);
    await opened.reopen(CALM);
    await this.candidate.behaviour.makeSafe(opened, this.world, CALM);
    return this.candidate.behaviour.hazard(this.world);
  }

  /**
   * What a reading comes to, or the code of its error. A wire that has fallen silent is given up after a while as a user
   * would give it up, so that a time-out need not be waited for.
   */
  async outcome(
    opened: Instrument,
    reading: string,
    patienceMilliseconds = 60,
  ): Promise<{ readonly value: unknown } | { readonly error: string }> {
    const stop = new AbortController();
    const over = new AbortController();
    const running = this.candidate.behaviour.readings[reading](opened, this.world, stop.signal);
    void this.wire.quiet(patienceMilliseconds, over.signal).then(() => {
      const facts = { thing: 'the test', what: 'the wire fell silent', remedy: 'none' };
      if (!over.signal.aborted) stop.abort(new TunnelbenchError('TB_ABORTED', facts));
    });
    try {
      return { value: await running };
    } catch (error) {
      if (error instanceof TunnelbenchError) return { error: error.code };
      throw error;
    } finally {
      over.abort();
    }
  }

  /** The readings for which the instrument is asked at all, with what they come to on an unharmed wire. */
  async truths(opened: Reopenable): Promise<ReadonlyMap<string, { readonly value: unknown }>> {
    const found = new Map<string, { readonly value: unknown }>();
    for (const [reading, act] of Object.entries(this.candidate.behaviour.readings)) {
      const before = this.sent.length;
      const value = await act(opened, this.world, CALM);
      if (this.sent.length > before) found.set(reading, { value });
      await this.again(opened);
    }
    return found;
  }

  /** Recovers and prepares anew; throws when the simulation is not safe in between. */
  async again(opened: Reopenable): Promise<void> {
    const hazard = await this.recover(opened);
    if (hazard !== null) throw new Error(`${this.candidate.name}: ${hazard} after it was made safe`);
    await this.candidate.behaviour.prepare(opened, this.world, CALM);
  }

  close(): Promise<void> {
    return this.#close();
  }
}
