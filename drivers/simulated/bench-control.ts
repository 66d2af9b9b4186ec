import { z } from 'zod';
import { SOURCE_CHANNELS } from '../capabilities.ts';
import type { ClientLink, ClientSession, WireInstrument } from './instrument-link.ts';
import { LineSplitter } from './line-splitter.ts';
import { BENCH_INSTRUMENTS, type SimulatedBench } from './simulated-bench.ts';
import { REPLY_FAULTS } from './wire-faults.ts';

const instrument = z.enum(BENCH_INSTRUMENTS);
const perInstrument = <T extends z.ZodType>(value: T) => z.partialRecord(instrument, value);

const replyFault = z.strictObject({
  kind: z.enum(REPLY_FAULTS),
  after: z.int().min(0).default(0),
  /** Null: until cleared. */
  count: z.int().min(1).nullable().default(1),
  seconds: z.number().min(0).default(0.005),
});

const lineName = z.strictObject({ kind: z.enum(['row', 'column']), index: z.int().min(0) });

/** Faults that may be set; what is not named stays as it is. */
export const faultSettings = z.strictObject({
  /** Replies on a wire; null clears. */
  replies: perInstrument(replyFault.nullable()).optional(),
  /** Another *IDN? or IDN? answer. */
  identity: perInstrument(z.string()).optional(),
  /** Limit that reads back and acts whatever was set; null clears. */
  stuckLimitAmps: z.partialRecord(z.enum(SOURCE_CHANNELS), z.number().positive().nullable()).optional(),
  interlockOpen: z.boolean().optional(),
  dieShift: z.strictObject({ x: z.int(), y: z.int() }).nullable().optional(),
  contactSet: z.boolean().optional(),
  waferId: z.string().optional(),
  /** Relay drivers that read back otherwise, e.g. {"C4=A": "open"}; replaces those set before. */
  routerReadBack: z.record(z.string(), z.enum(['open', 'closed'])).optional(),
  /** Faults of the physical world, merged with those set. */
  world: z
    .strictObject({
      stuckRelays: z
        .array(
          z.strictObject({
            kind: z.enum(['row', 'column']),
            index: z.int().min(0),
            channel: z.enum(SOURCE_CHANNELS),
            stuck: z.enum(['open', 'closed']),
          }),
        )
        .optional(),
      lostNeedles: z.array(lineName).optional(),
      stuckEnableLines: z.array(z.int().min(0)).optional(),
      supplyLeakAmps: z.partialRecord(z.enum(['vdd', 'vss', 'substrate']), z.number()).optional(),
      miswiredLines: z.array(lineName.extend({ leadsTo: z.int().min(0) })).optional(),
      shortedLines: z.array(lineName.extend({ ohms: z.number().positive() })).optional(),
      leakingLines: z.array(lineName.extend({ ohms: z.number().positive() })).optional(),
      referenceFactor: z.number().positive().optional(),
    })
    .optional(),
});
export type FaultSettings = z.input<typeof faultSettings>;

const request = z.discriminatedUnion('command', [
  z.strictObject({ id: z.number(), command: z.literal('ledger') }),
  z.strictObject({ id: z.number(), command: z.literal('truth'), die: z.int().min(0) }),
  z.strictObject({ id: z.number(), command: z.literal('state') }),
  z.strictObject({ id: z.number(), command: z.literal('advance'), seconds: z.number().positive() }),
  z.strictObject({ id: z.number(), command: z.literal('faults'), faults: faultSettings }),
  z.strictObject({ id: z.number(), command: z.literal('inject'), event: z.enum(['dropLink', 'errors']), instrument }),
]);
type Request = z.output<typeof request>;

