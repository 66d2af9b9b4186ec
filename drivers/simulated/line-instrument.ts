import type { ClientLink, ClientSession, WireInstrument } from './instrument-link.ts';
import { LineSplitter } from './line-splitter.ts';

const LINE_BYTES = 4096;

/** An instrument that takes a line, works on it, and answers with a line or not at all; one line at a time. */
export abstract class LineInstrument implements WireInstrument {
  private chain: Promise<void> = Promise.resolve();

  attach(link: ClientLink): ClientSession {
    let attached = true;
    const splitter = new LineSplitter(LINE_BYTES, (line) => {
      this.chain = this.chain.then(async () => {
        const reply = await this.take(line ?? '');
        if (reply !== null && attached) link.send(Buffer.from(`${reply}\n`, 'latin1'));
      });
    });
    return {
      receive: (bytes) => splitter.push(bytes),
      detached: () => {
        attached = false;
      },
    };
  }

  protected abstract take(line: string): Promise<string | null>;
}
