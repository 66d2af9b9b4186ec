import { TspCommandError } from '../keithley-2600/error-queue.ts';
import type { TspNode } from '../keithley-2600/tsp-node.ts';
import type { MatrixModel } from './matrix-model.ts';

/** Values of channel.connectrule. */
export const CONNECT_RULES = { OFF: 0, BREAK_BEFORE_MAKE: 1, MAKE_BEFORE_BREAK: 2 } as const;

/** One mainframe with its cards: what the firmware has closed. */
export class MatrixNode implements TspNode {
  readonly number: number;
  readonly serial: string;
  readonly model: MatrixModel;
  readonly cards: number;
  readonly sweeping = false;
  connectRule: number = CONNECT_RULES.BREAK_BEFORE_MAKE;
  /** Extra wait of each close, seconds. */
  delaySeconds = 0;
  /** Relays that do not follow; what is read back tells. Set by tests. */
  readonly stuckRelays = new Map<string, 'open' | 'closed'>();
  /** Crosspoints that channel.setforbidden has locked. */
  readonly forbidden = new Set<string>();
  readonly #closed = new Set<string>();
  readonly #moved: () => void;

  constructor(number: number, model: MatrixModel, cards: number, moved: () => void) {
    this.number = number;
    this.serial = `0000017${number}`;
    this.model = model;
    this.cards = cards;
    this.#moved = moved;
  }

  /** What is closed, in the order of the specifiers. */
  get closed(): string[] {
    const stuck = [...this.stuckRelays].filter(([, how]) => how === 'closed').map(([name]) => name);
    const own = [...this.#closed].filter((name) => this.stuckRelays.get(name) !== 'open');
    return [...new Set([...own, ...stuck])].sort();
  }

  open(names: readonly string[]): void {
    for (const name of names) this.#closed.delete(name);
    this.#moved();
  }

  close(names: readonly string[]): void {
    if (names.some((name) => this.forbidden.has(name))) throw new TspCommandError(1114);
    for (const name of names) this.#closed.add(name);
    this.#moved();
  }

  reset(): void {
    this.connectRule = CONNECT_RULES.BREAK_BEFORE_MAKE;
    this.delaySeconds = 0;
    this.forbidden.clear();
    this.open([...this.#closed]);
  }

  idle(): Promise<void> {
    return Promise.resolve();
  }

  trigger(): void {}

  /** Every specifier of a slot, ascending; empty for an empty slot. */
  namesOf(slot: number): string[] {
    const { rowNames, columnsPerCard } = this.model;
    if (slot < 1 || slot > this.cards) return [];
    const columns = Array.from({ length: columnsPerCard }, (_, i) => String(i + 1).padStart(2, '0'));
    return rowNames.flatMap((row) => columns.map((column) => `${slot}${row}${column}`));
  }
}
