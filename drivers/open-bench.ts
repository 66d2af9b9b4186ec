import { enableLineCount } from '../wafer/geometry.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';
import { accessProblem } from './access-schemes.ts';
import type { BenchFile } from './bench-file.ts';
import type {
  Bench,
  EnableLines,
  Instrument,
  InstrumentIdentity,
  LineRouter,
  Prober,
  Supplies,
  SweepSource,
} from './capabilities.ts';
import { DRIVERS, type InstrumentPlace, type OpenableDriver } from './driver-registry.ts';
import { Link } from './transport/link.ts';
import { openTransport } from './transport/open-transport.ts';
import type { TransportOptions, WireLog } from './transport/transport.ts';

export interface OpenBenchOptions {
  /** Called for each instrument; what it returns sees every byte on that wire. */
  readonly wireLog?: (instrument: InstrumentPlace) => WireLog;
}

/** Opens one instrument of a bench file: link, identification, model against driver. Energises nothing. */
export interface InstrumentOpeners {
  smu(): Promise<SweepSource>;
  enable(): Promise<EnableLines>;
  router(): Promise<LineRouter>;
  supplies(): Promise<Supplies>;
  prober(): Promise<Prober>;
}

export function instrumentOpeners(
  file: BenchFile,
  signal: AbortSignal,
  { wireLog }: OpenBenchOptions = {},
): InstrumentOpeners {
  const { smu, enable, router, supplies, prober } = file.instruments;
  const { visa } = file;
  const wires = (place: InstrumentPlace) => ({ visa, wireLog: wireLog?.(place) });
  return {
    smu: () => openInstrument('smu', DRIVERS.smu[smu.driver], smu, signal, wires('smu')),
    enable: () => openInstrument('enable', DRIVERS.enable[enable.driver], enable, signal, wires('enable')),
    router: () => openInstrument('router', DRIVERS.router[router.driver], router, signal, wires('router')),
    supplies: () => openInstrument('supplies', DRIVERS.supplies[supplies.driver], supplies, signal, wires('supplies')),
    prober: () => openInstrument('prober', DRIVERS.prober[prober.driver], prober, signal, wires('prober')),
  };
}

/** Opens one instrument by its registered driver; TB_INSTRUMENT_WRONG_MODEL when another model answers. */
export async function openInstrument<T extends Instrument>(
  place: InstrumentPlace,
  driver: OpenableDriver<T>,
  options: { readonly driver: string; readonly resource: string },
  signal: AbortSignal,
  wires: Pick<TransportOptions, 'visa' | 'wireLog'> = {},
): Promise<T> {
  const { resource } = options;
  const thing = `${place} (${resource})`;
  const link = await Link.open(thing, (fresh) => openTransport({ thing, resource, ...wires }, fresh), signal);
  try {
    return await driver.open(link, place, options, (identity) => checkModel(thing, identity, driver), signal, {
      visa: wires.visa,
    });
  } catch (error) {
    await link.close();
    throw error;
  }
}

/**
 * Opens and identifies every instrument of a bench file and checks model against driver (TB_INSTRUMENT_WRONG_MODEL),
 * lines against geometry and the access schemes (TB_BENCH_CANNOT_REALISE). Energises nothing and changes no setting of
 * a channel. When one instrument fails, those already open are closed.
 */
export async function openBench(file: BenchFile, signal: AbortSignal, options: OpenBenchOptions = {}): Promise<Bench> {
  const opened: Instrument[] = [];
  const close = async () => {
    await Promise.allSettled(opened.toReversed().map((instrument) => instrument.close()));
  };
  const keep = async <T extends Instrument>(opening: Promise<T>): Promise<T> => {
    const instrument = await opening;
    opened.push(instrument);
    return instrument;
  };
  const openers = instrumentOpeners(file, signal, options);
  try {
    const source = await keep(openers.smu());
    const enableLines = await keep(openers.enable());
    const router = await keep(openers.router());
    const supplies = await keep(openers.supplies());
    const prober = await keep(openers.prober());
    checkSize(file, enableLines, router);
    for (const scheme of file.access) {
      const problem = accessProblem(scheme, source, router, file.geometry);
      if (problem !== null) throw cannotRealise(file, scheme, problem);
    }
    return { name: file.name, source, enableLines, router, supplies, prober, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function checkModel(
  thing: string,
  identity: InstrumentIdentity,
  { model, modelText }: { readonly model: RegExp; readonly modelText: string },
): void {
  if (model.test(identity.model)) return;
  throw new TunnelbenchError('TB_INSTRUMENT_WRONG_MODEL', {
    thing,
    what: `the instrument at this address is not one for the driver ${identity.driver}`,
    value: `${identity.vendor} ${identity.model}, serial ${identity.serial}`,
    expected: modelText,
    remedy: 'Correct the resource in the bench file: nothing was sent but the identification query.',
  });
}

/** Controller and multiplexer must have the lines that the geometry needs. */
function checkSize({ file, geometry }: BenchFile, { count }: EnableLines, { rows, columns }: LineRouter): void {
  const enables = enableLineCount(geometry);
  if (count >= enables && rows >= geometry.rows && columns >= geometry.columns) return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: file,
    what: 'the bench has fewer lines than the geometry',
    value: `${count} enable lines, ${rows} × ${columns} lines on the multiplexer`,
    expected: `${enables} enable lines, ${geometry.rows} × ${geometry.columns}`,
    remedy: 'Correct the geometry in the bench file, or use the instruments that fit it.',
  });
}

function cannotRealise(file: BenchFile, scheme: string, problem: string): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: file.file,
    what: `the bench cannot realise the access scheme "${scheme}"`,
    value: problem,
    remedy: 'Choose another access scheme in the bench file and the recipe.',
  });
}
