import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { readRealBlock } from '../framing/block.ts';
import { readLine } from '../transport/link.ts';
import type { TspConnection } from './tsp-connection.ts';

/** The row's instrument answers over the TSP-Link, which is down after power-on; joining changes no channel. */
export async function joinNodes(tsp: TspConnection, signal: AbortSignal): Promise<void> {
  if ((await tsp.print('tsplink.state', signal)).trim() === 'online') return;
  await tsp.send('tsplink.reset(2)\n', signal);
  const state = (await tsp.print('tsplink.state', signal)).trim();
  if (state === 'online') return;
  throw new TunnelbenchError('TB_BENCH_CANNOT_REALISE', {
    thing: tsp.thing,
    what: 'the TSP-Link between the two instruments is not up',
    value: state,
    expected: 'online, with two nodes',
    remedy: 'Check the link cable and that the node numbers of the two instruments differ.',
  });
}

/** Binary read-out, set, read back, and proved with two known numbers: a wrong byte order can never reach the data. */
export async function setBinaryFormat(tsp: TspConnection, signal: AbortSignal): Promise<void> {
  const known = [1.5, -2.25];
  await tsp.link.exchange(async (wire) => {
    const lines =
      'format.data = format.REAL32\nformat.byteorder = format.LITTLEENDIAN\n' +
      'print(format.data == format.REAL32 and format.byteorder == format.LITTLEENDIAN)\n' +
      `printnumber(${known.join(', ')})\n`;
    await wire.write(Buffer.from(lines, 'latin1'), signal);
    const wait = { awaited: 'the data format read back', timeoutSeconds: 10, signal };
    const set = (await readLine(wire, wait)).trim();
    const values = await readRealBlock(tsp.thing, wire, { rows: 1, columns: known.length }, wait);
    if (set !== 'true' || values.some((value, i) => value !== known[i])) {
      throw tsp.malformed('the data format', `${set} ${values.join(' ')}`, `true ${known.join(' ')}`);
    }
  }, signal);
}
