import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** A reply of SENTIO: "errcode,cmdid,text"; the code carries the error in its lower ten bits and status flags above. */
export interface SentioReply {
  readonly error: number;
  /** End of the stepping route reached (also reported as error 11). */
  readonly endOfRoute: boolean;
  readonly commandId: number;
  readonly text: string;
}

const ERROR_MASK = 1023;
const STATUS_SHIFT = 10;
const END_OF_ROUTE_STATUS = 1;
const END_OF_ROUTE_ERROR = 11;

/** Splits at the first two commas only: the text may hold more. */
export function parseSentioReply(thing: string, command: string, line: string): SentioReply {
  const match = /^(\d{1,6}),(-?\d{1,10}),(.*)$/.exec(line.trim());
  if (match === null) {
    throw new TunnelbenchError('TB_REPLY_MALFORMED', {
      thing,
      what: `the reply to "${command}" has another form`,
      value: JSON.stringify(line.slice(0, 120)),
      expected: 'code,id,text',
      remedy: 'Check that the prober runs SENTIO and that remote control is on; reopen the link.',
    });
  }
  const code = Number(match[1]);
  const error = code & ERROR_MASK;
  const endOfRoute = ((code >> STATUS_SHIFT) & END_OF_ROUTE_STATUS) !== 0 || error === END_OF_ROUTE_ERROR;
  return { error, endOfRoute, commandId: Number(match[2]), text: match[3].trim() };
}
