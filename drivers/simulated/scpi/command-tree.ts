import type { ProgramUnit } from './program-message.ts';
import { ScpiError } from './scpi-error.ts';

export type Reply = string | Uint8Array;

/** What a header can do. `suffix` is the number of the keyword that declares one, 1 where it was left out. */
export interface Command {
  set?(parameters: readonly string[], suffix: number): void | Promise<void>;
  query?(parameters: readonly string[], suffix: number): Reply | null | Promise<Reply | null>;
}

interface Segment {
  readonly long: string;
  readonly optional: boolean;
  /** Largest numeric suffix, or null where none is allowed. */
  readonly largestSuffix: number | null;
}

interface Node {
  readonly children: Map<string, Node>;
  readonly parent: Node | null;
  largestSuffix: number | null;
  command: Command | null;
}

/** Where a compound message stands: the branch that the next header without a colon starts from. */
export type HeaderPath = Node;

const SEGMENT = /^([A-Za-z_]+)(?:<(\d+)>)?$/;

/**
 * The headers that an instrument knows, e.g. "[:SOURce<2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]": capitals are the
 * short form, brackets mark nodes that may be left out, <n> a numeric suffix from 1 to n.
 */
export class CommandTree {
  readonly root: HeaderPath = newNode(null);

  add(pattern: string, command: Command): void {
    for (const segments of variants(parsePattern(pattern))) {
      let node = this.root;
      for (const segment of segments) node = enter(node, segment);
      if (node.command !== null) throw new Error(`two commands for ${pattern}`);
      node.command = command;
    }
  }

  /** The command of a header, its suffix, and the path for the unit that follows. */
  find({ keywords, fromRoot }: ProgramUnit, path: HeaderPath): { command: Command; suffix: number; path: HeaderPath } {
    let node = fromRoot ? this.root : path;
    let suffix = 1;
    for (const keyword of keywords) {
      const step = descend(node, keyword);
      if (step === null) throw new ScpiError(-113);
      node = step.node;
      if (step.suffix !== null) suffix = step.suffix;
    }
    if (node.command === null || node.parent === null) throw new ScpiError(-113);
    return { command: node.command, suffix, path: node.parent };
  }
}

function newNode(parent: Node | null): Node {
  return { children: new Map(), parent, largestSuffix: null, command: null };
}

function enter(node: Node, { long, largestSuffix }: Segment): Node {
  const name = long.toUpperCase();
  const known = node.children.get(name);
  if (known !== undefined) return known;
  const child = newNode(node);
  child.largestSuffix = largestSuffix;
  node.children.set(name, child);
  node.children.set(long.replace(/[a-z]/g, ''), child);
  return child;
}

function descend(node: Node, keyword: string): { node: Node; suffix: number | null } | null {
  const plain = node.children.get(keyword);
  if (plain !== undefined) return { node: plain, suffix: null };
  const match = /^(.*?)(\d+)$/.exec(keyword);
  const child = match === null ? undefined : node.children.get(match[1]);
  if (match === null || child === undefined || child.largestSuffix === null) return null;
  const suffix = Number(match[2]);
  if (suffix < 1 || suffix > child.largestSuffix) throw new ScpiError(-114);
  return { node: child, suffix };
}

function parsePattern(pattern: string): Segment[] {
  return Array.from(pattern.matchAll(/(\[)?:([A-Za-z_]+(?:<\d+>)?)\]?/g), ([, bracket, text]) => {
    const match = SEGMENT.exec(text);
    if (match === null) throw new Error(`not a header: ${pattern}`);
    return {
      long: match[1],
      optional: bracket !== undefined,
      largestSuffix: match[2] === undefined ? null : Number(match[2]),
    };
  });
}

/** Every way to write a header, with and without its optional nodes. */
function variants(segments: readonly Segment[]): Segment[][] {
  const [first, ...rest] = segments;
  if (first === undefined) return [[]];
  const tails = variants(rest);
  const long = tails.map((tail) => [first, ...tail]);
  return first.optional ? [...long, ...tails] : long;
}
