import type { LineFault } from './self-test-report.ts';

export interface OrderFault {
  readonly fault: LineFault;
  readonly lines: readonly number[];
  readonly text: string;
}

/** This part of the lines must lead to their mirror image: a few may be open or unreadable. */
const MIRRORED_FRACTION = 0.9;

/**
 * Names what an order of lines is: `leadsTo` says for each line that could be told where it leads, right ones included.
 * One cause is named for lines that belong together: a mirrored connector is one fault, not fifty swapped pairs.
 */
export function orderFaults(noun: string, count: number, leadsTo: ReadonlyMap<number, number>): OrderFault[] {
  const wrong = [...leadsTo].filter(([line, there]) => line !== there);
  if (wrong.length === 0) return [];
  const mirrored = [...leadsTo].filter(([line, there]) => there === count - 1 - line);
  if (count > 2 && mirrored.length >= MIRRORED_FRACTION * leadsTo.size) {
    const text = `the ${noun}s are mirrored: 0 leads to ${count - 1} and so on; a connector sits the wrong way round`;
    return [{ fault: 'mirrored', lines: Array.from({ length: count }, (_, line) => line), text }];
  }
  const faults: OrderFault[] = [];
  const done = new Set<number>();
  for (const [line, there] of wrong) {
    if (done.has(line)) continue;
    done.add(line);
    const back = leadsTo.get(there);
    if (back === line) {
      done.add(there);
      const text = `${noun}s ${Math.min(line, there)} and ${Math.max(line, there)} are exchanged`;
      faults.push({ fault: 'swapped', lines: [line, there], text });
    } else if (back === there) {
      const text = `${noun} ${line} leads to the line of ${noun} ${there}, which leads there too`;
      faults.push({ fault: 'aliased', lines: [line, there], text });
    } else {
      const text = `${noun} ${line} leads to the line of ${noun} ${there}, which ${back === undefined ? 'could not be followed' : `leads to ${back}`}`;
      faults.push({ fault: 'permuted', lines: [line, there], text });
    }
  }
  return faults;
}
