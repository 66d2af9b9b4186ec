/** Something that somebody must look at before the run may go on: the bench is powered down, the needles are up. */
export interface Halt {
  readonly reason: string;
  readonly dieOrdinal: number;
  /** How long the run waits for an answer before it ends safely; null: as long as it takes. */
  readonly waitSeconds: number | null;
}
