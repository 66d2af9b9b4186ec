import type { RecordedWires } from '../wire-log/read-wire-log.ts';
import { ReplayInstrument } from '../wire-log/replay-instrument.ts';
import { exchangesOf } from '../wire-log/wire-record.ts';
import { serveTcp } from './tcp-server.ts';

/** The instruments of a record, each behind a port of its own. */
export interface ReplayBench {
  /** The recorded bench file with the addresses of the replay. */
  readonly benchYaml: string;
  /** How clients left the record, one line each. */
  readonly differences: readonly string[];
  /** Recorded bytes that no client has sent so far. */
  readonly unsent: number;
  close(): Promise<void>;
}

/** Serves a record over loopback TCP, serial lines included. */
export async function openReplay({ head, events }: RecordedWires): Promise<ReplayBench> {
  const served = await Promise.all(
    Object.entries(head.resources).map(async ([name, resource]) => {
      const instrument = new ReplayInstrument(name, exchangesOf(events, name));
      return { resource, instrument, wire: await serveTcp(instrument) };
    }),
  );
  return {
    benchYaml: served.reduce((text, { resource, wire }) => text.replaceAll(resource, wire.resource), head.benchYaml),
    get differences() {
      return served.flatMap(({ instrument }) => instrument.difference ?? []);
    },
    get unsent() {
      return served.reduce((sum, { instrument }) => sum + instrument.unsent, 0);
    },
    close: async () => void (await Promise.all(served.map(({ wire }) => wire.close()))),
  };
}
