import type { SweepSource } from '../../drivers/capabilities.ts';
import { DRIVERS } from '../../drivers/driver-registry.ts';
import { openInstrument } from '../../drivers/open-bench.ts';
import { Link } from '../../drivers/transport/link.ts';
import { openTransport } from '../../drivers/transport/open-transport.ts';
import type { Segment, SweepProgramme } from '../../wafer/sweep.ts';

const CALM = new AbortController().signal;

export const FAMILIES = ['keithley-2400', 'keithley-2450', 'keithley-2600'] as const;
export type Family = (typeof FAMILIES)[number];

const OPTIONS: Readonly<Record<Family, object>> = {
  'keithley-2400': {},
  'keithley-2450': {},
  'keithley-2600': { channels: { columnA: 'node[1].smua', columnB: 'node[1].smub', row: 'node[2].smua' } },
};
const QUESTIONS: Readonly<Record<Family, string>> = {
  'keithley-2400': ':SOUR:VOLT?',
  'keithley-2450': ':SOUR:VOLT?',
  'keithley-2600': 'print(smua.source.levelv)',
};

/** A family's driver, opened as a bench file would open it, and a plain link of ours to the same instrument. */
export class OurClient {
  readonly #family: Family;
  readonly #source: SweepSource;
  readonly #link: Link;
  #token = 0;

  private constructor(family: Family, source: SweepSource, link: Link) {
    this.#family = family;
    this.#source = source;
    this.#link = link;
  }

  static async open(family: Family, resource: string): Promise<OurClient> {
    const driver = DRIVERS.smu[family];
    const options = driver.options.parse({ driver: family, resource, ...OPTIONS[family] });
    const source: SweepSource = await openInstrument('smu', driver, options, CALM);
    const link = await Link.open(family, (signal) => openTransport({ thing: family, resource }, signal), CALM);
    return new OurClient(family, source, link);
  }

  async setUp(volts: readonly number[]): Promise<void> {
    const sourceRangeVolts = this.#source.accessSchemes.includes('pair') ? 1 : 2;
    await this.#source.configure({ sourceRangeVolts, limitAmps: 1e-4 }, CALM);
    await this.#source.load(programme(volts), CALM);
    await this.#source.setOutputs(true, CALM);
  }

  /** One question, one answer, as often as asked. */
  async trips(count: number): Promise<void> {
    for (let i = 0; i < count; i++)
      await this.#link.query(QUESTIONS[this.#family], { timeoutSeconds: 10, signal: CALM });
  }

  /** Sweeps as a session asks for them; returns the current in the middle of the last one. */
  async sweeps(count: number, points: number): Promise<number> {
    let amps = Number.NaN;
    for (let i = 0; i < count; i++) {
      this.#token += 1;
      const common = { token: this.#token, run: 'auto', rangeOverride: null } as const;
      const exchange = { side: 'A', polarity: 'positive', reverse: async () => {} } as const;
      const pair = this.#source.accessSchemes.includes('pair');
      const request = pair
        ? ({ ...common, access: 'pair' } as const)
        : ({ ...common, access: 'single', exchange } as const);
      const { A } = await this.#source.start(request, CALM).reading;
      const loop = A?.readings.amps.subarray(-points);
      if (loop?.length !== points || A?.kind !== 'loop') throw new Error(`${this.#family} did not sweep`);
      amps = loop[points >> 1];
    }
    return amps;
  }

  async close(): Promise<void> {
    await this.#source.makeSafe(CALM);
    await this.#source.close();
    await this.#link.close();
  }
}

/** The shortest programme whose loop is this list: a pre-read of two points goes before it. */
function programme(volts: readonly number[]): SweepProgramme {
  const range = { rangeAmps: 1e-4, limitAmps: 1e-4 };
  const low: Omit<Segment, 'name'> = { volts: [0.02, 0.05], nplc: 0.01, settleSeconds: 1e-4, fixed: range };
  return {
    preRead: { name: 'preRead', ...low },
    lowBias: { name: 'lowBias', ...low },
    loop: [{ name: 'loopToP', volts, nplc: 0.01, settleSeconds: 1e-4, fixed: range }],
    branches: [{ belowOhms: Number.POSITIVE_INFINITY, action: 'loop', range }],
    complianceRepeat: range,
    junctionCeilingVolts: 0.8,
  };
}
