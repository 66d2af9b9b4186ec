import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { InstrumentIdentity } from '../capabilities.ts';

/** Throws when the instrument is not one that the driver knows; called before anything but the identification is sent. */
export type AcceptIdentity = (identity: InstrumentIdentity) => void;

/** Splits the four fields of an *IDN? reply (IEEE 488.2, 10.14); the word MODEL before the model is dropped. */
export function parseIdentity(
  reply: string,
  place: Pick<InstrumentIdentity, 'name' | 'resource' | 'driver'>,
): InstrumentIdentity {
  const fields = reply.split(',').map((field) => field.trim());
  const [vendor, model = '', serial = '', ...firmware] = fields;
  if (fields.length < 4 || vendor === '' || model === '') {
    throw new TunnelbenchError('TB_REPLY_MALFORMED', {
      thing: `${place.name} (${place.resource})`,
      what: 'the identification has not four fields',
      value: JSON.stringify(reply.slice(0, 120)),
      expected: 'vendor,model,serial,firmware',
      remedy: 'Check that the resource belongs to the instrument that the bench file names.',
    });
  }
  return { ...place, vendor, model: model.replace(/^model\s+/i, ''), serial, firmware: firmware.join(',') };
}
