import type { ClientLink, ClientSession, WireInstrument } from '../instrument-link.ts';
import { LineSplitter } from '../line-splitter.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import type { InstrumentNode } from './instrument-node.ts';
import type { TspNode } from './tsp-node.ts';
import type { TspRuntime } from './tsp-runtime.ts';

/** Time to take in a line, besides what it makes the instrument do. An estimate. */
const LINE_SECONDS = 2e-4;
const LINE_BYTES = 65_536;

/** The LAN side of the master node: lines in, replies out, one line executed at a time. */
export class TspInstrument<Node extends TspNode = InstrumentNode> implements WireInstrument {
  readonly runtime: TspRuntime<Node>;
  /** Answer of *IDN?. */
  identity: string;
  private readonly clock: SimulatedClock;
  private chain: Promise<void> = Promise.resolve();
  /** Lines so far, and the last of them that was an abort. */
  private received = 0;
  private abortedThrough = 0;
  private standardEvent = 0;
  private standardEnable = 0;
  private serviceEnable = 0;

  constructor(runtime: TspRuntime<Node>, clock: SimulatedClock, identity: string) {
    this.runtime = runtime;
    this.clock = clock;
    this.identity = identity;
  }

  attach(link: ClientLink): ClientSession {
    let attached = true;
    const send = (bytes: Buffer) => {
      if (attached) link.send(bytes);
    };
    const collector = new ScriptCollector();
    const splitter = new LineSplitter(LINE_BYTES, (line) => {
      this.received += 1;
      // abort acts past what waits behind a running script: all earlier input ends where it runs or waits.
      if (line?.trim() === 'abort') {
        this.abortedThrough = this.received;
        this.runtime.abort();
        return;
      }
      const number = this.received;
      this.chain = this.chain.then(() => this.take(line, collector, send, () => number < this.abortedThrough));
    });
    return {
      receive: (bytes) => splitter.push(bytes),
      detached: () => {
        attached = false;
      },
    };
  }

  private async take(
    line: string | null,
    collector: ScriptCollector,
    send: (bytes: Buffer) => void,
    isAborted: () => boolean,
  ): Promise<void> {
    await this.clock.spend(LINE_SECONDS);
    if (line === null) {
      this.runtime.errors.add(-363, 'Input buffer over-run', 1);
      return;
    }
    const { runtime } = this;
    const before = runtime.errors.count;
    const collected = collector.take(line);
    if (collected === 'collecting') {
      if (runtime.prompts.prompts !== 0) send(Buffer.from('>>>>\n'));
      return;
    }
    if (collected !== null) await runtime.define(collected.name, collected.text, send, collected.run, isAborted);
    else if (line.trimStart().startsWith('*')) await this.common(line.trim(), send);
    else if (line.trim() !== '') await runtime.run(line, send, isAborted);
    if (runtime.prompts.prompts !== 0) send(Buffer.from(runtime.errors.count > before ? 'TSP?\n' : 'TSP>\n'));
  }

  /** IEEE 488.2 common commands. */
  private async common(line: string, send: (bytes: Buffer) => void): Promise<void> {
    const answer = (text: string | number) => send(Buffer.from(`${text}\n`, 'latin1'));
    const match = /^(\*[A-Za-z]+\??)(?:\s+(\d+))?$/.exec(line);
    const { runtime } = this;
    switch (match?.[1].toUpperCase()) {
      case '*IDN?':
        return answer(this.identity);
      case '*RST':
        return runtime.reset();
      case '*CLS':
        this.standardEvent = 0;
        return runtime.errors.clear();
      case '*OPC':
        await runtime.idle();
        this.standardEvent |= 1;
        return;
      case '*OPC?':
        await runtime.idle();
        return answer(1);
      case '*WAI':
        return runtime.idle();
      case '*TST?':
        return answer(0);
      case '*TRG':
        return runtime.nodes[0].trigger();
      case '*ESR?': {
        const event = this.standardEvent;
        this.standardEvent = 0;
        return answer(event);
      }
      case '*ESE':
        this.standardEnable = Number(match?.[2] ?? 0) & 0xff;
        return;
      case '*ESE?':
        return answer(this.standardEnable);
      case '*SRE':
        this.serviceEnable = Number(match?.[2] ?? 0) & 0xff;
        return;
      case '*SRE?':
        return answer(this.serviceEnable);
      case '*STB?':
        return answer(this.statusByte());
      default:
        this.standardEvent |= 0x20;
        runtime.errors.add(-113, 'Undefined header', 1);
    }
  }

  /** Bit 2 error available, bit 5 enabled standard event, bit 6 service request. */
  private statusByte(): number {
    const error = this.runtime.errors.count > 0 ? 0x04 : 0;
    const event = (this.standardEvent & this.standardEnable) !== 0 ? 0x20 : 0;
    const summary = error | event;
    return summary | ((summary & this.serviceEnable) !== 0 ? 0x40 : 0);
  }
}

interface Collected {
  readonly name: string;
  readonly text: string;
  readonly run: boolean;
}

/** loadscript / loadandrunscript … endscript. */
class ScriptCollector {
  private open: { name: string; run: boolean; lines: string[] } | null = null;

  /** A finished script, 'collecting' while inside one, null for a line that is none of its business. */
  take(line: string): Collected | 'collecting' | null {
    const word = line.trim();
    if (this.open === null) {
      const match = /^(loadscript|loadandrunscript)(?:\s+([A-Za-z_]\w*))?$/.exec(word);
      if (match === null) return null;
      this.open = { name: match[2] ?? '', run: match[1] === 'loadandrunscript', lines: [] };
      return 'collecting';
    }
    if (word !== 'endscript') {
      this.open.lines.push(line);
      return 'collecting';
    }
    const { name, run, lines } = this.open;
    this.open = null;
    return { name, run, text: lines.join('\n') };
  }
}
