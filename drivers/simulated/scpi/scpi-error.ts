/** Texts of SCPI-1999 (volume 2, chapter 21) and of the IEEE 488.2 query errors; a family adds its own codes. */
export const STANDARD_TEXTS: Readonly<Record<number, string>> = {
  [-101]: 'Invalid character',
  [-102]: 'Syntax error',
  [-103]: 'Invalid separator',
  [-104]: 'Data type error',
  [-108]: 'Parameter not allowed',
  [-109]: 'Missing parameter',
  [-110]: 'Command header error',
  [-111]: 'Header separator error',
  [-113]: 'Undefined header',
  [-114]: 'Header suffix out of range',
  [-120]: 'Numeric data error',
  [-131]: 'Invalid suffix',
  [-141]: 'Invalid character data',
  [-151]: 'Invalid string data',
  [-161]: 'Invalid block data',
  [-171]: 'Invalid expression',
  [-200]: 'Execution error',
  [-213]: 'Init ignored',
  [-220]: 'Parameter error',
  [-221]: 'Settings conflict',
  [-222]: 'Parameter data out of range',
  [-223]: 'Too much data',
  [-224]: 'Illegal parameter value',
  [-225]: 'Out of memory',
  [-230]: 'Data corrupt or stale',
  [-350]: 'Queue overflow',
  [-363]: 'Input buffer overrun',
  [-410]: 'Query INTERRUPTED',
  [-420]: 'Query UNTERMINATED',
  [-430]: 'Query DEADLOCKED',
  [-440]: 'Query UNTERMINATED after indefinite response',
};

/** A command refused with a code; the instrument queues it and goes on. */
export class ScpiError extends Error {
  readonly code: number;
  /** More than the code says, or null. */
  readonly detail: string | null;

  constructor(code: number, detail: string | null = null) {
    super(`SCPI error ${code}`);
    this.code = code;
    this.detail = detail;
  }
}

/** After a command error (-100…-199) the rest of the message is not executed: its meaning cannot be known. */
export function isCommandError(code: number): boolean {
  return code <= -100 && code > -200;
}