/** Applies fault settings to a bench. */
export function applyFaults(bench: SimulatedBench, settings: FaultSettings): void {
  const faults = faultSettings.parse(settings);
  for (const name of BENCH_INSTRUMENTS) {
    const reply = faults.replies?.[name];
    if (reply === null) bench.wires[name].plan(null);
    else if (reply !== undefined) {
      bench.wires[name].plan({ ...reply, count: reply.count ?? Number.POSITIVE_INFINITY });
    }
    const identity = faults.identity?.[name];
    if (identity !== undefined) bench[name].identity = identity;
  }
  for (const channel of SOURCE_CHANNELS) {
    const limit = faults.stuckLimitAmps?.[channel];
    if (limit !== undefined) bench.channels[channel].faults.stuckLimitAmps = limit;
  }
  if (faults.interlockOpen !== undefined) bench.setInterlock(faults.interlockOpen);
  if (faults.dieShift !== undefined) bench.prober.faults.dieShift = faults.dieShift;
  if (faults.contactSet !== undefined) bench.prober.faults.contactSet = faults.contactSet;
  if (faults.waferId !== undefined) bench.prober.waferId = faults.waferId;
  if (faults.routerReadBack !== undefined) {
    bench.router.stuckRelays.clear();
    for (const [joint, how] of Object.entries(faults.routerReadBack)) bench.router.stuckRelays.set(joint, how);
  }
  if (faults.world !== undefined) {
    bench.clock.touch();
    const given = Object.entries(faults.world).filter(([, value]) => value !== undefined);
    bench.station.faults = { ...bench.station.faults, ...Object.fromEntries(given) };
  }
}

/** Fills an instrument's error queue to its limit. */
function fillErrors(bench: SimulatedBench, name: (typeof BENCH_INSTRUMENTS)[number]): void {
  for (let i = 0; i < 120; i++) {
    if (name === 'smu') bench.source.queueError();
    else if (name === 'supplies') bench.supplies.queueError('-221,"Settings conflict"');
    else if (name !== 'prober') bench[name].queueError(4);
  }
}

/** What the instruments and the world are in, without asking over their wires. */
export function benchState(bench: SimulatedBench) {
  const channels = Object.fromEntries(
    SOURCE_CHANNELS.map((name) => {
      const { outputOn, presentVolts, limitAmps } = bench.channels[name];
      return [name, { outputOn, volts: presentVolts, limitAmps, station: bench.station.sourceSetting(name) }];
    }),
  );
  return {
    simulatedSeconds: bench.clock.now,
    channels,
    sweeping: bench.source.sweeping,
    enable: bench.enable.state,
    router: bench.router.state,
    supplies: bench.supplies.state,
    prober: bench.prober.state,
    height: bench.station.height,
    dieUnderNeedles: bench.station.dieUnderNeedles,
    touchdowns: bench.station.touchdowns,
    energised: bench.station.energised,
  };
}

/** The control port: one JSON request a line, one JSON answer a line. For tests and the demo, not for a bench. */
export class BenchControl implements WireInstrument {
  private readonly bench: SimulatedBench;

  constructor(bench: SimulatedBench) {
    this.bench = bench;
  }

  attach(link: ClientLink): ClientSession {
    const splitter = new LineSplitter(1_000_000, (line) => {
      link.send(Buffer.from(`${JSON.stringify(this.answer(line), plainArrays)}\n`));
    });
    return { receive: (bytes) => splitter.push(bytes), detached: () => {} };
  }

  private answer(line: string | null): object {
    let id: number | null = null;
    try {
      const json: unknown = JSON.parse(line ?? '');
      if (typeof json === 'object' && json !== null && 'id' in json && typeof json.id === 'number') id = json.id;
      const result = this.execute(request.parse(json));
      return { id, ok: true, result };
    } catch (error) {
      return { id, ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  }

  private execute(wanted: Request): unknown {
    const { bench } = this;
    switch (wanted.command) {
      case 'ledger':
        return bench.ledger.summary();
      case 'truth':
        return bench.station.truth(wanted.die);
      case 'state':
        return benchState(bench);
      case 'advance':
        bench.clock.skip(wanted.seconds);
        return { simulatedSeconds: bench.clock.now };
      case 'faults':
        applyFaults(bench, wanted.faults as FaultSettings);
        return {};
      case 'inject':
        if (wanted.event === 'dropLink') bench.wires[wanted.instrument].dropNow();
        else fillErrors(bench, wanted.instrument);
        return {};
    }
  }
}

/** Typed arrays and maps become arrays; an infinite number, which JSON has not, becomes text. */
function plainArrays(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as unknown as number[]);
  return value instanceof Map ? [...value] : value;
}
