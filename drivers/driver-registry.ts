import { z } from 'zod';
import { SUPPLY_NAMES } from '../wafer/pad-map.ts';
import type { EnableLines, Instrument, LineRouter, Prober, Supplies, SweepSource } from './capabilities.ts';
import { EnableLineController } from './enable-line-controller.ts';
import { FramedLink } from './framing/framed-link.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import type { ChannelPlace } from './keithley-2600/tsp-library.ts';
import { Keithley2600 } from './keithley-2600.ts';
import { KeysightE36300 } from './keysight-e36300.ts';
import { LineMultiplexer } from './line-multiplexer.ts';
import type { Link } from './transport/link.ts';
import { parseResource } from './transport/resource-string.ts';
import { VeloxProber } from './velox-prober.ts';

/** Checked where the bench file is read, so that a wrong address is reported with its line. */
const resource = z.string().superRefine((text, context) => {
  try {
    parseResource(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});

const channelPlace = z
  .string()
  .regex(/^node\[[1-9]\d?\]\.smu[ab]$/, "must be a channel of a TSP-Link node, e.g. 'node[1].smua'")
  .transform((text): ChannelPlace => {
    const [, node, smu] = /^node\[(\d+)\]\.(smua|smub)$/.exec(text) ?? [];
    return { node: Number(node), smu: smu === 'smub' ? 'smub' : 'smua' };
  });

/** The trigger lines join two nodes: the columns step on one, the row answers from the other. */
const channelPlaces = z
  .strictObject({ columnA: channelPlace, columnB: channelPlace, row: channelPlace })
  .refine(({ columnA, columnB, row }) => columnA.node === columnB.node && row.node !== columnA.node, {
    message: 'both columns must lie on one node and the row on another: the trigger lines are wired between two nodes',
  })
  .refine(({ columnA, columnB }) => columnA.smu !== columnB.smu, { message: 'the columns need a channel each' });

const positive = z.number().positive();

/** What the program knows of a driver: its options, the models it speaks to, and how it is opened. */
interface DriverEntry<Name extends string, Options extends z.ZodType<{ driver: Name }>, Opened extends Instrument> {
  readonly options: Options;
  /** The model field of the identification must match. */
  readonly model: RegExp;
  readonly modelText: string;
  open(
    link: Link,
    name: string,
    options: z.output<Options>,
    accept: AcceptIdentity,
    signal: AbortSignal,
  ): Promise<Opened>;
}

function entry<Name extends string, Options extends z.ZodType<{ driver: Name }>, Opened extends Instrument>(
  driver: DriverEntry<Name, Options, Opened>,
): DriverEntry<Name, Options, Opened> {
  return driver;
}

/** Every driver, by the place of the bench file that it can fill. */
export const DRIVERS = {
  smu: {
    'keithley-2600': entry({
      options: z.strictObject({
        driver: z.literal('keithley-2600'),
        resource,
        channels: channelPlaces,
        sourceRangeVolts: positive.max(6).default(1),
        aloneColumnLimitAmps: positive.max(0.1).default(5e-3),
      }),
      // 26x4 models have no TSP-Link.
      model: /^26\d[1256][AB]?$/i,
      modelText: 'a Keithley 2600A/B with TSP-Link (not 2604B, 2614B, 2634B)',
      open: (link, name, options, accept, signal): Promise<SweepSource> =>
        Keithley2600.open(link, name, options, accept, signal),
    }),
  },
  enable: {
    'enable-line-controller': entry({
      options: z.strictObject({ driver: z.literal('enable-line-controller'), resource }),
      model: /^ELC/,
      modelText: 'an enable-line controller (model ELC…)',
      open: (link, name, _options, accept, signal): Promise<EnableLines> =>
        EnableLineController.open(new FramedLink(link), name, accept, signal),
    }),
  },
  router: {
    'line-multiplexer': entry({
      options: z.strictObject({
        driver: z.literal('line-multiplexer'),
        resource,
        settleSeconds: z.number().min(0).max(1).default(1e-3),
        unselected: z.literal('float').default('float'),
      }),
      model: /^LMX/,
      modelText: 'a line multiplexer (model LMX…)',
      open: (link, name, _options, accept, signal): Promise<LineRouter> =>
        LineMultiplexer.open(new FramedLink(link), name, accept, signal),
    }),
  },
  supplies: {
    'keysight-e36300': entry({
      options: z.strictObject({
        driver: z.literal('keysight-e36300'),
        resource,
        outputs: z.strictObject(
          Object.fromEntries(SUPPLY_NAMES.map((name) => [name, z.int().min(1).max(3)])) as Record<
            (typeof SUPPLY_NAMES)[number],
            z.ZodInt
          >,
        ),
      }),
      model: /^E3631[123]A$/i,
      modelText: 'a Keysight E36311A, E36312A or E36313A',
      open: (link, name, { outputs }, accept, signal): Promise<Supplies> =>
        KeysightE36300.open(link, name, outputs, accept, signal),
    }),
  },
  prober: {
    velox: entry({
      options: z.strictObject({ driver: z.literal('velox'), resource }),
      // The identification names the prober station, not the software: any model answers the same commands.
      model: /./,
      modelText: 'a prober that answers *IDN? over the ProberBench text commands',
      open: (link, name, _options, accept, signal): Promise<Prober> => VeloxProber.open(link, name, accept, signal),
    }),
  },
} as const;

/** The `instruments` section of a bench file. */
export const instrumentsSchema = z.strictObject({
  smu: z.discriminatedUnion('driver', [DRIVERS.smu['keithley-2600'].options]),
  enable: z.discriminatedUnion('driver', [DRIVERS.enable['enable-line-controller'].options]),
  router: z.discriminatedUnion('driver', [DRIVERS.router['line-multiplexer'].options]),
  supplies: z.discriminatedUnion('driver', [DRIVERS.supplies['keysight-e36300'].options]),
  prober: z.discriminatedUnion('driver', [DRIVERS.prober.velox.options]),
});

export type BenchInstruments = z.output<typeof instrumentsSchema>;
export type InstrumentPlace = keyof BenchInstruments;
