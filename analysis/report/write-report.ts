import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { WaferReader } from '../../db/wafer-reader.ts';
import { type DieSite, dieLabel } from '../../wafer/die.ts';
import { cellCount } from '../../wafer/geometry.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';
import { type MeasuredDie, waferStatistics } from '../wafer-statistics.ts';
import { type DieFacts, dieFacts } from './die-facts.ts';
import { diePage, type PageLinks, type ShownLoop } from './die-page.ts';
import { time } from './numbers.ts';
import { representativeCells } from './representative-cells.ts';
import { type WaferFacts, waferPage } from './wafer-page.ts';

const WAFER_FILE = 'wafer.html';

export interface ReportOptions {
  readonly softwareVersion: string;
  /** When the report is made; now when left out. */
  readonly madeAt?: Date;
  readonly onPage?: (file: string) => void;
}

export interface WrittenReport {
  readonly wafer: string;
  readonly dies: readonly string[];
}

/**
 * Writes one self-contained HTML page per measured die and a wafer page into `folder` (made if missing). Pages are
 * written under another name and renamed, one die in memory at a time. TB_ANALYSIS_NO_DATA when no die was measured.
 */
export async function writeReport(reader: WaferReader, folder: string, options: ReportOptions): Promise<WrittenReport> {
  const dies = measuredDies(reader);
  const madeAt = options.madeAt ?? new Date();
  const footer = `${basename(reader.file)} · tunnelbench ${options.softwareVersion} · report made ${time(madeAt.getTime())}`;
  await mkdir(folder, { recursive: true });
  const measured: MeasuredDie[] = [];
  const files: string[] = [];
  let latest: DieFacts | null = null;
  let firstPass = 0;
  for (const [i, die] of dies.entries()) {
    const facts = dieFacts(reader, die.ordinal);
    const links = linksOf(dies[i - 1], dies[i + 1]);
    files.push(await writePage(folder, pageName(die), diePage(facts, shownLoops(reader, facts), links, footer)));
    options.onPage?.(files[i]);
    measured.push({ die, statistics: facts.statistics });
    firstPass += facts.cells.filter(({ firstClass }) => firstClass === 'healthy').length;
    latest = facts;
  }
  if (latest === null) throw noData(reader);
  const page = waferPage(waferFacts(reader, latest, measured, firstPass), footer);
  const wafer = await writePage(folder, WAFER_FILE, page);
  options.onPage?.(wafer);
  return { wafer, dies: files };
}

function measuredDies(reader: WaferReader): DieSite[] {
  const measured = new Set(reader.yields().flatMap((die) => (die.measured > 0 ? [die.dieOrdinal] : [])));
  const dies = reader.wafer().dies.filter(({ ordinal }) => measured.has(ordinal));
  if (dies.length === 0) throw noData(reader);
  return dies;
}

function noData(reader: WaferReader): TunnelbenchError {
  return new TunnelbenchError('TB_ANALYSIS_NO_DATA', {
    thing: reader.file,
    what: 'no die of the wafer has a measured cell',
    remedy: 'Measure the wafer first: "tunnelbench measure --help".',
  });
}

function shownLoops(reader: WaferReader, { die, cells }: DieFacts): ShownLoop[] {
  return representativeCells(cells).flatMap((cell) => {
    const sweep = reader.sweepOf(die.ordinal, cell.cell);
    return sweep === null ? [] : [{ cell, sweep }];
  });
}

function waferFacts(reader: WaferReader, latest: DieFacts, dies: MeasuredDie[], firstPass: number): WaferFacts {
  const wafer = reader.wafer();
  return {
    wafer,
    sessions: reader.sessions(),
    recipe: latest.plan.recipe.name,
    planSha256: latest.plan.planSha256,
    benchName: latest.plan.benchName,
    thresholds: latest.thresholds,
    dies,
    map: wafer.dies.map((die) => {
      const measured = dies.find((entry) => entry.die.ordinal === die.ordinal) ?? null;
      return { die, measured, file: measured === null ? null : pageName(die) };
    }),
    statistics: waferStatistics(dies, wafer.dies, cellCount(wafer.geometry)),
    firstPass,
    simulated: latest.simulated,
  };
}

function linksOf(previous: DieSite | undefined, next: DieSite | undefined): PageLinks {
  const link = (die: DieSite | undefined) => (die === undefined ? null : { file: pageName(die), label: dieLabel(die) });
  return { wafer: WAFER_FILE, previous: link(previous), next: link(next) };
}

function pageName({ ordinal, x, y }: DieSite): string {
  return `die-${String(ordinal).padStart(2, '0')}-x${x}-y${y}.html`;
}

async function writePage(folder: string, name: string, html: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(`${file}.part`, html);
  await rename(`${file}.part`, file);
  return file;
}
