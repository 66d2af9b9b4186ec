import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { TspConnection } from '../keithley-2600/tsp-connection.ts';
import type { Mainframe } from './matrix-wiring.ts';
import { channelOf } from './route-script.ts';

/** The other mainframes answer over the TSP-Link, which is down after power-on; joining moves no relay. */
export async function joinMainframes(
  tsp: TspConnection,
  mainframes: readonly Mainframe[],
  signal: AbortSignal,
): Promise<void> {
  if (mainframes.length === 1 || (await linkState(tsp, signal)) === 'online') return;
  await tsp.send(`tsplink.reset(${mainframes.length})\n`, signal);
  const state = await linkState(tsp, signal);
  if (state === 'online') return;
  throw cannotRealise(
    tsp.thing,
    'the TSP-Link between the mainframes is not up',
    state,
    `online, with ${mainframes.length} nodes`,
  );
}

/** TB_BENCH_CANNOT_REALISE where the bench file names a card and the slot is empty. */
export async function checkCards(
  tsp: TspConnection,
  mainframes: readonly Mainframe[],
  signal: AbortSignal,
): Promise<void> {
  for (const [place, { node, cards }] of mainframes.entries()) {
    const owner = place === 0 ? '' : `node[${node}].`;
    for (let slot = 1; slot <= cards; slot++) {
      const card = (await tsp.print(`${owner}slot[${slot}].idn`, signal)).trim();
      if (card !== '' && card !== 'nil' && !/^empty/i.test(card)) continue;
      throw cannotRealise(tsp.thing, `slot ${slot} of mainframe ${node} holds no card`, card, `${cards} matrix cards`);
    }
  }
}

/** Break before make inside each mainframe too, set and read back. */
export async function setBreakBeforeMake(
  tsp: TspConnection,
  nodes: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const channels = nodes.map((node, i) => channelOf(i, node));
  await tsp.send(channels.map((one) => `${one}.connectrule = ${one}.BREAK_BEFORE_MAKE\n`).join(''), signal);
  await tsp.requireNoErrors('setting break before make', signal);
  const is = channels.map((one) => `${one}.connectrule == ${one}.BREAK_BEFORE_MAKE`).join(' and ');
  const answer = (await tsp.print(is, signal)).trim();
  if (answer === 'true') return;
  throw new TunnelbenchError('TB_ROUTE_NOT_CONFIRMED', {
    thing: tsp.thing,
    what: 'the connection rule does not read back',
    value: answer,
    expected: 'break before make on every mainframe',
    remedy: 'Nothing is routed; check the mainframes.',
  });
}

async function linkState(tsp: TspConnection, signal: AbortSignal): Promise<string> {
  return (await tsp.print('tsplink.state', signal)).trim();
}

function cannotRealise(thing: string, what: string, value: string, expected: string): TunnelbenchError {
  return new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing,
    what,
    value: value === '' ? 'nothing' : value,
    expected,
    remedy: 'Check cards, link cable and node numbers, and the mainframes that the bench file names.',
  });
}
