import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredOutcome } from '../in-situ-campaign.ts';
import type { StudyName } from '../studies.ts';
import { drawStudy } from './draw-study.ts';
import { FURTHER_POINTS, gapPoints, type StudyPoint, studyPoints } from './study-points.ts';

/**
 * Writes `in-situ-<study>.csv`, `.svg` and `.png` into the folder, for MNIST the paired gaps to the real-valued network as well; returns
 * the points and the paths.
 */
export function writeStudy(
  folder: string,
  study: StudyName,
  outcomes: readonly StoredOutcome[],
  subtitle: string,
): { readonly points: readonly StudyPoint[]; readonly files: readonly string[] } {
  const points = studyPoints(study, outcomes);
  mkdirSync(folder, { recursive: true });
  const contents = picture('', study, points, subtitle);
  if (study === 'mnist') contents.push(['-gaps.csv', csv(gapPoints(outcomes))]);
  for (const [what, pointsOf] of Object.entries(FURTHER_POINTS[study] ?? {})) {
    contents.push(...picture(`-${what}`, `${study}-${what}`, pointsOf(outcomes), subtitle));
  }
  const files = contents.map(([ending, content]) => {
    const file = join(folder, `in-situ-${study}${ending}`);
    writeFileSync(file, content);
    return file;
  });
  return { points, files };
}

function picture(
  ending: string,
  name: string,
  points: readonly StudyPoint[],
  subtitle: string,
): [string, string | Uint8Array][] {
  const { svg, png } = drawStudy(name, points, subtitle);
  return [
    [`${ending}.csv`, csv(points)],
    [`${ending}.svg`, svg],
    [`${ending}.png`, png],
  ];
}

const COLUMNS = [
  'series',
  'x',
  'count',
  'mean',
  'low',
  'high',
  'steps',
  'pulses',
  'joules',
  'disturbPerExposure',
] as const;

function csv(points: readonly StudyPoint[]): string {
  const lines = points.map((point) => COLUMNS.map((name) => cell(point[name])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

const cell = (value: string | number): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(8))) : `"${value}"`;
