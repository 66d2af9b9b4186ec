import type { SessionRecord } from '../db/records.ts';
import type { WaferReader } from '../db/wafer-reader.ts';

/** Whether a session ran on the simulated bench: its instruments say so in their serial or model, its bench in its name. */
export function isSimulatedSession(reader: WaferReader, session: SessionRecord): boolean {
  const says = (text: string) => /^sim|simulated/i.test(text);
  return reader.instruments(session.id).some(({ serial, model }) => says(serial) || says(model));
}
