import { checksum } from '../../drivers/framing/line-frame.ts';
import type { ClientLink, ClientSession, WireInstrument } from '../../drivers/simulated/instrument-link.ts';
import { LineSplitter } from '../../drivers/simulated/line-splitter.ts';
import { preciseWait } from './precise-wait.ts';

/** What the two controllers of drivers/PROTOCOL.md do, as fast as their settling time allows and without any checks. */
export class ReferenceLines implements WireInstrument {
  /** Lines and channels connected now, as the protocol writes them: "R3=X C4=A C5=B", or "NONE". */
  route = 'NONE';
  #enabled = 'NONE';
  #gate = '0';
  readonly #identity: string;
  readonly #size: string;
  readonly #settle: Record<'ROUTE' | 'ENABLE', number>;
  #settleText = '0';

  /** `settle`: seconds that a route and an enable line take, whatever the client asks for. */
  constructor(identity: string, size: string, settle: Record<'ROUTE' | 'ENABLE', number>) {
    this.#identity = identity;
    this.#size = size;
    this.#settle = settle;
  }

  attach(link: ClientLink): ClientSession {
    const splitter = new LineSplitter(1024, (line) => {
      const [, tag, command] = /^@(\d+) (.*) \*[0-9A-F]{2}$/.exec(line ?? '') ?? [];
      if (tag === undefined || command === undefined) return;
      const [verb, ...values] = command.split(' ');
      const seconds = verb === 'ROUTE' || verb === 'ENABLE' ? this.#settle[verb] : 0;
      preciseWait(seconds, () => {
        const body = `@${tag} OK ${this.#answer(verb, values.join(' '))} `.replace('OK  ', 'OK ');
        link.send(Buffer.from(`${body}*${checksum(body)}\n`, 'latin1'));
      });
    });
    return { receive: (bytes) => splitter.push(bytes), detached: () => {} };
  }

  #answer(verb: string, value: string): string {
    switch (verb) {
      case 'IDN?':
        return this.#identity;
      case 'SIZE?':
      case 'LINES?':
        return this.#size;
      case 'ROUTE':
        this.route = value;
        return value;
      case 'ROUTE?':
        return this.route;
      case 'ENABLE':
        this.#enabled = value;
        return value;
      case 'ENABLE?':
        return this.#enabled;
      case 'GATE':
        this.#gate = value;
        return value;
      case 'GATE?':
        return this.#gate;
      case 'SETTLE':
        this.#settleText = value;
        return value;
      case 'SETTLE?':
        return this.#settleText;
      case 'MEAS?':
        return `${this.#enabled === 'NONE' ? 0 : this.#gate} 1e-9`;
      case 'NEXTERR?':
        return '0 none';
      default:
        return '';
    }
  }
}
