import type { MatrixPoint } from './matrix-wiring.ts';

/**
 * One chunk of TSP that opens what is to open on every mainframe, only then closes what is to close, waits, and prints
 * what is closed. Nothing closes when something was refused before. The last line comes twice, because it carries no
 * checksum: "TBROUTE <token> <errors> <list of the first mainframe> <list of the second> …", fields by TAB.
 */
export function routeScript(
  nodes: readonly number[],
  token: number,
  open: readonly MatrixPoint[] | 'all',
  close: readonly MatrixPoint[],
  settleSeconds: number,
): string {
  const onEach = (verb: 'open' | 'close', points: readonly MatrixPoint[]) =>
    nodes.flatMap((node, i) => {
      const names = points.filter((point) => point.node === node).map(({ name }) => name);
      return names.length === 0 ? [] : [`${channelOf(i, node)}.${verb}("${names.join(',')}")`];
    });
  const opens =
    open === 'all' ? nodes.map((node, i) => `${channelOf(i, node)}.open("allslots")`) : onEach('open', open);
  return [
    'do',
    ...opens,
    'waitcomplete()',
    'if errorqueue.count == 0 then',
    ...onEach('close', close),
    'waitcomplete()',
    'end',
    `delay(${settleSeconds})`,
    closedScript(nodes, token),
    'end',
  ].join(' ');
}

/** Prints what is closed, twice. */
export function closedScript(nodes: readonly number[], token: number): string {
  const lists = nodes.map((node, i) => `tostring(${channelOf(i, node)}.getclose("allslots"))`);
  const print = `print(string.format("TBROUTE %s %d", "${token}", errorqueue.count), ${lists.join(', ')})`;
  return `${print} ${print}`;
}

export interface RouteReply {
  readonly token: string;
  readonly errors: number;
  readonly closed: readonly MatrixPoint[];
}

/** "nil" stands for nothing closed; names are separated by semicolons. Null when the line has another form. */
export function parseRouteReply(nodes: readonly number[], line: string): RouteReply | null {
  const [head, ...lists] = line.split('\t');
  const parsed = /^TBROUTE (\d{1,10}) (\d{1,4})$/.exec(head);
  if (!parsed || lists.length !== nodes.length) return null;
  const closed: MatrixPoint[] = [];
  for (const [i, list] of lists.entries()) {
    const text = list.trim();
    if (text === 'nil') continue;
    if (!/^[0-9A-Z]{4,5}(;[0-9A-Z]{4,5})*$/.test(text)) return null;
    closed.push(...text.split(';').map((name) => ({ node: nodes[i], name })));
  }
  return { token: parsed[1], errors: Number(parsed[2]), closed };
}

/** The first mainframe has the client: its own channels need no node. */
export function channelOf(place: number, node: number): string {
  return place === 0 ? 'channel' : `node[${node}].channel`;
}
