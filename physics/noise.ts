/** Current noise of a junction. Spectral densities one-sided; an integration over T seconds has the bandwidth 1/(2T). */

const BOLTZMANN = 1.380649e-23;
const ELEMENTARY_CHARGE = 1.602176634e-19;

/** √(4 k_B T / R), A/√Hz. */
export function johnsonAmpsPerRootHertz(ohms: number, kelvin: number): number {
  return Math.sqrt((4 * BOLTZMANN * kelvin) / ohms);
}

/**
 * √(2 e I coth(eV / 2 k_B T)), A/√Hz: shot noise that passes into Johnson noise at low bias, so the two must not be
 * added. At 0 V the limit √(4 k_B T · I/V) needs the resistance.
 */
export function shotAmpsPerRootHertz(amps: number, volts: number, kelvin: number): number {
  const x = (ELEMENTARY_CHARGE * Math.abs(volts)) / (2 * BOLTZMANN * kelvin);
  return Math.sqrt((2 * ELEMENTARY_CHARGE * Math.abs(amps)) / Math.tanh(x));
}

/**
 * rms of 1/f noise of the current, amperes, between 1/(observation) and 1/(2 · integration):
 * S_V = α V² / (A f), with α (Hooge-like) in m² and A the junction area in m²; S_I / I² = S_V / V².
 */
export function flickerAmps(
  amps: number,
  hoogeSquareMetres: number,
  areaSquareMetres: number,
  integrationSeconds: number,
  observationSeconds: number,
): number {
  const decades = Math.log(Math.max(1, observationSeconds / (2 * integrationSeconds)));
  return Math.abs(amps) * Math.sqrt((hoogeSquareMetres / areaSquareMetres) * decades);
}

export interface JunctionNoise {
  readonly kelvin: number;
  /** α of the 1/f law, m². 1e-9 µm² = 1e-21 m². */
  readonly hoogeSquareMetres: number;
  readonly areaSquareMetres: number;
  /** Time over which slow noise is not told from signal: about a sweep. */
  readonly observationSeconds: number;
}

/** 70 nm junction at 25 °C, α = 1e-9 µm². */
export const DEFAULT_JUNCTION_NOISE: JunctionNoise = {
  kelvin: 298.15,
  hoogeSquareMetres: 1e-21,
  areaSquareMetres: 3.85e-15,
  observationSeconds: 0.05,
};

/** rms of one reading of a junction's current, amperes: shot (with Johnson in it) and 1/f noise. */
export function readingNoiseAmps(
  volts: number,
  amps: number,
  integrationSeconds: number,
  noise: JunctionNoise = DEFAULT_JUNCTION_NOISE,
): number {
  if (volts === 0 || amps === 0) return 0;
  const shot = shotAmpsPerRootHertz(amps, volts, noise.kelvin) / Math.sqrt(2 * integrationSeconds);
  const { hoogeSquareMetres, areaSquareMetres, observationSeconds } = noise;
  const slow = flickerAmps(amps, hoogeSquareMetres, areaSquareMetres, integrationSeconds, observationSeconds);
  return Math.hypot(shot, slow);
}

/**
 * Random telegraph noise: whether the junction sits in its second level. The level is drawn afresh every `τ`, so its
 * correlation falls linearly to nothing over τ (a random binary wave); `draw` gives a uniform number for a slot.
 */
export function telegraphLevel(seconds: number, tauSeconds: number, draw: (slot: number) => number): boolean {
  return draw(Math.floor(seconds / tauSeconds)) < 0.5;
}
