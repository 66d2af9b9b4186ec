/** Sign of the junction voltage, column minus row. */
export type Polarity = 'positive' | 'negative';

/** Part of a voltage list that one polarity of the route can run. */
export interface PolarityPart {
  readonly polarity: Polarity;
  /** Junction voltages, signed. */
  readonly volts: readonly number[];
  /** Place of each of them in the list. */
  readonly places: readonly number[];
}

/** Up to here a list leaves every magnetic state alone, so that the order of its points does not matter. */
const LOW_BIAS_VOLTS = 0.05;

/**
 * Cuts a voltage list where its sign changes: a source with one channel reverses the junction by exchanging its two
 * terminals, which takes a relay. A list at low bias is sorted by sign, the present polarity first; any other keeps its
 * order. Points at 0 V go with their neighbours.
 */
export function polarityParts(volts: readonly number[], present: Polarity): PolarityPart[] {
  const places = volts.map((_, place) => place);
  const part = (polarity: Polarity, own: readonly number[]): PolarityPart[] =>
    own.length === 0 ? [] : [{ polarity, volts: own.map((place) => volts[place]), places: own }];
  if (volts.every((level) => Math.abs(level) <= LOW_BIAS_VOLTS)) {
    const stays = (level: number) => level === 0 || signOf(level) === present;
    return [
      ...part(
        present,
        places.filter((place) => stays(volts[place])),
      ),
      ...part(
        opposite(present),
        places.filter((place) => !stays(volts[place])),
      ),
    ];
  }
  const parts: PolarityPart[] = [];
  let polarity = signOf(volts.find((level) => level !== 0) ?? 0);
  let start = 0;
  for (const place of places) {
    if (volts[place] === 0 || signOf(volts[place]) === polarity) continue;
    parts.push(...part(polarity, places.slice(start, place)));
    polarity = opposite(polarity);
    start = place;
  }
  return [...parts, ...part(polarity, places.slice(start))];
}

/** How the polarity changes over lists that run one after the other: their parts, and the exchanges between these. */
export function polarityCourse(
  lists: readonly (readonly number[])[],
  start: Polarity,
): { readonly parts: number; readonly exchanges: number } {
  let present = start;
  let [parts, exchanges] = [0, 0];
  for (const volts of lists) {
    for (const { polarity } of polarityParts(volts, present)) {
      parts += 1;
      if (polarity === present) continue;
      exchanges += 1;
      present = polarity;
    }
  }
  return { parts, exchanges };
}

export function opposite(polarity: Polarity): Polarity {
  return polarity === 'positive' ? 'negative' : 'positive';
}

function signOf(level: number): Polarity {
  return level < 0 ? 'negative' : 'positive';
}
