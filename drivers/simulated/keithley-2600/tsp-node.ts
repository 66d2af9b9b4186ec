/** One instrument on a TSP-Link, as the script processor sees it. */
export interface TspNode {
  readonly number: number;
  readonly serial: string;
  /** Something that it was told runs on behind the script. */
  readonly sweeping: boolean;
  /** localnode.reset(). */
  reset(): void;
  /** Resolves when nothing runs behind the script. */
  idle(): Promise<void>;
  /** *TRG. */
  trigger(): void;
}
