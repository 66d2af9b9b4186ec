import { PROBE_VOLTS } from './line-probe.ts';
import type { TestSubject } from './test-subject.ts';

/** A resistor on the probe card between a row line and a column line of the router, often lines the die does not use. */
export interface ReferenceResistor {
  readonly row: number;
  readonly column: number;
  readonly ohms: number;
  /** Largest relative deviation. */
  readonly tolerance: number;
}

/** Measures the reference resistor with all enable lines low; null where the bench file names none. */
export async function measureReference(
  { probe, book }: TestSubject,
  reference: ReferenceResistor | null,
): Promise<number | null> {
  if (reference === null) {
    book.close('referenceResistor', 'notProven', 'the bench file names no reference resistor');
    return null;
  }
  const { row, column, ohms, tolerance } = reference;
  const side = column % 2 === 0 ? 'columnA' : 'columnB';
  await probe.place(null, column % 2 === 0 ? { row, a: column } : { row, b: column });
  const up = await probe.amps({ [side]: PROBE_VOLTS });
  const down = await probe.amps({ row: PROBE_VOLTS });
  const found = (2 * PROBE_VOLTS) / (up[side] - down[side]);
  const text = `${found.toPrecision(5)} Ω for ${ohms} Ω (${(100 * tolerance).toPrecision(2)} % allowed)`;
  if (!(Math.abs(found - ohms) <= tolerance * ohms)) {
    book.add('referenceResistor', 'wrongValue', 'row', [], `the reference resistor reads ${text}`);
  }
  book.close('referenceResistor', 'passed', text);
  return found;
}
