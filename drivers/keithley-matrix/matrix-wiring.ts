import type { Crosspoint, RouteChannel } from '../capabilities.ts';
import type { MatrixFamily } from './matrix-family.ts';

/** One mainframe on the TSP-Link with its matrix cards, which fill the slots from 1 on. */
export interface Mainframe {
  readonly node: number;
  readonly cards: number;
}

/**
 * How a bench is wired to its matrix. The rows of all cards are joined and lead to the source channels; the columns lead
 * to the probe card: first all row lines, then all column lines, over the cards and mainframes in their order.
 */
export interface MatrixWiring {
  readonly mainframes: readonly Mainframe[];
  readonly columnsPerCard: number;
  readonly lines: { readonly rows: number; readonly columns: number };
  /** Row of the cards on which each source channel lies. */
  readonly channels: Readonly<Partial<Record<RouteChannel, string>>>;
}

/** A crosspoint as the instrument names it, on one of its mainframes. */
export interface MatrixPoint {
  readonly node: number;
  readonly name: string;
}

/** Why the cards do not suffice for the lines, with the arithmetic; null when they do. */
export function wiringProblem(
  family: MatrixFamily,
  { mainframes, columnsPerCard, lines }: MatrixWiring,
): string | null {
  const wanted = lines.rows + lines.columns;
  const cards = mainframes.reduce((sum, mainframe) => sum + mainframe.cards, 0);
  if (wanted <= cards * columnsPerCard) return null;
  const needed = Math.ceil(wanted / columnsPerCard);
  return (
    `${lines.rows} row lines and ${lines.columns} column lines need ${needed} cards of ${columnsPerCard} columns, ` +
    `that is ${Math.ceil(needed / family.slots)} mainframes of ${family.slots} slots; ` +
    `${cards} cards in ${mainframes.length} mainframes are named`
  );
}

/** Whether a crosspoint exists under this wiring. */
export function hasCrosspoint({ lines, channels }: MatrixWiring, { kind, index, channel }: Crosspoint): boolean {
  const count = kind === 'row' ? lines.rows : lines.columns;
  return channels[channel] !== undefined && Number.isInteger(index) && index >= 0 && index < count;
}

/** The instrument's name of a crosspoint that exists. */
export function matrixPoint(wiring: MatrixWiring, { kind, index, channel }: Crosspoint): MatrixPoint {
  const { mainframes, columnsPerCard, lines, channels } = wiring;
  let column = kind === 'row' ? index : lines.rows + index;
  for (const { node, cards } of mainframes) {
    if (column >= cards * columnsPerCard) {
      column -= cards * columnsPerCard;
      continue;
    }
    const slot = Math.floor(column / columnsPerCard) + 1;
    const number = String((column % columnsPerCard) + 1).padStart(2, '0');
    return { node, name: `${slot}${channels[channel]}${number}` };
  }
  throw new RangeError(`${kind} ${index} lies beyond the cards`);
}

/** The crosspoint behind an instrument's name; null where no line or no channel lies there. */
export function crosspointAt(wiring: MatrixWiring, { node, name }: MatrixPoint): Crosspoint | null {
  const { mainframes, columnsPerCard, lines, channels } = wiring;
  const parsed = /^([1-9])([A-Z]|\d)(\d\d)$/.exec(name);
  const place = mainframes.findIndex((mainframe) => mainframe.node === node);
  if (!parsed || place === -1) return null;
  const [, slot, row, number] = parsed;
  const channel = (Object.keys(channels) as RouteChannel[]).find((one) => channels[one] === row);
  const inCard = Number(number) - 1;
  if (channel === undefined || inCard < 0 || inCard >= columnsPerCard || Number(slot) > mainframes[place].cards) {
    return null;
  }
  const before = mainframes.slice(0, place).reduce((sum, { cards }) => sum + cards, 0);
  const column = (before + Number(slot) - 1) * columnsPerCard + inCard;
  if (column < lines.rows) return { kind: 'row', index: column, channel };
  const index = column - lines.rows;
  return index < lines.columns ? { kind: 'column', index, channel } : null;
}
