import type { CellClass } from '../../wafer/cell-class.ts';

/**
 * Colours of the classes, the same in every map, legend and figure. After Okabe and Ito's palette for colour-blind
 * readers, ordered so that lightness alone tells them apart in print: a healthy die is nearly paper, a short is black.
 */
export const CLASS_COLOURS: Readonly<Record<CellClass, string>> = {
  healthy: '#dde5ea',
  weak: '#e69f00',
  subpar: '#d55e00',
  shorted: '#111111',
  stuck: '#004f86',
  open: '#2f9ac4',
  undetermined: '#e8aecd',
  unmeasured: '#ffffff',
};

/** Line colour of a class in a figure: as above, but healthy must be seen against paper. */
export const CLASS_INKS: Readonly<Record<CellClass, string>> = {
  ...CLASS_COLOURS,
  healthy: '#4b6472',
  unmeasured: '#8a949b',
};

/** The two magnetic states, and the two polarities. */
export const STATE_COLOURS = { P: '#0072b2', AP: '#b5531a' } as const;

export const INK = '#1c2429';
export const MUTED = '#5d6a72';
export const RULE = '#c9d1d6';
export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
