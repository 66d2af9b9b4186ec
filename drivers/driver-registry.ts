import { z } from 'zod';
import { SUPPLY_NAMES } from '../wafer/pad-map.ts';
import type { EnableLines, Instrument, LineRouter, Prober, Supplies, SweepSource } from './capabilities.ts';
import { EnableLineController } from './enable-line-controller.ts';
import { FramedLink } from './framing/framed-link.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { openKeithley2400 } from './keithley-2400.ts';
import { openKeithley2450 } from './keithley-2450.ts';
import type { ChannelPlace } from './keithley-2600/tsp-library.ts';
import { Keithley2600 } from './keithley-2600.ts';
import { FAMILY_707B, FAMILY_3706A } from './keithley-matrix/matrix-family.ts';
import { matrixOptions } from './keithley-matrix/matrix-options.ts';
import { KeithleyMatrix } from './keithley-matrix.ts';
import { openKeysightB2900 } from './keysight-b2900.ts';
import { KeysightB2900Pair } from './keysight-b2900-pair.ts';
import { KeysightE36300 } from './keysight-e36300.ts';
import { LineMultiplexer } from './line-multiplexer.ts';
import { openSentioProber } from './sentio-prober.ts';
import { Link } from './transport/link.ts';
import { openTransport } from './transport/open-transport.ts';
import { parseResource } from './transport/resource-string.ts';
import type { TransportOptions } from './transport/transport.ts';
import { openVeloxProber } from './velox-prober.ts';

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

/** How a driver opens the links of further instruments: over the same VISA library, without a wire log. */
type FurtherWires = Pick<TransportOptions, 'visa'>;

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
    wires: FurtherWires,
  ): Promise<Opened>;
}

/** What it takes to open a driver whose options have been checked: the schema has matched them to it by its name. */
export interface OpenableDriver<Opened extends Instrument> {
  readonly model: RegExp;
  readonly modelText: string;
  open(
    link: Link,
    name: string,
    options: { readonly driver: string },
    accept: AcceptIdentity,
    signal: AbortSignal,
    wires: FurtherWires,
  ): Promise<Opened>;
}

/** The same for any driver of a place. */
interface AnyDriverEntry<Options, Opened extends Instrument> extends OpenableDriver<Opened> {
  readonly options: Options;
}

function entry<Name extends string, Options extends z.ZodType<{ driver: Name }>, Opened extends Instrument>(
  driver: DriverEntry<Name, Options, Opened>,
): AnyDriverEntry<Options, Opened> {
  return driver;
}

/** Options of a source with one channel: HI on the selected column, LO on the selected row. */
function oneChannel<Name extends string>(driver: Name, mostVolts: number) {
  return z.strictObject({ driver: z.literal(driver), resource, sourceRangeVolts: positive.max(mostVolts).default(2) });
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
    'keithley-2400': entry({
      options: oneChannel('keithley-2400', 20),
      model: /^24[0-4]\d(-LV|-C)?$/i,
      modelText: 'a Keithley 2400 series SourceMeter (2400 to 2440)',
      open: (link, name, _options, accept, signal): Promise<SweepSource> =>
        openKeithley2400(link, name, accept, signal),
    }),
    'keithley-2450': entry({
      options: oneChannel('keithley-2450', 20),
      model: /^24(50|60|61|70)$/i,
      modelText: 'a Keithley 2450, 2460, 2461 or 2470',
      open: (link, name, _options, accept, signal): Promise<SweepSource> =>
        openKeithley2450(link, name, accept, signal),
    }),
    'keysight-b2900': entry({
      options: oneChannel('keysight-b2900', 20).extend({ channel: z.union([z.literal(1), z.literal(2)]).default(1) }),
      model: /^B29[01]\d[ABC]L?$/i,
      modelText: 'a Keysight or Agilent B2901 to B2912 (A, B or C)',
      open: (link, name, { channel }, accept, signal): Promise<SweepSource> =>
        openKeysightB2900(link, name, channel, accept, signal),
    }),
    'keysight-b2900-pair': entry({
      options: z.strictObject({
        driver: z.literal('keysight-b2900-pair'),
        resource,
        rowResource: resource,
        rowChannel: z.union([z.literal(1), z.literal(2)]).default(1),
        triggerLine: z.int().min(1).max(14).default(1),
        sourceRangeVolts: positive.max(6).default(2),
        aloneColumnLimitAmps: positive.max(0.1).default(5e-3),
      }),
      model: /^B29[01]\d[ABC]L?$/i,
      modelText: 'a Keysight or Agilent B2902 or B2912 for the columns, any B2901 to B2912 for the row',
      open: (link, name, options, accept, signal, { visa }): Promise<SweepSource> => {
        const { rowResource, rowChannel, triggerLine, aloneColumnLimitAmps } = options;
        const thing = `${name} row (${rowResource})`;
        const openRow = () =>
          Link.open(thing, (fresh) => openTransport({ thing, resource: rowResource, visa }, fresh), signal);
        const own = { rowChannel, triggerLine, aloneColumnLimitAmps };
        return KeysightB2900Pair.open(link, openRow, name, own, accept, signal);
      },
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
    'keithley-707b': entry({
      options: matrixOptions('keithley-707b', resource, FAMILY_707B),
      model: /^70[78]B$/i,
      modelText: 'a Keithley 707B or 708B switching matrix',
      open: (link, name, options, accept, signal): Promise<LineRouter> =>
        KeithleyMatrix.open(link, name, FAMILY_707B, options, accept, signal),
    }),
    'keithley-3706a': entry({
      options: matrixOptions('keithley-3706a', resource, FAMILY_3706A),
      model: /^3706A(-\w+)?$/i,
      modelText: 'a Keithley 3706A system switch',
      open: (link, name, options, accept, signal): Promise<LineRouter> =>
        KeithleyMatrix.open(link, name, FAMILY_3706A, options, accept, signal),
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
      open: (link, name, _options, accept, signal): Promise<Prober> => openVeloxProber(link, name, accept, signal),
    }),
    sentio: entry({
      options: z.strictObject({ driver: z.literal('sentio'), resource }),
      // As with Velox: the identification names the station.
      model: /./,
      modelText: 'a prober that answers *IDN? with the SENTIO remote command set',
      open: (link, name, _options, accept, signal): Promise<Prober> => openSentioProber(link, name, accept, signal),
    }),
  },
} as const;

/** The `instruments` section of a bench file. */
export const instrumentsSchema = z.strictObject({
  smu: z.discriminatedUnion('driver', [
    DRIVERS.smu['keithley-2600'].options,
    DRIVERS.smu['keithley-2400'].options,
    DRIVERS.smu['keithley-2450'].options,
    DRIVERS.smu['keysight-b2900'].options,
    DRIVERS.smu['keysight-b2900-pair'].options,
  ]),
  enable: z.discriminatedUnion('driver', [DRIVERS.enable['enable-line-controller'].options]),
  router: z.discriminatedUnion('driver', [
    DRIVERS.router['line-multiplexer'].options,
    DRIVERS.router['keithley-707b'].options,
    DRIVERS.router['keithley-3706a'].options,
  ]),
  supplies: z.discriminatedUnion('driver', [DRIVERS.supplies['keysight-e36300'].options]),
  prober: z.discriminatedUnion('driver', [DRIVERS.prober.velox.options, DRIVERS.prober.sentio.options]),
});

export type BenchInstruments = z.output<typeof instrumentsSchema>;
export type InstrumentPlace = keyof BenchInstruments;
