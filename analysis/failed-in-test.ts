/** Conductances of one sweep in the order they were measured, siemens; null where a stage gave none. */
export interface ConductanceStages {
  readonly preRead: number | null;
  readonly loopStart: number | null;
  readonly afterToP: number | null;
  readonly end: number | null;
}

/**
 * No magnetic change reaches this ratio: it would be a TMR of 200 %. Used where the P level of the cell is not known
 * because it was not seen before the break.
 */
const BEYOND_ANY_TMR = 3;
/** With both magnetic levels known, a conductance this much above the higher one is damage (drift is below 1 %). */
const ABOVE_KNOWN_LEVEL = 1.5;

/**
 * True when the junction broke while it was being swept: a conductance appears that none of its magnetic states has,
 * and it stays to the end. A break early (initialising half-cycle, first half) is judged against the pre-read and the
 * start of the loop, a later one also against the P level of the first half.
 */
export function failedInTest(stages: ConductanceStages, openBelowSiemens: number): boolean {
  const { preRead, loopStart, afterToP, end } = stages;
  if (preRead === null || end === null) return false;
  // An open route that closes is a contact that improved, not a junction that broke.
  if (preRead < openBelowSiemens) return false;
  if (end > BEYOND_ANY_TMR * preRead) return true;
  const early = [preRead];
  for (const stage of [loopStart, afterToP]) {
    if (stage !== null && stage <= BEYOND_ANY_TMR * preRead) early.push(stage);
  }
  return early.length === 3 && end > ABOVE_KNOWN_LEVEL * Math.max(...early);
}
