const PREFIXES: readonly [number, string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
  [1e-12, 'p'],
];

/** "17.9 kΩ": `digits` significant digits with an SI prefix. Non-finite values are spelled out. */
export function formatQuantity(value: number, unit: string, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? `– ${unit}` : `${value < 0 ? '−' : ''}∞ ${unit}`;
  if (value === 0) return `0 ${unit}`;
  const magnitude = Math.abs(value);
  const [scale, prefix] = PREFIXES.find(([factor]) => magnitude >= factor * 0.9995) ?? PREFIXES[PREFIXES.length - 1];
  return `${trimmed(value / scale, digits)} ${prefix}${unit}`;
}

/** "8 h 35 min", "2 min 10 s", "4.2 s". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${trimmed(seconds, 3)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

function trimmed(value: number, digits: number): string {
  return Number(value.toPrecision(digits)).toString().replace('-', '−');
}
