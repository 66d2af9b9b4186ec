/** "+1.000000E-04", the form of the Keithley 2400 and Keysight B2900 (NR3). */
export function nr3(value: number, digits = 6): string {
  if (value === Number.POSITIVE_INFINITY) return '+9.900000E+37';
  const [mantissa, exponent] = value.toExponential(digits).split('e');
  return `${value < 0 ? '' : '+'}${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** A number as a program would print it: the Keithley 2450's form ("0.0001", "1e-06" with capital E). */
export function plainNumber(value: number): string {
  return String(value).replace('e', 'E');
}
