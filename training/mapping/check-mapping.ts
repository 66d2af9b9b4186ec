import type { CrossbarGeometry } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import type { NetworkShape } from '../network-shape.ts';
import type { Mapping } from './mapping.ts';

/** Column pairs of a crossbar: a pair is two adjacent columns; a last odd column stays unused. */
export function pairCount({ columns }: CrossbarGeometry): number {
  return Math.floor(columns / 2);
}

/**
 * Throws TB_MAPPING_INVALID with the arithmetic when a network of this shape has no room in the crossbar. Layer 1 needs
 * a row an input and a pair a hidden unit; layer 2 a row a hidden unit and a pair an output; the pairs are shared out
 * between the layers, the rows are used by both.
 */
export function checkFit(shape: NetworkShape, geometry: CrossbarGeometry): void {
  const { inputs, hidden, outputs } = shape;
  const pairs = pairCount(geometry);
  const rowsNeeded = Math.max(inputs, hidden);
  const fits = [inputs, hidden, outputs].every((n) => Number.isInteger(n) && n >= 1);
  if (fits && rowsNeeded <= geometry.rows && hidden + outputs <= pairs) return;
  fail(
    'the network does not fit the crossbar',
    `${inputs}-${hidden}-${outputs} needs max(${inputs}, ${hidden}) = ${rowsNeeded} rows and ` +
      `${hidden} + ${outputs} = ${hidden + outputs} column pairs`,
    `at most ${geometry.rows} rows and ${geometry.columns} / 2 = ${pairs} pairs`,
  );
}

/** Returns the mapping, or throws TB_MAPPING_INVALID saying which line is wrong and why. */
export function checkMapping(mapping: Mapping, shape: NetworkShape, geometry: CrossbarGeometry): Mapping {
  checkFit(shape, geometry);
  const pairs = pairCount(geometry);
  checkLines('inputRows', mapping.inputRows, shape.inputs, 'row', geometry.rows);
  checkLines('hiddenPairs', mapping.hiddenPairs, shape.hidden, 'pair', pairs);
  checkLines('hiddenRows', mapping.hiddenRows, shape.hidden, 'row', geometry.rows);
  checkLines('outputPairs', mapping.outputPairs, shape.outputs, 'pair', pairs);
  const shared = mapping.outputPairs.find((pair) => mapping.hiddenPairs.includes(pair));
  if (shared !== undefined) {
    fail(
      `pair ${shared} carries a hidden unit and an output`,
      `hidden unit ${mapping.hiddenPairs.indexOf(shared)} and output ${mapping.outputPairs.indexOf(shared)}`,
      'one unit a pair',
    );
  }
  checkSigns('hiddenPairSigns', mapping.hiddenPairSigns, shape.hidden);
  checkSigns('outputPairSigns', mapping.outputPairSigns, shape.outputs);
  return mapping;
}

function checkLines(name: string, lines: readonly number[], count: number, kind: string, available: number): void {
  if (lines.length !== count) fail(`${name} has the wrong length`, `${lines.length}`, `${count}`);
  const user = new Map<number, number>();
  lines.forEach((line, unit) => {
    if (!Number.isInteger(line) || line < 0 || line >= available) {
      fail(`${name}[${unit}] is no ${kind} of this crossbar`, `${line}`, `a whole number from 0 to ${available - 1}`);
    }
    const other = user.get(line);
    if (other !== undefined) fail(`${name} uses ${kind} ${line} twice`, `units ${other} and ${unit}`, 'once each');
    user.set(line, unit);
  });
}

function checkSigns(name: string, signs: readonly number[], count: number): void {
  if (signs.length !== count) fail(`${name} has the wrong length`, `${signs.length}`, `${count}`);
  const wrong = signs.findIndex((sign) => sign !== 1 && sign !== -1);
  if (wrong !== -1) fail(`${name}[${wrong}] is no sign`, `${signs[wrong]}`, '1 or -1');
}

function fail(what: string, value: string, expected: string): never {
  const remedy = 'Choose a network that fits, or correct the mapping.';
  throw new TunnelbenchError('TB_MAPPING_INVALID', { thing: 'mapping', what, value, expected, remedy });
}
