import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** A reply of the ProberBench text framing: "0: v1 v2" or "<code>: <message>". */
export type VeloxReply =
  | { readonly code: 0; readonly values: readonly string[] }
  | { readonly code: number; readonly message: string };

/** Values are separated by blanks; strings that hold blanks are quoted. TB_REPLY_MALFORMED on any other form. */
export function parseVeloxReply(thing: string, command: string, line: string): VeloxReply {
  const parsed = /^\s*(\d{1,6}):\s?(.*)$/.exec(line);
  if (!parsed) {
    throw new TunnelbenchError('TB_REPLY_MALFORMED', {
      thing,
      what: `the reply to ${command} has another form`,
      value: JSON.stringify(line.slice(0, 120)),
      expected: '"0: values" or "<code>: <message>"',
      remedy: 'Check that the prober speaks the ProberBench text commands on this port.',
    });
  }
  const code = Number(parsed[1]);
  if (code !== 0) return { code, message: parsed[2].trim() };
  const values = Array.from(parsed[2].matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain);
  return { code: 0, values };
}
