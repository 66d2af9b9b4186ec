import type { BenchSettings } from '../acquisition/bench-settings.ts';
import type { BenchFile } from '../drivers/bench-file.ts';

/** What of a bench file goes into a plan: everything but the instruments and their addresses. */
export function benchSettings(file: BenchFile): BenchSettings {
  const { smu, router } = file.instruments;
  return {
    name: file.name,
    geometry: file.geometry,
    padMap: file.padMap,
    access: file.access,
    limits: file.limits,
    sourceRangeVolts: smu.sourceRangeVolts,
    gateVolts: file.gate.volts,
    supplies: file.supplies,
    apToP: file.polarity.apToP,
    wafer: file.wafer,
    overdriveMicrometres: file.contact.overdriveMicrometres,
    routeSettleSeconds: router.settleSeconds,
    ...('aloneColumnLimitAmps' in smu && { aloneColumnLimitAmps: smu.aloneColumnLimitAmps }),
  };
}

/** The bench file, and the self-test that went before, as they are stored with a session. */
export function benchJson(file: BenchFile, selfTest?: unknown): string {
  return JSON.stringify({
    bench: file.name,
    file: file.file,
    text: file.text,
    ...(selfTest !== undefined && { selfTest }),
  });
}
